"""The envelope of a call: what was sent, unpacked and taken apart as far as the items.

Items stay raw bytes here, so that the edge costs little and every byte of the properties is kept
as given. msgspec checks the syntax of what it skips; what JSON allows and PostgreSQL's jsonb cannot
hold is looked for by `validation`.
"""

import json
import math
import re
import zlib
from typing import Any, cast

import msgspec

from profiles.calls import reasons
from profiles.calls.limits import MAX_BATCH_ITEMS, MAX_BODY_BYTES

GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW = 31
MAX_MEMBERS = 64
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class CallRefused(Exception):
    """A whole call is refused: HTTP status, a code for programs, and the reason in words."""

    def __init__(self, status: int, code: str, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.path = status, code, message, path


class Envelope(msgspec.Struct, rename="camel"):
    """The top of a batch."""

    batch: list[msgspec.Raw]
    write_key: str | None = None
    sent_at: Any = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None


class KeyOnly(msgspec.Struct, rename="camel"):
    """What is read of a single call before its validation."""

    write_key: Any = None


_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_key = msgspec.json.Decoder(KeyOnly).decode


class BadItem(msgspec.Struct):
    """An item that is JSON only to a lenient reader (NaN, half a surrogate pair)."""

    reason: str
    body: str


Item = msgspec.Raw | BadItem


def unpack(body: bytes, encoding: str) -> bytes:
    """The plain body, gunzipped where it is gzip, whatever the header says.

    Raises CallRefused 413 past the limit (and unpacks no further), 400 where it is no gzip.
    """
    if not body.startswith(GZIP_MAGIC):
        if encoding not in ("", "identity", "gzip"):
            raise CallRefused(
                400, "unsupported_encoding", f"Content-Encoding {encoding!r} is unknown"
            )
        if encoding == "gzip" and body:
            raise CallRefused(400, "invalid_gzip", "the body is not gzip as its header says")
        plain = body
    else:
        plain = _gunzip(body)
    if len(plain) > MAX_BODY_BYTES:
        raise CallRefused(
            413, "body_too_large", f"the body is over {MAX_BODY_BYTES // 1024} KB unpacked"
        )
    return plain


def _gunzip(body: bytes) -> bytes:
    parts, left, size = [], body, 0
    for _ in range(MAX_MEMBERS):
        unpacker = zlib.decompressobj(GZIP_WINDOW)
        try:
            part = unpacker.decompress(left, MAX_BODY_BYTES + 1 - size)
        except zlib.error as error:
            raise CallRefused(400, "invalid_gzip", "the body is no readable gzip") from error
        parts.append(part)
        size += len(part)
        if size > MAX_BODY_BYTES:
            break
        if not unpacker.eof:
            raise CallRefused(400, "invalid_gzip", "the gzip body ends too early")
        left = unpacker.unused_data
        if not left.startswith(GZIP_MAGIC):
            break
    return b"".join(parts)


def read_batch(body: bytes) -> tuple[Envelope, list[Item]]:
    """Envelope and items of a batch body. Raises CallRefused 400 where it is unreadable, 413."""
    _require_utf8(body)
    try:
        envelope = _decode_envelope(body)
    except msgspec.ValidationError as error:
        raise CallRefused(400, "invalid_envelope", _words(error)) from error
    except msgspec.DecodeError as error:
        return _read_leniently(body, error)
    except RecursionError as error:
        raise CallRefused(400, "too_deep", reasons.BODY_TOO_DEEP) from error
    _require_few(envelope.batch)
    return envelope, cast(list[Item], envelope.batch)


def read_single(body: bytes) -> tuple[msgspec.Raw, str | None]:
    """The one item of a call, and the write key in it. Raises CallRefused 400."""
    _require_utf8(body)
    try:
        key = _decode_key(body).write_key
    except msgspec.ValidationError as error:
        raise CallRefused(400, "invalid_message", reasons.NO_CALL) from error
    except msgspec.DecodeError as error:
        raise CallRefused(400, "invalid_json", reasons.BODY_NOT_JSON % {"why": error}) from error
    except RecursionError as error:
        raise CallRefused(400, "too_deep", reasons.BODY_TOO_DEEP) from error
    return msgspec.Raw(body.strip()), key if isinstance(key, str) else None


def _require_few(items: list[Any]) -> None:
    """What each item costs is paid before anybody is told that it is none."""
    if len(items) > MAX_BATCH_ITEMS:
        words = reasons.TOO_MANY % {"most": MAX_BATCH_ITEMS, "n": len(items)}
        raise CallRefused(413, "too_many_messages", words, path="batch")


def _require_utf8(body: bytes) -> None:
    if body.startswith(b"\xef\xbb\xbf"):
        raise CallRefused(400, "byte_order_mark", reasons.BODY_MARKED)
    try:
        body.decode()
    except UnicodeDecodeError as error:
        words = reasons.BODY_NOT_UTF8 % {"n": error.start}
        raise CallRefused(400, "invalid_utf8", words) from None


def _read_leniently(body: bytes, error: msgspec.DecodeError) -> tuple[Envelope, list[Item]]:
    """A second try for clients whose JSON writer lets NaN or half a surrogate pair through.

    Python's own json reads exactly these and nothing else that is no JSON. The items that hold
    them are refused, the others are kept; where even the items are no objects the body is refused.
    """
    unreadable = CallRefused(400, "invalid_json", reasons.BODY_NOT_JSON % {"why": error})
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise unreadable from error
    if not isinstance(data, dict) or not isinstance(data.get("batch"), list):
        raise unreadable
    _require_few(data["batch"])
    items: list[Item] = []
    for item in data.pop("batch"):
        try:
            reason = _unholdable(item)
            if reason and not isinstance(item, dict):
                raise unreadable
            items.append(
                BadItem(reason, json.dumps(item)) if reason else msgspec.Raw(_encode(item))
            )
        except RecursionError:
            raise unreadable from error
    if _unholdable(data):
        raise unreadable
    try:
        return msgspec.convert({**data, "batch": []}, Envelope), items
    except msgspec.ValidationError as wrong:
        raise CallRefused(400, "invalid_envelope", _words(wrong)) from wrong


def _encode(item: Any) -> bytes:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()


def _unholdable(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isfinite(value) else reasons.NO_NUMBER
    if isinstance(value, str):
        return reasons.HALF_PAIR if LONE_SURROGATE.search(value) else ""
    if isinstance(value, dict):
        return next(filter(None, map(_unholdable, [*value, *value.values()])), "")
    if isinstance(value, list):
        return next(filter(None, map(_unholdable, value)), "")
    return ""


def _words(error: msgspec.ValidationError) -> str:
    return str(error).replace("`$.", "`").replace("`$`", "the body")

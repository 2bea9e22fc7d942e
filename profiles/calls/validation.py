"""Is one message fit to be kept? Answers with path, code and reason; changes nothing."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from profiles.calls import limits, reasons
from profiles.calls.messages import TYPES, Call, decode_call

# What may be in an item though jsonb cannot hold it, or no reader agrees about it: found cheaply
# here, looked at closely only where found (these may also stand in a text, escaped or not).
# A run of digits is looked at from its beginning alone: else each 299 of them are read 299 times.
SUSPICIOUS = re.compile(rb"\\u0000|\\u[dD][89abAB]|[eE][+-]?[0-9]{3}|(?<![0-9])[0-9]{300}")
ID_FIELDS = (
    ("userId", "user_id"),
    ("anonymousId", "anonymous_id"),
    ("previousId", "previous_id"),
    ("groupId", "group_id"),
)
TIMES = (("timestamp", "timestamp"), ("originalTimestamp", "original_timestamp"))


class CallProblem(msgspec.Struct, frozen=True):
    """Why a message is refused."""

    code: str
    path: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """As rejections keep it and the API answers it."""
        return {"path": self.path, "code": self.code, "message": self.message}


class Invalid(Exception):
    """Raised by the checks below."""

    def __init__(self, code: str, path: str, message: str) -> None:
        super().__init__(message)
        self.problem = CallProblem(code, path, message)


def parse_time(text: str) -> datetime:
    """An ISO 8601 time, aware, in UTC; one without zone is taken as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


def check(raw: msgspec.Raw, kind: str = "") -> tuple[Call | None, CallProblem | None]:
    """The message decoded, or the first problem with it. `kind`: the type that the path says."""
    body = memoryview(raw)
    try:
        if len(body) > limits.MAX_ITEM_BYTES:
            raise Invalid("too_large", "", reasons.TOO_LARGE)
        data = bytes(body)
        if not data.startswith(b"{"):
            raise Invalid("not_an_object", "", reasons.NO_MESSAGE)
        _check_holdable(data)
        call = _decode(raw)
        _check_call(call, kind or call.type or "")
    except Invalid as error:
        return None, error.problem
    except RecursionError:
        return None, CallProblem("too_deep", "", reasons.TOO_DEEP)
    return call, None


def _decode(raw: msgspec.Raw) -> Call:
    try:
        return decode_call(raw)
    except msgspec.ValidationError as error:
        message, _, path = str(error).rpartition(" - at `$")
        raise Invalid("wrong_type", path.strip("`."), message or str(error)) from error
    except msgspec.DecodeError as error:
        raise Invalid("invalid_json", "", str(error)) from error


def _check_call(call: Call, kind: str) -> None:
    if kind not in TYPES:
        raise Invalid("unknown_type", "type", reasons.UNKNOWN_TYPE % {"types": ", ".join(TYPES)})
    for path, name in ID_FIELDS:
        _check_id(path, getattr(call, name))
    for path, name in (*TIMES, ("sentAt", "sent_at")):
        _check_time(path, getattr(call, name))
    _check_message_id(call.message_id)
    for path in ("properties", "traits", "context", "integrations"):
        _check_object(path, getattr(call, path))
    if kind == "track":
        _check_event(call.event)
    if kind == "group" and call.group_id in (None, ""):
        raise Invalid("required", "groupId", reasons.REQUIRED % {"path": "groupId"})
    if kind == "alias" and call.previous_id in (None, ""):
        raise Invalid("required", "previousId", reasons.REQUIRED % {"path": "previousId"})
    if call.user_id in (None, "") and call.anonymous_id in (None, ""):
        _check_other_identifiers(call, kind)


def _check_id(path: str, value: Any) -> None:
    if isinstance(value, str) and len(value) > limits.MAX_IDENTIFIER:
        raise _too_long(path, limits.MAX_IDENTIFIER)


def _check_time(path: str, value: str | None) -> None:
    if value:
        try:
            parse_time(value)
        except ValueError:
            words = reasons.NO_TIME % {"path": path, "value": repr(value[:60])}
            raise Invalid("invalid_time", path, words) from None


def _check_message_id(value: Any) -> None:
    if value is not None and len(str(value)) > limits.MAX_MESSAGE_ID:
        raise _too_long("messageId", limits.MAX_MESSAGE_ID)


def _check_object(path: str, raw: msgspec.Raw) -> None:
    start = bytes(memoryview(raw)[:1])
    if start not in (b"", b"{", b"n"):
        raise Invalid("wrong_type", path, reasons.NO_OBJECT % {"path": path})


def _check_event(event: Any) -> None:
    if not isinstance(event, str) or not event.strip():
        raise Invalid("required", "event", reasons.EVENT_REQUIRED)
    if len(event) > limits.MAX_EVENT_NAME:
        raise _too_long("event", limits.MAX_EVENT_NAME)


def _too_long(path: str, most: int) -> Invalid:
    return Invalid("too_long", path, reasons.TOO_LONG % {"path": path, "n": most})


def _check_other_identifiers(call: Call, kind: str) -> None:
    """Neither userId nor anonymousId: an address, device or custom identifier will do."""
    if not call.other_identifiers(kind):
        raise Invalid("required", "userId", reasons.ID_REQUIRED)


def _check_holdable(data: bytes) -> None:
    if data.count(b"{") + data.count(b"[") <= limits.MAX_DEPTH and not SUSPICIOUS.search(data):
        return
    try:
        value = _exact.decode(data)
    except msgspec.ValidationError as error:
        raise Invalid("number_too_long", "", reasons.DIGITS) from error
    except ArithmeticError as error:  # an exponent that even a Decimal cannot have
        raise Invalid("number_out_of_range", "", reasons.RANGE) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise Invalid("invalid_json", "", str(error)) from error
    _walk(value)


_exact = msgspec.json.Decoder(float_hook=Decimal)


def _walk(value: Any) -> None:
    """Look at every text, number and level. Paths are as `properties.products[0].price`."""
    stack: list[tuple[Any, str, int]] = [(value, "", 0)]
    while stack:
        found, path, depth = stack.pop()
        if depth > limits.MAX_DEPTH:
            raise Invalid("too_deep", path, reasons.DEEPER % {"n": limits.MAX_DEPTH})
        if isinstance(found, dict):
            for name, inner in found.items():
                _check_text(name, path)
                stack.append((inner, f"{path}.{name}"[-200:].lstrip("."), depth + 1))
        elif isinstance(found, list):
            stack += [(inner, f"{path}[{n}]"[-200:], depth + 1) for n, inner in enumerate(found)]
        elif isinstance(found, str):
            _check_text(found, path)
        elif isinstance(found, int | Decimal) and not isinstance(found, bool):
            _check_number(found, path)


def _check_text(text: str, path: str) -> None:
    if "\0" in text:
        raise Invalid("nul_character", path, reasons.NUL)


def _check_number(number: int | Decimal, path: str) -> None:
    exact = Decimal(number)
    if exact and abs(exact.adjusted()) > limits.MAX_EXPONENT:
        raise Invalid("number_out_of_range", path, reasons.RANGE)
    if len(exact.as_tuple().digits) > limits.MAX_NUMBER_CHARS:
        raise Invalid("number_too_long", path, reasons.DIGITS)

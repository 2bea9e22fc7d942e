"""One ingest call from raw request to committed rows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils import timezone

from config.workspace.access.client_address import address_of
from config.workspace.health import counters
from profiles.calls import envelope as envelopes
from profiles.calls import limits
from profiles.calls.envelope import BadItem, CallRefused
from profiles.calls.validation import CallProblem, check, parse_time
from profiles.ingest import inbox, keys, refusals, throttle
from profiles.models import Source

BATCHES = ("batch", "import")
NO_KEY = "the write key is missing or unknown"


@dataclass
class IncomingBatch:
    """The items of one call and what belongs to all of them."""

    items: list[envelopes.Item]
    kind: str = ""  # of a single call
    sent_at: Any = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    write_key: str | None = None
    rejected: list[refusals.Rejected] = field(default_factory=list)


def take(request: HttpRequest, kind: str) -> list[refusals.Rejected]:
    """Take a call of this kind in; the refused items of a batch. Raises CallRefused.

    When it returns everything is committed: accepted items as an inbox row, others as rejections.
    """
    if candidates := keys.keys_in(request.META):
        source = _first(candidates)  # before a byte of the body is read
        _throttle(source)
        batch = _read_of(source, read_body(request), kind)
    else:
        batch = _parse(read_body(request), kind)
        source = _first([batch.write_key or ""])
        _throttle(source)
    received_at = timezone.now()
    items, rejected, lacking = _split(batch)
    single_refusal = rejected[0] if batch.kind and rejected else None
    is_history = kind == "import" and source.is_verified
    made = _envelope(request, batch, lacking)
    inbox.store(source.pk, items, rejected, made, received_at, is_history=is_history)
    counters.count("accepted_total", len(items))
    if single_refusal is not None:
        problem = single_refusal.problem
        raise CallRefused(400, problem.code, problem.message, path=problem.path)
    for one in rejected:
        counters.count("refused_total", reason=one.problem.code)
    return rejected


def read_body(request: HttpRequest) -> bytes:
    """The body as sent, unpacked. Never touches the form parser. Raises CallRefused 400, 413."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    if announced.isdigit() and int(announced) > limits.MAX_READ_BYTES:
        raise CallRefused(413, "body_too_large", "the body is over 500 KB")
    try:
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = request.META["wsgi.input"].read(limits.MAX_READ_BYTES)  # Django reads nothing
        else:
            body = request.read(limits.MAX_READ_BYTES)
    except OSError as error:
        raise CallRefused(400, "incomplete_body", "the body ended too early") from error
    if len(body) >= limits.MAX_READ_BYTES:
        raise CallRefused(413, "body_too_large", "the body is over 500 KB")
    if announced.isdigit() and len(body) < int(announced):
        raise CallRefused(400, "incomplete_body", "the body ended too early")
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    return envelopes.unpack(bytes(body), encoding)


def _first(candidates: list[str]) -> Source:
    """The first of them that is a source's key. Raises CallRefused 401."""
    for key in candidates:
        if (source := keys.source_of(key)) is not None:
            return source
    raise CallRefused(401, "invalid_write_key", NO_KEY)


def _throttle(source: Source) -> None:
    if wait := throttle.seconds_to_wait(source.pk):
        refused = CallRefused(429, "too_many_requests", f"come back in {wait} s")
        refused.retry_after = wait  # type: ignore[attr-defined]
        raise refused


def _read_of(source: Source, body: bytes, kind: str) -> IncomingBatch:
    """Of a known source: an unreadable envelope is kept as a rejection, for all to see."""
    try:
        return _parse(body, kind)
    except CallRefused as refused:
        problem = CallProblem(refused.code, refused.path, refused.message)
        row = refusals.refusal(0, problem, body, "" if kind in BATCHES else kind)
        inbox.store(source.pk, [], [row], {}, timezone.now())
        raise


def _parse(body: bytes, kind: str) -> IncomingBatch:
    if kind in BATCHES:
        top, items = envelopes.read_batch(body)
        return IncomingBatch(items, "", top.sent_at, top.context, top.integrations, top.write_key)
    item, key = envelopes.read_single(body)
    return IncomingBatch([item], kind, write_key=key)


def _split(batch: IncomingBatch) -> tuple[list[bytes], list[refusals.Rejected], bool]:
    """Accepted items, refused ones, and whether an accepted one lacks a message id."""
    accepted: list[bytes] = []
    rejected: list[refusals.Rejected] = []
    lacking = False
    for index, item in enumerate(batch.items):
        if isinstance(item, BadItem):
            problem = CallProblem("not_holdable", "", item.reason)
            rejected.append(refusals.refusal(index, problem, item.body.encode(), batch.kind))
            continue
        call, found = check(item, batch.kind)
        raw = bytes(item)
        if found is not None or call is None:
            rejected.append(refusals.refusal(index, found, raw, batch.kind))  # type: ignore[arg-type]
            continue
        accepted.append(raw)
        lacking = lacking or call.message_id in (None, "")
    return accepted, rejected, lacking


def _envelope(request: HttpRequest, batch: IncomingBatch, lacking: bool) -> dict[str, Any]:
    made: dict[str, Any] = inbox.new_envelope() if lacking else {}
    if batch.kind:
        made["type"] = batch.kind
    if (sent_at := _sent_at(batch.sent_at)) is not None:
        made["sentAt"] = sent_at.isoformat()
    for name, shared in (("context", batch.context), ("integrations", batch.integrations)):
        if shared:
            _check_shared(name, shared)
            made[name] = shared
    if request.META.get("HTTP_SEC_GPC", "").strip() == "1":
        made["gpc"] = True
        made["ip"] = address_of(request)
    return made


def _sent_at(given: Any) -> datetime | None:
    """An odd `sentAt` of a batch costs the clock correction, not the batch."""
    if not isinstance(given, str) or not given:
        return None
    try:
        return parse_time(given)
    except ValueError:
        return None


def _check_shared(name: str, shared: dict[str, Any]) -> None:
    """The batch's own context has to be holdable too, as a message would."""
    raw = msgspec.json.encode({"type": "track", "event": "x", "userId": "x", "context": shared})
    _call, problem = check(msgspec.Raw(raw))
    if problem is not None:
        raise CallRefused(400, problem.code, f"{name} of the batch: {problem.message}", path=name)

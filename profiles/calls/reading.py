"""From an inbox row to messages: times corrected, identifiers normalised, objects taken apart."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from profiles.calls import limits, reasons
from profiles.calls.messages import (
    EVENT_NAMES,
    Call,
    Context,
    Incoming,
    Origin,
    identifiers_in,
    read_context,
    read_object,
)
from profiles.calls.validation import parse_time
from profiles.identifiers.kinds import PROFILE_KIND, Rules
from profiles.identifiers.normalise import normalise, normalise_kind, text_of

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
DAYS_A_MONTH = 31
_decode_call = msgspec.json.Decoder(Call).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.json.encode
SPACES = bytes.maketrans(b"\t\r\n", b"   ")


class InboxRow(msgspec.Struct):
    """A row of the inbox that this transaction holds."""

    id: int
    source: Origin
    body: bytes
    envelope: dict[str, Any]
    is_history: bool
    received_at: datetime


def read(row: InboxRow, rules: Rules, region: str, months: int) -> Iterator[Incoming]:
    """The messages of a row, in its order. `months`: older live messages are refused (0: never)."""
    oldest = _oldest(row, months)
    sent_at = _time(row.envelope.get("sentAt"))
    for index, raw in enumerate(_decode_list(row.body)):
        message = _message(row, index, raw, sent_at)
        _identify(message, rules, region)
        if oldest is not None and message.occurred_at < oldest and not message.refusal:
            message.refusal = ("too_old", "timestamp", reasons.TOO_OLD % {"n": months})
        yield message


def _oldest(row: InboxRow, months: int) -> datetime | None:
    if row.is_history or months <= 0:
        return None
    return row.received_at - timedelta(days=DAYS_A_MONTH * months)


def _message(row: InboxRow, index: int, raw: msgspec.Raw, sent_at: datetime | None) -> Incoming:
    call = _decode_call(raw)
    kind: str = row.envelope.get("type") or call.type or ""
    context_raw, context = _context(call, row.envelope)
    own_traits = read_object(call.traits)
    traits = {} if kind == "group" else own_traits
    if kind == "identify" and isinstance(context.traits, dict):
        traits = {**context.traits, **own_traits}
    properties, properties_raw = _properties(call, kind, own_traits, traits)
    at, original = _moment(call, row, sent_at)
    return Incoming(
        call=call,
        raw=bytes(raw),
        index=index,
        type=kind,
        name=call.event if kind == "track" else EVENT_NAMES.get(kind, kind),
        message_id=_message_id(call, row, index),
        source=row.source,
        received_at=row.received_at,
        occurred_at=at,
        original_at=original,
        is_history=row.is_history,
        envelope=row.envelope,
        properties=properties,
        properties_raw=properties_raw.translate(SPACES),
        context=context,
        context_raw=context_raw.translate(SPACES),
        traits=traits,
        is_active=context.active is not False,
    )


def _message_id(call: Call, row: InboxRow, index: int) -> str:
    """The client's, or one that a second processing of the same row makes again."""
    if call.message_id not in (None, ""):
        return str(call.message_id)
    return f"made-{row.envelope.get('token') or row.id}-{index}"


def _context(call: Call, envelope: dict[str, Any]) -> tuple[bytes, Context]:
    """The item's context over the batch's, with integrations where they say anything."""
    raw = bytes(call.context)
    shared = envelope.get("context")
    own = bytes(call.integrations)
    integrations = read_object(call.integrations) if len(own) > len(b"{}") else {}
    if envelope.get("integrations"):
        integrations = {**envelope["integrations"], **integrations}
    if shared or integrations:
        merged = {**(shared or {}), **read_object(raw)}
        raw = _encode({**merged, "integrations": integrations} if integrations else merged)
    if not raw.startswith(b"{"):
        return b"{}", Context()
    return raw, read_context(raw)


def _properties(
    call: Call, kind: str, own_traits: dict[str, Any], traits: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """What the event keeps: properties; of identify and group, the traits."""
    if kind == "identify":
        as_given = traits == own_traits and own_traits
        return traits, bytes(call.traits) if as_given else _encode(traits)
    raw = bytes(call.traits if kind == "group" else call.properties)
    properties = own_traits if kind == "group" else read_object(raw)
    extra = _extra_properties(call, kind, properties)
    if extra:
        properties = {**properties, **extra}
        return properties, _encode(properties)
    return properties, raw if raw.startswith(b"{") else b"{}"


def _extra_properties(call: Call, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """What the protocol has beside the properties of page, screen, group and alias."""
    if kind in EVENT_NAMES:
        beside = (("name", call.name), ("category", call.category))
        return {
            name: value
            for name, value in beside
            if value not in (None, "") and name not in properties
        }
    if kind == "group":
        return {"groupId": text_of(call.group_id)}
    return {"previousId": text_of(call.previous_id)} if kind == "alias" else {}


def _moment(
    call: Call, row: InboxRow, sent_at: datetime | None
) -> tuple[datetime, datetime | None]:
    """When it happened by our clock, and as given where that differs.

    timestamp = receivedAt - (sentAt - originalTimestamp); without sentAt, and in a file, the given
    time is trusted. What lies after receipt or before 2000 is clamped.
    """
    given = _time(call.original_timestamp) or _time(call.timestamp)
    if given is None:
        return row.received_at, None
    at = given
    sent = _time(call.sent_at) or sent_at
    if sent is not None and not row.is_history:
        try:
            at = row.received_at - (sent - given)
        except OverflowError:
            at = given
    at = max(EARLIEST, min(at, row.received_at))
    return at, (given if at != given else None)


def _time(text: str | None) -> datetime | None:
    return parse_time(text) if text else None


class NamedIdentifiers(NamedTuple):
    """Whom a call names: normalised identifiers with what was given, and what is nobody's."""

    keys: dict[tuple[str, str], str]
    dropped: list[tuple[str, str]]  # kind, value as given


def name_call(call: Call, rules: Rules, region: str) -> NamedIdentifiers:
    """Whom a checked call of a file will name, so that its reader can be told of what will not."""
    kind = call.type or ""
    context = read_context(call.context)
    traits = {} if kind == "group" else read_object(call.traits)
    if kind == "identify" and isinstance(context.traits, dict):
        traits = {**context.traits, **traits}
    named = _name(_given(call, kind, context, traits), rules, _region(context, traits, region))
    for name in ("email", "phone"):
        value = traits.get(name)
        if value is not None and not isinstance(value, str) and not text_of(value):
            named.dropped.append((name, str(value)))
    return named


def named_in(
    context: bytes, traits: dict[str, Any], rules: Rules, region: str
) -> set[tuple[str, str]]:
    """Whom the context and traits of a kept call name, but for user id and anonymous id."""
    read = read_context(context)
    given = list(identifiers_in(read, traits))
    return set(_name(given, rules, _region(read, traits, region)).keys)


def _identify(message: Incoming, rules: Rules, region: str) -> None:
    """Fill `keys`, highest priority first, from everything in the message that names somebody."""
    given = _given(message.call, message.type, message.context, message.traits)
    is_internal = message.source.is_internal
    place = _region(message.context, message.traits, region)
    named = _name(given, rules, place, is_internal=is_internal)
    keys = named.keys
    message.keys = list(keys)
    if len(keys) > 1:
        ours = [key for key in keys if key[0] == PROFILE_KIND]
        message.keys = ours[:1] or sorted(keys, key=lambda key: rules.rank(key[0]))
    message.raw_values = {key: raw for key, raw in keys.items() if raw != key[1]}
    if named.dropped:
        message.dropped = named.dropped
    if not message.keys:
        message.refusal = ("no_identifier", "userId", reasons.NOBODY)


def _given(
    call: Call, kind: str, context: Context, traits: dict[str, Any]
) -> list[tuple[str, str]]:
    """(kind, value), as given, of everything that names somebody."""
    found: list[tuple[str, str]] = []
    if value := text_of(call.user_id):
        found.append(("user_id", value))
    if value := text_of(call.anonymous_id):
        found.append(("anonymous_id", value))
    if kind == "alias" and (value := text_of(call.previous_id)):
        known = {value for kind, value in found if kind == "user_id"}
        found += [("anonymous_id", value)] if value not in known else []
    return [*found, *identifiers_in(context, traits)]


def _name(
    given: list[tuple[str, str]], rules: Rules, region: str, *, is_internal: bool = False
) -> NamedIdentifiers:
    named = NamedIdentifiers({}, [])
    for given_kind, raw in given:
        kind = normalise_kind(given_kind)
        if kind == PROFILE_KIND and not is_internal:
            continue
        value = normalise(kind, raw, region)
        if not value or len(value) > limits.MAX_IDENTIFIER or rules.is_blocked(kind, value, raw):
            named.dropped.append((kind, raw))
        else:
            named.keys.setdefault((kind, value), raw)
    return named


def _region(context: Context, traits: dict[str, Any], fallback: str) -> str:
    """Where a number without a country code is from: where the person is, who told it."""
    return _country(traits) or _country(context.traits) or fallback


def _country(traits: Any) -> str:
    if not traits or not isinstance(traits, dict):
        return ""
    address = traits.get("address")
    given = traits.get("country") or (address.get("country") if isinstance(address, dict) else "")
    is_code = isinstance(given, str) and len(given) == 2 and given.isalpha()  # noqa: PLR2004
    return str(given).upper() if is_code else ""

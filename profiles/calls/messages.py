"""What a message is: as it came (`Call`) and as it is worked on (`Incoming`)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from profiles.identifiers.kinds import DEVICE_KINDS
from profiles.identifiers.normalise import text_of

TYPES = ("identify", "track", "page", "screen", "group", "alias")
EVENT_NAMES = {"page": "Page Viewed", "screen": "Screen Viewed"}
NOTHING = msgspec.Raw(b"")
Id = str | int | float | None


class Call(msgspec.Struct, rename="camel", gc=False):
    """One message as the protocol has it; unknown fields are skipped, objects stay raw."""

    type: str | None = None
    message_id: str | int | None = None
    user_id: Id = None
    anonymous_id: Id = None
    previous_id: Id = None
    group_id: Id = None
    event: Any = None
    name: Any = None
    category: Any = None
    timestamp: str | None = None
    original_timestamp: str | None = None
    sent_at: str | None = None
    properties: msgspec.Raw = NOTHING
    traits: msgspec.Raw = NOTHING
    context: msgspec.Raw = NOTHING
    integrations: msgspec.Raw = NOTHING

    def other_identifiers(self, kind: str) -> list[tuple[str, str]]:
        """(kind, value as given) besides userId and anonymousId. `kind` is the message's type."""
        context = read_context(self.context)
        traits = {} if kind == "group" else read_object(self.traits)
        return list(identifiers_in(context, traits))


class Context(msgspec.Struct, rename="camel", gc=False):
    """What is read of a context; whatever else there is, is kept and not looked at."""

    traits: Any = None
    external_ids: Any = None
    device: Any = None
    active: Any = None
    consent: Any = None
    consent_management: Any = None


class Origin(msgspec.Struct, frozen=True):
    """What the processor needs to know of a source."""

    id: int
    name: str
    is_verified: bool
    trust: int
    is_internal: bool


class Incoming(msgspec.Struct):
    """One message on its way into the tables. `keys` are normalised identifiers by priority."""

    call: Call
    raw: bytes
    index: int  # in its inbox row
    type: str
    name: str  # of the event
    message_id: str
    source: Origin
    received_at: datetime
    occurred_at: datetime
    original_at: datetime | None
    is_history: bool
    envelope: dict[str, Any]
    properties: dict[str, Any]
    properties_raw: bytes
    context: Context
    context_raw: bytes
    traits: dict[str, Any]
    is_active: bool = True
    keys: list[tuple[str, str]] = []  # (kind, normalised value), highest priority first
    raw_values: dict[tuple[str, str], str] = {}
    dropped: list[tuple[str, str]] = []  # (kind, value as given) of nobody: blocked, malformed
    left_out: list[str] = []  # kinds of what it names and its person does not have
    sent_away: list[str] = []  # kinds of what is a person of its own, to make room for this
    refusal: tuple[str, str, str] | None = None  # code, path, reason
    key: tuple[str, str] | None = None  # the one it is attributed to
    came_back: bool = False  # by an act of their own, after an erasure
    choice: Any = None  # consent.signals.choices.ConsentChoice, where what it allows is said
    is_withheld: bool = False  # by the person: nothing of it is stored but what they allow
    warnings: list[tuple[str, str, str]] = []  # code, detail, example; of no event in particular
    attach: Any = None  # identity.resolve.Attach, where what it brought may be another's
    profile_id: int = 0
    identifier_id: int = 0
    anonymous_identifier_id: int | None = None
    event_id: int = 0
    value: float | None = None

    @property
    def names_only_devices(self) -> bool:
        """Whether nothing in it says who the person is."""
        return DEVICE_KINDS.issuperset([kind for kind, _ in self.keys])

    @property
    def gpc(self) -> bool:
        """Whether the request carried Global Privacy Control (`Sec-GPC: 1`)."""
        return bool(self.envelope.get("gpc"))


decode_call = msgspec.json.Decoder(Call).decode
_decode_context = msgspec.json.Decoder(Context).decode
_decode_any = msgspec.json.Decoder().decode
EMPTY_CONTEXT = Context()


def read_context(raw: msgspec.Raw | bytes) -> Context:
    """The context's known part; an absent or null one is empty."""
    return _decode_context(raw) if bytes(memoryview(raw)[:1]) == b"{" else EMPTY_CONTEXT


def read_object(raw: msgspec.Raw | bytes) -> dict[str, Any]:
    """Properties or traits as a dict; absent and null are empty."""
    return _decode_any(raw) if bytes(memoryview(raw)[:1]) == b"{" else {}


def identifiers_in(context: Context, traits: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, value as given) in traits, context.traits, context.device and context.externalIds."""
    inner = context.traits if isinstance(context.traits, dict) else {}
    for name in ("email", "phone"):
        if value := text_of(traits.get(name) or inner.get(name)):
            yield name, value
    device = context.device
    if isinstance(device, dict):
        for kind, name in (("device_id", "id"), ("push_token", "token")):
            if value := text_of(device.get(name)):
                yield kind, value
    if isinstance(context.external_ids, list):
        yield from _external(context.external_ids)


def _external(listed: list[Any]) -> Iterator[tuple[str, str]]:
    for entry in listed:
        if not isinstance(entry, dict) or entry.get("collection") not in (None, "", "users"):
            continue
        kind, value = text_of(entry.get("type")), text_of(entry.get("id"))
        if kind and value:
            yield kind, value

"""Tables of collecting and unifying."""

from profiles.models.catalog import (
    DataWarning,
    EventDefinition,
    ExchangeRate,
    FieldTag,
    KindOfField,
    Sensitivity,
    TraitName,
    UsualName,
)
from profiles.models.event import Event, EventItem, EventState
from profiles.models.inbox import (
    Inbox,
    MessageClaim,
    ProfileChange,
    RefusalCount,
    Rejection,
)
from profiles.models.note import Note
from profiles.models.profile import (
    AliasPending,
    Identifier,
    IdentifierKey,
    IdentifierLink,
    Merge,
    MergePending,
    Profile,
    ProfileTrait,
    TraitHistory,
)
from profiles.models.source import Source

__all__ = [
    "AliasPending",
    "DataWarning",
    "Event",
    "EventDefinition",
    "EventItem",
    "EventState",
    "ExchangeRate",
    "FieldTag",
    "KindOfField",
    "Sensitivity",
    "UsualName",
    "Identifier",
    "IdentifierKey",
    "IdentifierLink",
    "Inbox",
    "Merge",
    "MergePending",
    "MessageClaim",
    "Note",
    "Profile",
    "ProfileChange",
    "ProfileTrait",
    "RefusalCount",
    "Rejection",
    "Source",
    "TraitHistory",
    "TraitName",
]

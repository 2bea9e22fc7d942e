"""Tables of collecting and unifying."""

from profiles.models.catalog import EventDefinition, ExchangeRate
from profiles.models.event import Event, EventItem, EventState
from profiles.models.inbox import Inbox, MessageClaim, ProfileChange, Rejection
from profiles.models.profile import (
    AliasPending,
    Identifier,
    Merge,
    Profile,
    ProfileTrait,
)
from profiles.models.source import Source

__all__ = [
    "AliasPending",
    "Event",
    "EventDefinition",
    "EventItem",
    "EventState",
    "ExchangeRate",
    "Identifier",
    "Inbox",
    "Merge",
    "MessageClaim",
    "Profile",
    "ProfileChange",
    "ProfileTrait",
    "Rejection",
    "Source",
]

"""What consent asks of the app that sends: whom a message went to, and that somebody left by it."""

from dataclasses import dataclass
from typing import Protocol

from config.workspace.registry import Registry
from profiles.identifiers.addresses import verified_mail
from profiles.people.lineage import today_id

# (profile, message) that the links of a test mail name: both are numbered from 1
NOBODY = (0, 0)


@dataclass(frozen=True)
class SentTo:
    """A message as a public page needs it."""

    profile_id: int  # who the person is today
    channel: str
    address: str
    sender: str = ""  # name and postal address, for the foot of the page
    postal_address: str = ""
    why_url: str = ""  # of the page that says why it was sent


class MessageLookup(Protocol):
    """Signs in under its app's name."""

    def find(self, profile_id: int, message_id: int) -> SentTo | None:
        """The message that a token names."""

    def left(self, profile_id: int, message_id: int) -> None:
        """The person unsubscribed by this message."""


MESSAGES: Registry[MessageLookup] = Registry("messages")


def find_message(profile_id: int, message_id: int) -> SentTo | None:
    """Of whichever app knows it."""
    found = (messages.find(profile_id, message_id) for _name, messages in MESSAGES)
    return next((one for one in found if one), None)


def find_address(profile_id: int, identifier_id: int) -> SentTo | None:
    """Of a person who asked for the page by their address: while it is theirs and verified."""
    today = today_id(profile_id)
    address = verified_mail(today, identifier_id)
    return SentTo(today, "email", address) if address else None


def tell_left(profile_id: int, message_id: int) -> None:
    """Tell every app that sends."""
    for _name, messages in MESSAGES:
        messages.left(profile_id, message_id)

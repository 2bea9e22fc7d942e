"""What a channel does, as delivery asks for it: compose, connect, send a batch, say what became.

A channel is a folder beside this file with a `channel.py` that registers one `Channel` here and
one `ContentKind` (`campaigns.content.kinds`). Delivery knows none by name.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from campaigns.models import Sender
from config.workspace.mails.outgoing import ServiceMail
from config.workspace.registry import Registry
from consent.models import Purpose

# what became of a parcel; AGAIN was not tried
SENT, BOUNCED, TEMPORARY, FAILED, UNKNOWN = "sent", "bounced", "temporary", "failed", "unknown"
AGAIN = "again"
DELIVERED = "delivered"  # said afterwards
OwnLink = tuple[int, int, str]  # number, place in the content, address
Person = tuple[dict[str, Any], str, dict[str, Any]]  # arguments of `names.person_names`


class NotReached(Exception):
    """The provider let nobody in; its word, or what kept us from it."""


class NoTarget(RuntimeError):
    """There is nowhere to hand over to; why, in words."""


class ProcessStopping(Exception):
    """This process is to end."""


@dataclass(frozen=True)
class Letterhead:
    """What all messages of one content version share, as it is now.

    `content` is as the channel's kind of content loads it; `fixed` is data that every template may
    use.
    """

    content: Any
    purpose: Purpose
    topic_id: int | None
    sender: Sender | None
    fixed: dict[str, Any]
    campaign: str
    # of a campaign: who may get it and until when, as it was launched
    segment: str = ""
    goal: dict[str, Any] | None = None
    quiet_hours: Mapping[str, Any] | None = None
    is_profiling: bool = False  # built on what was worked out about people
    launched_at: datetime | None = None

    @property
    def is_marketing(self) -> bool:
        """Whether the message carries a way out and may be measured."""
        return self.purpose.purpose_class == Purpose.Class.MARKETING


@dataclass(slots=True)
class Letter:
    """One queued message with all that is written for it: names of `data` win over those of
    `person`."""

    profile_id: int
    message_id: int
    address: str
    content_version_id: int
    name: str
    data: dict[str, Any]
    public_id: str
    person_id: int  # who the person is today
    attempts: int
    expires_at: Any
    person: Person | None = None
    measuring: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """Profile and message."""
        return (self.profile_id, self.message_id)


class Parcel(Protocol):
    """One message ready to leave."""

    @property
    def key(self) -> int:
        """The message's id."""

    @property
    def reference(self) -> str:
        """By what the provider will name it, where we choose that; else ""."""

    @property
    def links(self) -> Sequence[OwnLink]:
        """The links whose address is this person's own, kept for their clicks."""


@dataclass(frozen=True, slots=True)
class ParcelOutcome:
    """What became of a parcel; `word` is the provider's, and so is `reference` where it chooses.

    `server_fails`: no other parcel should be tried now. `is_servers`: refused or broken off for now
    (`is_break`), and not for its recipient's sake.
    """

    key: int
    kind: str
    word: str = ""
    server_fails: bool = False
    is_servers: bool = False
    is_break: bool = False
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """What a provider says later of what it took: `kind` is BOUNCED (for good) or DELIVERED."""

    reference: str
    kind: str
    word: str = ""


class Session(Protocol):
    """A way to one provider, kept open between batches by one thread."""

    @property
    def name(self) -> str:
        """The provider, without anybody's password: by this it is known when it fails."""

    def open(self) -> None:
        """Be let in, before a parcel depends on it. Raises NotReached, ProcessStopping."""

    def send(self, parcels: Sequence[Any]) -> Iterator[ParcelOutcome]:
        """Hand over one after the other: an outcome for each, in order. Raises nothing of the
        provider's; what it does not get to is AGAIN.
        """

    def close(self) -> None:
        """Say goodbye, if that still can be said."""


class Channel(ABC):
    """One way to hand messages over. `session` is asked for by each thread that delivers.

    `example_address` is nobody's, for a message that is written to see whether it can be;
    `bounced_event` is the event that a hard bounce is told as, "" where there is none.
    """

    example_address: ClassVar[str] = ""
    bounced_event: ClassVar[str] = ""

    @abstractmethod
    def compose(self, letters: Sequence[Letter], head: Letterhead) -> list[Parcel | Exception]:
        """Write them all, in order. For one that there is none of: ContentError, Abort, NotTried
        (`content.sandbox.calls`), or whatever error of ours it was. Raises `calls.Unavailable`, and
        errors of the database.
        """

    @abstractmethod
    def session(self) -> Session:
        """This thread's, to wherever messages go now. Raises NoTarget."""

    @abstractmethod
    def close(self) -> None:
        """End what this thread holds open (end of a process, between tests)."""

    def read(self, body: bytes) -> list[Returned]:
        """What comes back from the provider later, in its own form; by default nothing does.

        Raises ValueError for what is no word of the provider's.
        """
        return []

    def service_parcel(self, number: int, mail: ServiceMail, sender: Sender) -> Parcel:
        """A mail of the installation's own, ready to leave; `number` is its key. Raises
        ContentError for what cannot be sent, LookupError where the channel carries none.
        """
        raise LookupError("this channel carries no service mails")

    def hurried_session(self) -> Session:
        """One of its own for a single test, that somebody waits for. Raises NoTarget."""
        return self.session()


CHANNELS: Registry[Channel] = Registry("channels that send")


def channel_of(name: str) -> Channel:
    """The one that sends on it. Raises LookupError."""
    found = CHANNELS.get(name)
    if found is None:
        raise LookupError(f"nothing sends on {name}")
    return found

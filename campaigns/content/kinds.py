"""What a message is made of, by channel: each channel's folder signs in its own kind of content.

Drafts, checks, launches and single sends ask here. A channel without one cannot be sent on.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from campaigns.content.render import MessageUrls
from config.workspace.registry import Registry


@dataclass(frozen=True, slots=True)
class ContentFault:
    """Something wrong with content: where in it ("" for the whole), and what to do about it."""

    part: str
    code: str
    message: str
    remedy: str = ""


class PreparedContent(Protocol):
    """Content that was compiled; `bare` names are used without a fallback somewhere."""

    problems: list[dict[str, Any]]
    variables: list[str]
    bare: list[str]

    @property
    def usable(self) -> bool:
        """False where a problem is an error."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, for the store."""


class ContentKind(ABC):
    """The content of one channel. `needs_sender`: from somebody, with a postal address in law."""

    needs_sender: ClassVar[bool] = False

    @property
    @abstractmethod
    def wanted(self) -> str:
        """What it has to have, in a sentence."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """Its JSON, with an example, as OpenAPI has it."""

    @abstractmethod
    def faults(self, content: Mapping[str, Any]) -> Iterator[ContentFault]:
        """What cannot even be kept as a draft."""

    @abstractmethod
    def lacks(self, content: Mapping[str, Any]) -> Iterator[ContentFault]:
        """What has to be there before it is sent."""

    @abstractmethod
    def compile(self, content: Mapping[str, Any], *, purpose_class: str) -> PreparedContent:
        """Check and prepare it, once and for ever. Raises ContentError."""

    @abstractmethod
    def load(self, stored: Mapping[str, Any]) -> PreparedContent:
        """As it was compiled."""

    @abstractmethod
    def texts(
        self, prepared: Any, people: Sequence[Mapping[str, Any]], *, urls: MessageUrls
    ) -> list[list[str] | Exception]:
        """What each of these people would read, in all its forms; in order. An exception
        (ContentError, Abort) for whom there is none. Raises ContentError.
        """


CONTENTS: Registry[ContentKind] = Registry("kinds of content")


def content_kind(channel: str) -> ContentKind:
    """The one of a channel. Raises LookupError."""
    found = CONTENTS.get(channel)
    if found is None:
        raise LookupError(f"nothing can be written for {channel}")
    return found

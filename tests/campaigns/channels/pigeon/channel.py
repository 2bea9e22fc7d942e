"""What the toy does: notes of plain text, a file each in a loft; the loft gives them numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from campaigns.channels.base import (
    BOUNCED,
    SENT,
    Channel,
    NoTarget,
    NotReached,
    ParcelOutcome,
    Returned,
)
from campaigns.composition.contents import SAMPLE_URL
from campaigns.content.errors import Abort, ContentError
from campaigns.content.kinds import ContentFault, ContentKind
from campaigns.content.names import person_names
from campaigns.content.sandbox.calls import render_template

LOST = "nobody"  # no pigeon finds the way there


@dataclass
class Prepared:
    text: str
    problems: list[dict[str, Any]] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    usable = True

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Note(ContentKind):
    wanted = "A text."

    def schema(self):
        properties = {"text": {"type": "string"}}
        example = {"text": "Tents {{ unsubscribe_url }}"}
        return {"type": "object", "properties": properties, "example": example}

    def faults(self, content: Mapping[str, Any]) -> Iterator[ContentFault]:
        yield from (ContentFault(name, "unknown", "Unknown.") for name in set(content) - {"text"})

    def lacks(self, content: Mapping[str, Any]) -> Iterator[ContentFault]:
        if not content.get("text"):
            yield ContentFault("", "no_text", "The note is empty.", "Write it.")

    def compile(self, content, *, purpose_class):
        return Prepared(content["text"])

    def load(self, stored):
        return Prepared(**stored)

    def texts(self, prepared, people, *, urls):
        ways = {"unsubscribe_url": urls.unsubscribe}
        return [[render_template(prepared.text, {**person, **ways})[0]] for person in people]


@dataclass(frozen=True)
class Scroll:
    key: int
    address: str
    text: str
    reference: str = ""
    links: tuple = ()


class Pigeon(Channel):
    example_address = "loft"
    bounced_event = "Pigeon Returned"

    def __init__(self, loft: Path) -> None:
        self.loft = loft

    def compose(self, letters, head):
        return [self._scroll(letter, head) for letter in letters]

    def _scroll(self, letter, head):
        person = person_names(*letter.person) if letter.person else {}
        data = {**head.fixed, **person, **letter.data, "unsubscribe_url": SAMPLE_URL}
        try:
            text, _missing = render_template(head.content.text, data)
        except (ContentError, Abort) as error:
            return error
        return Scroll(letter.message_id, letter.address, text)

    def session(self):
        if not self.loft.exists():
            raise NoTarget("there is no loft")
        return Flight(self.loft)

    def close(self):
        pass

    def read(self, body):
        return [Returned(*line.split(" ", 2)) for line in body.decode().splitlines()]


class Flight:
    name = "pigeon://loft"

    def __init__(self, loft: Path) -> None:
        self.loft = loft

    def open(self) -> None:
        if (self.loft / "storm").exists():
            raise NotReached("storm")

    def send(self, parcels: Sequence[Scroll]) -> Iterator[ParcelOutcome]:
        for parcel in parcels:
            if parcel.address == LOST:
                yield ParcelOutcome(parcel.key, BOUNCED, "came back")
                continue
            number = len(list(self.loft.iterdir())) + 1
            (self.loft / f"{number}").write_text(f"{parcel.address}\n{parcel.text}")
            yield ParcelOutcome(parcel.key, SENT, reference=f"leg-{number}")

    def close(self) -> None:
        pass

"""TC strings of the IAB Europe Transparency and Consent Framework, versions 2.0 to 2.3.

Source: IAB Tech Lab, "Consent string and vendor list formats v2", version 2.3 (April 2025). The
format is read by `read`; whether the string counts today is asked by `fault`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_noop

from consent.signals.bits import Bits, Broken, IdSet

VERSION = 2
CORE, DISCLOSED, ALLOWED, PUBLISHER = range(4)
MOST_SEGMENTS = 4
# Of strings written from here on the segment Disclosed Vendors is a duty.
DISCLOSED_SINCE = datetime(2026, 3, 1, tzinfo=UTC)
POLICY_SINCE, POLICY = datetime(2023, 10, 1, tzinfo=UTC), 4  # TCF 2.2

NOT_VERSION_2 = gettext_noop("version %(version)d of the TCF is not read, version 2 is")
UNKNOWN_SEGMENT = gettext_noop("it has a segment of type %(type)d, which there is not")
TWICE = gettext_noop("it has a segment of type %(type)d twice")
NOT_DISCLOSED = gettext_noop(
    "written after 28 Feb 2026 without the segment Disclosed Vendors, which TCF 2.3 asks for"
)
OLD_POLICY = gettext_noop("written after September 2023 by a policy older than version 4")
GLOBAL = gettext_noop("it says that it is not for one service alone, which the TCF ended")


@dataclass(frozen=True)
class PublisherPurposes:
    """What the person allowed the publisher itself."""

    purposes: IdSet
    interests: IdSet
    custom_purposes: IdSet
    custom_interests: IdSet


@dataclass(frozen=True)
class Restriction:
    """What the publisher says of a purpose and some vendors: 0 no, 1 consent, 2 interest."""

    purpose: int
    type: int
    vendors: IdSet


@dataclass(frozen=True)
class TcString:
    """The fields of the format, by their names there in short."""

    created: datetime
    updated: datetime
    cmp_id: int
    cmp_version: int
    screen: int
    language: str
    list_version: int
    policy_version: int
    is_service_specific: bool
    has_other_texts: bool
    special_features: IdSet
    purposes: IdSet
    interests: IdSet
    purpose_one_is_special: bool
    country: str
    vendors: IdSet
    vendor_interests: IdSet
    restrictions: tuple[Restriction, ...]
    disclosed: IdSet | None = None
    allowed: IdSet | None = None  # before version 2.2
    publisher: PublisherPurposes | None = None

    @property
    def answers(self) -> IdSet:
        """Purposes allowed to us: by the publisher's own segment where it allows any, else by the
        core, since the usual encoders write that segment, empty, for whoever does not use it.

        Only consent counts: a legitimate interest is nothing that the person said.
        """
        own = self.publisher.purposes if self.publisher else None
        return own or self.purposes

    def fault(self) -> Broken | None:
        """Why it does not count, though it can be read."""
        if self.updated >= DISCLOSED_SINCE and self.disclosed is None:
            return Broken(NOT_DISCLOSED)
        if self.updated >= POLICY_SINCE and self.policy_version < POLICY:
            return Broken(OLD_POLICY)
        return None if self.is_service_specific else Broken(GLOBAL)

    def as_evidence(self) -> dict[str, Any]:
        """What it says, in short; vendors by number alone, since the string is kept beside it."""
        said = {
            "updated": self.updated.isoformat(),
            "cmp": f"{self.cmp_id}.{self.cmp_version}",
            "language": self.language,
            "country": self.country,
            "policy": self.policy_version,
            "vendor_list": self.list_version,
            "purposes": str(self.purposes),
            "legitimate_interests": str(self.interests),
            "special_features": str(self.special_features),
            "vendors": len(self.vendors),
        }
        if self.disclosed is not None:
            said["disclosed_vendors"] = len(self.disclosed)
        if self.publisher is not None:
            said["publisher_purposes"] = str(self.publisher.purposes)
        return said


def read(text: str) -> TcString:
    """The string's fields. Raises Broken, and nothing else, whatever the text."""
    core, *others = text.split(".", MOST_SEGMENTS)
    more: dict[str, Any] = {}
    for segment in others:
        bits = Bits(segment)
        kind = bits.number(3)
        if kind not in _READERS:
            raise Broken(UNKNOWN_SEGMENT, type=kind)
        name, reader = _READERS[kind]
        if name in more:
            raise Broken(TWICE, type=kind)
        more[name] = reader(bits)
    return TcString(**_core(Bits(core)), **more)


def _core(bits: Bits) -> dict[str, Any]:
    """In the order of the format: a dict is filled from top to bottom."""
    version = bits.number(6)
    if version != VERSION:
        raise Broken(NOT_VERSION_2, version=version)
    return {
        "created": bits.moment(),
        "updated": bits.moment(),
        "cmp_id": bits.number(12),
        "cmp_version": bits.number(12),
        "screen": bits.number(6),
        "language": bits.letters(),
        "list_version": bits.number(12),
        "policy_version": bits.number(6),
        "is_service_specific": bits.flag(),
        "has_other_texts": bits.flag(),
        "special_features": bits.field(12),
        "purposes": bits.field(24),
        "interests": bits.field(24),
        "purpose_one_is_special": bits.flag(),
        "country": bits.letters(),
        "vendors": bits.vendors(),
        "vendor_interests": bits.vendors(),
        "restrictions": tuple(
            Restriction(bits.number(6), bits.number(2), bits.ranges())
            for _ in range(bits.number(12))
        ),
    }


def _publisher(bits: Bits) -> PublisherPurposes:
    purposes, interests, custom = bits.field(24), bits.field(24), bits.number(6)
    return PublisherPurposes(purposes, interests, bits.field(custom), bits.field(custom))


_READERS = {
    DISCLOSED: ("disclosed", Bits.vendors),
    ALLOWED: ("allowed", Bits.vendors),
    PUBLISHER: ("publisher", _publisher),
}

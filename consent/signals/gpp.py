"""Strings of the IAB Tech Lab's Global Privacy Platform: the head, and the sections that it names.

Source: Global Privacy Platform, "Consent String Specification" and "Section Information". Sections
2 (TCF EU), 5 (TCF Canada), 6 (US Privacy) and 7 to 27 (United States) are read; others are kept as
they came. A string whose first character is `C` is a bare TC string.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_noop

from consent.signals import tcf, us_sections
from consent.signals.bits import NOT_SORTED, Bits, Broken, IdSet, is_in_order
from consent.signals.tcf import TcString
from consent.signals.us_sections import UsSection

HEADER_TYPE, VERSION = 3, 1
TCF_EU, TCF_CANADA, US_PRIVACY = 2, 5, 6
BARE_TCF = "C"
MOST_SECTIONS = 64
SALE: Final = "SaleOptOut"
_US_PRIVACY = re.compile(r"(\d)([YN-])([YN-])([YN-])", re.IGNORECASE)

NO_HEADER = gettext_noop("it does not begin with the head of a GPP string")
NOT_VERSION_1 = gettext_noop("version %(version)d of the GPP is not read, version 1 is")
OTHER_COUNT = gettext_noop("its head names %(named)d sections and %(found)d follow")
NOT_US_PRIVACY = gettext_noop("its section 6 is no US Privacy string")


@dataclass(frozen=True)
class CanadaString:
    """The Canadian TCF: express consent counts, as consent does in the European one.

    Vendors are left unread: the specification and the IAB's own library write them differently.
    """

    purposes: IdSet
    implied: IdSet
    special_features: IdSet
    language: str
    publisher: IdSet | None = None

    @property
    def answers(self) -> IdSet:
        """Purposes that are allowed to us, as in the European one."""
        return self.publisher or self.purposes

    def as_evidence(self) -> dict[str, Any]:
        """In short."""
        return {
            "language": self.language,
            "express": str(self.purposes),
            "implied": str(self.implied),
        }


@dataclass(frozen=True)
class GppString:
    """Sections by their id. `unread` are those that nobody here reads, as they came."""

    tcf: TcString | None = None
    canada: CanadaString | None = None
    us: dict[int, UsSection] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)

    def as_evidence(self) -> dict[str, Any]:
        """What each section says, by its prefix in the API."""
        said: dict[str, Any] = {one.name: one.as_evidence() for one in self.us.values()}
        if self.tcf is not None:
            said["tcfeuv2"] = self.tcf.as_evidence()
        if self.canada is not None:
            said["tcfcav1"] = self.canada.as_evidence()
        return said | ({"unread": sorted(self.unread)} if self.unread else {})


def read(text: str) -> GppString:
    """The string's sections. Raises Broken, and nothing else, whatever the text."""
    if text.startswith(BARE_TCF):
        return GppString(tcf=tcf.read(text))
    header, *bodies = text.split("~", MOST_SECTIONS)
    numbers = _named(Bits(header), len(bodies))
    said: dict[str, Any] = {"us": {}, "unread": {}}
    for number, body in zip(numbers, bodies, strict=True):
        if number == TCF_EU:
            said["tcf"] = tcf.read(body)
        elif number == TCF_CANADA:
            said["canada"] = _canada(body)
        elif number == US_PRIVACY:
            said["us"][number] = _us_privacy(body)
        elif number in us_sections.SECTIONS:
            said["us"][number] = us_sections.read(number, body)
        else:
            said["unread"][number] = body
    return GppString(**said)


def _named(bits: Bits, count: int) -> list[int]:
    """The ids of the sections, of which there are `count`."""
    if bits.number(6) != HEADER_TYPE:
        raise Broken(NO_HEADER)
    if (version := bits.number(6)) != VERSION:
        raise Broken(NOT_VERSION_1, version=version)
    ranges = bits.fibonacci_ranges()
    if not is_in_order(ranges):
        raise Broken(NOT_SORTED)
    named = sum(last - first + 1 for first, last in ranges)
    if named != count:
        raise Broken(OTHER_COUNT, named=named, found=count)
    return [number for first, last in ranges for number in range(first, last + 1)]


def _us_privacy(text: str) -> UsSection:
    """Version, then notice, opt-out of sale and the limited service provider's agreement."""
    match = _US_PRIVACY.fullmatch(text)
    if match is None:
        raise Broken(NOT_US_PRIVACY)
    version, notice, opt_out, agreement = match.groups()
    fields = {
        "Version": int(version),
        "Notice": notice.upper(),
        "OptOutSale": opt_out.upper(),
        "LspaCovered": agreement.upper(),
    }
    said = {SALE: us_sections.OPTED_OUT} if opt_out.upper() == "Y" else {}
    return UsSection(US_PRIVACY, "uspv1", fields | said)


def _canada(text: str) -> CanadaString:
    core, *others = text.split(".", tcf.MOST_SEGMENTS)
    bits = Bits(core)
    bits.number(6 + 36 + 36 + 12 + 12 + 6)  # version, two times, who asked on which screen
    language = bits.letters()
    bits.number(12 + 6 + 1)  # vendor list, policy, other texts
    features, purposes, implied = bits.field(12), bits.field(24), bits.field(24)
    publisher = None
    for segment in others:
        more = Bits(segment)
        if more.number(3) == tcf.PUBLISHER:
            publisher = more.field(24)
    return CanadaString(purposes, implied, features, language, publisher)

"""The sections of the GPP for the United States: which fields each has, in their order.

Sources: IAB Tech Lab, Global Privacy Platform, "Sections" (December 2025). A field is two bits; a
number behind a name says of how many activities it speaks, two bits each. Of an opt-out 1 is yes.
"""

from dataclasses import dataclass
from typing import Any, Final

from consent.signals.bits import BITS_A_CHARACTER, Bits

OPTED_OUT: Final = 1
GPC: Final = "Gpc"
OPT_OUTS: Final = ("SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut")
_SALE_AND_ADS = (
    "SaleOptOutNotice TargetedAdvertisingOptOutNotice SaleOptOut TargetedAdvertisingOptOut"
)
_MODES = "MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode"


def _state(notice: str, sensitive: int, child: int, *, more: bool = True) -> str:
    """The form that most states have."""
    children = f"KnownChildSensitiveDataConsents:{child}"
    beyond = "AdditionalDataProcessingConsent " if more else ""
    activities = f"SensitiveDataProcessing:{sensitive}"
    return f"{notice} {_SALE_AND_ADS} {activities} {children} {beyond}{_MODES}"


def _later_state(rest: str) -> str:
    """The form since October 2025: headed by its own list of subsections."""
    mspa = "MspaVersion/6 MspaCoveredTransaction MspaMode"
    return f"{mspa} ProcessingNotice {_SALE_AND_ADS} {rest}"


_CHILD_AND_MORE = "KnownChildSensitiveDataConsents AdditionalDataProcessingConsent"
_NATIONAL = (
    "SharingNotice SaleOptOutNotice SharingOptOutNotice TargetedAdvertisingOptOutNotice"
    " SensitiveDataProcessingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut SharingOptOut"
    " TargetedAdvertisingOptOut SensitiveDataProcessing:{sensitive}"
    f" KnownChildSensitiveDataConsents:{{child}} PersonalDataConsents {_MODES}"
)
NATIONAL, FIRST_LATER = 7, 24
# by section id: its prefix in the API, and its fields behind the version
SECTIONS: Final[dict[int, tuple[str, str]]] = {
    NATIONAL: ("usnat", _NATIONAL.format(sensitive=16, child=3)),
    8: (
        "usca",
        "SaleOptOutNotice SharingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut SharingOptOut"
        " SensitiveDataProcessing:9 KnownChildSensitiveDataConsents:2 PersonalDataConsents"
        f" {_MODES}",
    ),
    9: ("usva", _state("SharingNotice", 8, 1, more=False)),
    10: ("usco", _state("SharingNotice", 7, 1, more=False)),
    11: (
        "usut",
        "SharingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice"
        " SensitiveDataProcessingOptOutNotice SaleOptOut TargetedAdvertisingOptOut"
        f" SensitiveDataProcessing:8 KnownChildSensitiveDataConsents {_MODES}",
    ),
    12: ("usct", _state("SharingNotice", 8, 3, more=False)),
    13: ("usfl", _state("ProcessingNotice", 8, 3)),
    14: ("usmt", _state("SharingNotice", 8, 3)),
    15: ("usor", _state("ProcessingNotice", 11, 3)),
    16: ("ustx", _state("ProcessingNotice", 8, 1)),
    17: ("usde", _state("ProcessingNotice", 9, 5)),
    18: (
        "usia",
        "ProcessingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice"
        " SensitiveDataOptOutNotice SaleOptOut TargetedAdvertisingOptOut SensitiveDataProcessing:8"
        f" KnownChildSensitiveDataConsents {_MODES}",
    ),
    19: ("usne", _state("ProcessingNotice", 8, 1)),
    20: ("usnh", _state("ProcessingNotice", 8, 3)),
    21: ("usnj", _state("ProcessingNotice", 10, 5)),
    22: ("ustn", _state("ProcessingNotice", 8, 1)),
    23: ("usmn", _state("ProcessingNotice", 8, 1)),
    FIRST_LATER: ("usmd", _later_state("AdditionalDataProcessingConsent")),
    25: ("usin", _later_state(_CHILD_AND_MORE)),
    26: ("usky", _later_state(_CHILD_AND_MORE)),
    27: ("usri", _later_state(_CHILD_AND_MORE)),
}
_WITH_GPC = frozenset(SECTIONS) - {9, 11, 13, 25, 26, 27}
# version 1 of the national section had fewer activities
_FIRST_NATIONAL = _NATIONAL.format(sensitive=12, child=2)


@dataclass(frozen=True)
class UsSection:
    """What a section says, by the names of the specification."""

    id: int
    name: str
    fields: dict[str, Any]

    @property
    def opt_outs(self) -> frozenset[str]:
        """Which opt-outs it says, GPC among them."""
        said = {name for name in OPT_OUTS if self.fields.get(name) == OPTED_OUT}
        return frozenset(said | ({GPC} if self.fields.get(GPC) else set()))

    def as_evidence(self) -> dict[str, Any]:
        """Its fields, but for those that say "not applicable"."""
        return {name: value for name, value in self.fields.items() if value}


def read(number: int, text: str) -> UsSection:
    """A section of this id. Raises Broken."""
    name, layout = SECTIONS[number]
    core, *others = text.split(".")
    bits = Bits(core)
    fields: dict[str, Any] = {}
    if number >= FIRST_LATER:
        if bits.number(BITS_A_CHARACTER) == number:  # a head, as the specification has it
            fields["Version"] = bits.number(BITS_A_CHARACTER)
            core, *others = others or [""]
        bits = Bits(core)
    else:
        fields["Version"] = bits.number(BITS_A_CHARACTER)
        if number == NATIONAL and fields["Version"] == 1:
            layout = _FIRST_NATIONAL
    fields |= _read(bits, layout)
    if number in _WITH_GPC:
        fields |= _gpc(others)
    return UsSection(number, name, fields)


def _read(bits: Bits, layout: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in layout.split():
        name, _colon, count = entry.partition(":")
        name, _slash, width = name.partition("/")
        several = int(count or 1)
        read = bits.numbers(int(width or 2), several)
        found[name] = read if several > 1 else read[0]
    return found


def _gpc(segments: list[str]) -> dict[str, bool]:
    """The subsection of type 1, where it is there."""
    for segment in segments:
        bits = Bits(segment)
        if bits.number(2) == 1:
            return {GPC: bits.flag()}
    return {}

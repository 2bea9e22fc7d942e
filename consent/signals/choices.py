"""What a message says of the person's choice: `context.consent`, as consent platforms send it.

`categoryPreferences` is Segment's consent object (its Kotlin library drops the last letter), by
which RudderStack's `context.consentManagement` is read as well; `tcf`, `gpp` and `gppSid` are
strings of the IAB, which sites put beside it; `wording` and `language` are what was shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from django.utils.translation import gettext_noop

from config.workspace.pages.sentences import Sentences
from consent.signals import bits, gpp, tcf
from consent.signals.bits import Broken, IdSet
from consent.signals.gpp import GppString
from profiles.calls.messages import Context

MOST_CATEGORIES, LONGEST_NAME = 100, 100
MOST_DIGITS = 10  # of a section, and more
LONGEST_STRING = 12_000  # characters
UNREADABLE, STRING = "consent_object", "consent_string"
KINDS: Final = {"tcf": ("tcf", "tcString"), "gpp": ("gpp", "gppString")}
TOO_LONG = gettext_noop("it is over %(n)d characters")
NO_OBJECT = gettext_noop("%(name)s is no object")
NO_TEXT = gettext_noop("%(name)s is no text")
TOO_MANY = gettext_noop("%(name)s has over %(n)d names, or a longer one")
SENTENCES = Sentences(
    *(TOO_LONG, NO_OBJECT, NO_TEXT, TOO_MANY),
    *(bits.EMPTY, bits.NOT_BASE64, bits.TOO_SHORT, bits.NO_LETTER, bits.NO_RANGE, bits.NO_NUMBER),
    *(bits.NOT_SORTED, tcf.NOT_VERSION_2, tcf.UNKNOWN_SEGMENT, tcf.TWICE, tcf.NOT_DISCLOSED),
    *(tcf.OLD_POLICY, tcf.GLOBAL, gpp.NO_HEADER, gpp.NOT_VERSION_1, gpp.OTHER_COUNT),
    gpp.NOT_US_PRIVACY,
)


@dataclass
class ConsentChoice:
    """What was said, by signal. `categories` is None where there was no such object."""

    categories: Mapping[str, bool] | None = None
    strings: dict[str, str] = field(default_factory=dict)  # as they came, by `tcf` and `gpp`
    tcf: list[IdSet] = field(default_factory=list)  # purposes that are allowed, by string
    features: list[IdSet] = field(default_factory=list)  # special features, beside them
    opt_outs: frozenset[str] = frozenset()  # of the sections that apply
    decoded: dict[str, Any] = field(default_factory=dict)
    wording: Any = ""
    language: str = ""
    faults: list[tuple[str, str, str]] = field(default_factory=list)  # code, reason, example
    answers: dict[int, bool] = field(default_factory=dict)  # by purpose, once it is mapped

    @property
    def says_nothing(self) -> bool:
        """Nothing of any signal counts."""
        return self.categories is None and not self.tcf and not self.opt_outs


def read_choice(context: Context) -> ConsentChoice | None:
    """The choice in a message's context; None where it holds none."""
    given = context.consent
    if given is None and context.consent_management is None:
        return None
    choice = ConsentChoice()
    if given is not None and not isinstance(given, dict):
        _fault(choice, UNREADABLE, NO_OBJECT % {"name": "context.consent"}, given)
        given = None
    said = given or {}
    choice.categories = _categories(choice, given, context.consent_management)
    _read_strings(choice, said)
    choice.wording = said.get("wording", "")
    language = said.get("language")
    choice.language = language if isinstance(language, str) else ""
    return choice


def _categories(
    choice: ConsentChoice, given: dict[str, Any] | None, other: Any
) -> dict[str, bool] | None:
    """Only true is yes. An object without any part at all is an empty one: all no."""
    if given == {}:
        return {}
    for name in ("categoryPreferences", "categoryPreference"):
        if given and given.get(name) is not None:
            return _named(choice, name, given[name])
    if isinstance(other, dict):
        lists = {"allowedConsentIds": True, "deniedConsentIds": False}
        told = {
            name: allowed
            for key, allowed in lists.items()
            if isinstance(other.get(key), list)
            for name in other[key]
            if isinstance(name, str)
        }
        is_said = any(isinstance(other.get(key), list) for key in lists)
        return _named(choice, "consentManagement", told) if is_said else None
    return None


def _named(choice: ConsentChoice, name: str, given: Any) -> dict[str, bool] | None:
    if not isinstance(given, dict):
        _fault(choice, UNREADABLE, NO_OBJECT % {"name": name}, given)
        return None
    if len(given) > MOST_CATEGORIES or any(len(key) > LONGEST_NAME for key in given):
        _fault(choice, UNREADABLE, TOO_MANY % {"name": name, "n": MOST_CATEGORIES}, "")
        return None
    return {key: value is True for key, value in given.items()}


def _fault(choice: ConsentChoice, code: str, reason: str, example: Any) -> None:
    text = example if isinstance(example, str) else ""
    choice.faults.append((code, reason, text[:LONGEST_NAME]))


def _read_strings(choice: ConsentChoice, said: Mapping[str, Any]) -> None:
    for kind, names in KINDS.items():
        text = next((said[name] for name in names if said.get(name) is not None), None)
        if text is None:
            continue
        if not isinstance(text, str):
            _fault(choice, STRING, NO_TEXT % {"name": kind}, text)
            continue
        found = _decode(text)
        if isinstance(found, Broken):
            _fault(choice, STRING, str(found), text)
            continue
        _take(choice, kind, text, found, _applicable(said.get("gppSid")))


@lru_cache(maxsize=512)
def _decode(text: str) -> GppString | Broken:
    """The same string comes with each event of a visitor. A bare TC string is a GPP string too."""
    if len(text) > LONGEST_STRING:
        return Broken(TOO_LONG, n=LONGEST_STRING)
    try:
        return gpp.read(text)
    except Broken as broken:
        return broken


def _applicable(given: Any) -> frozenset[int] | None:
    """The sections that apply: numbers, or a text such as "2_6"; None where it is not said."""
    if given is None:
        return None
    parts = given if isinstance(given, list) else str(given).replace(",", "_").split("_")
    texts = [str(part).strip() for part in parts]
    # a longer one is no number of a section, and Python refuses to read it
    short = (text for text in texts if len(text) < MOST_DIGITS)
    return frozenset(int(text) for text in short if text.isascii() and text.isdigit())


def _take(
    choice: ConsentChoice, kind: str, text: str, found: GppString, applicable: frozenset[int] | None
) -> None:
    """What of the string applies and counts."""

    def applies(number: int) -> bool:
        return kind == "tcf" or applicable is None or number in applicable

    if found.tcf is not None and applies(gpp.TCF_EU):
        fault = found.tcf.fault()
        if fault is None:
            choice.tcf.append(found.tcf.answers)
            choice.features.append(found.tcf.special_features)
        else:
            _fault(choice, STRING, str(fault), text)
    if found.canada is not None and applies(gpp.TCF_CANADA):
        choice.tcf.append(found.canada.answers)
        choice.features.append(found.canada.special_features)
    told = [section.opt_outs for number, section in found.us.items() if applies(number)]
    choice.opt_outs = choice.opt_outs.union(*told)
    choice.strings[kind] = text
    choice.decoded[kind] = found.as_evidence()

"""What somebody types or pastes to find a person: an address or number, as it is shown anywhere.

One place for whoever looks somebody up: the palette, lists of people, live events, suppressions,
requests, the ledger. A number is read as `normalise` reads it when it comes in; while it is still
being typed, by its beginning.
"""

import re
from collections.abc import Iterable

import phonenumbers

from profiles.identifiers.normalise import normalise

SHORTEST = 5  # digits; fewer are an order number as well as a beginning of one
LONGEST = 20
_NUMBER = re.compile(r"[+＋]?[\d\s().\-/‐‑–—·]+")  # noqa: RUF001 - as phones and tables write it
# what a browser or a mail program copies along: marks of direction, blanks of no width, "tel:"
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SCHEME = re.compile(r"(mailto|tel|sms):(?://)?", re.IGNORECASE)
_NAMED = re.compile(r".*<([^<>\s]+@[^<>\s]+)>")  # Jane Doe <jane@example.com>


def cleaned(text: str) -> str:
    """What was typed, without what nobody sees or means."""
    plain = _SCHEME.sub("", _UNSEEN.sub("", text).strip(), count=1)
    named = _NAMED.fullmatch(plain)
    return (named[1] if named else plain).strip()


def is_like_a_number(text: str) -> bool:
    """Whether it has the digits of a number and nothing that no number has."""
    text = cleaned(text)
    digits = sum(map(str.isdecimal, text))
    return SHORTEST <= digits <= LONGEST and _NUMBER.fullmatch(text) is not None


def spelled(kind: str, text: str, region: str = "") -> str:
    """What was typed for an identifier of this kind, in its one spelling; "" where it is none.

    A number may be dialled as from a country where 00 leads abroad, wherever one is.
    """
    text = cleaned(text)
    found = normalise(kind, text, region)
    if not found and kind == "phone" and text.startswith("00") and is_like_a_number(text):
        return normalise(kind, f"+{text[2:]}")
    return found


def contact_of(text: str, region: str = "") -> tuple[str, str] | None:
    """(kind, value) of the mail address or number that this is, in its one spelling.

    None where it is neither, or no valid one. `region` (two letters) is where a number without `+`
    is from.
    """
    text = cleaned(text)
    kind = "email" if "@" in text else "phone" if is_like_a_number(text) else ""
    value = spelled(kind, text, region) if kind else ""
    return (kind, value) if value else None


def reference_of(text: str, region: str = "") -> tuple[str, str] | None:
    """(kind, value) of what names somebody: `kind:value`, or an address or number as it is."""
    text = text.strip()
    contact = contact_of(text, region)
    if contact:
        return contact
    kind, colon, value = text.partition(":")
    return (kind, value) if colon and kind and value else None


def beginnings(text: str, region: str = "") -> list[str]:
    """What the E.164 of a number begins with, of which somebody typed the first digits or all.

    0812 3456 is of Indonesia +628123456, and 628123456 as well. Empty for what is no number.
    """
    text = cleaned(text)
    if not is_like_a_number(text):
        return []
    digits = phonenumbers.normalize_digits_only(text)
    found = [f"+{digits.lstrip('0')}"] if digits.strip("0") else []
    try:
        number = phonenumbers.parse(text, region.upper() or None)
    except phonenumbers.NumberParseException:
        return found
    national = phonenumbers.national_significant_number(number)
    # of a few digits the library cannot say whether the zero is dialled at home alone
    at_home = (f"+{number.country_code}{digits}" for digits in (national, national.lstrip("0")))
    return list(dict.fromkeys([*at_home, *found]))


def elsewhere(text: str, regions: Iterable[str]) -> list[str]:
    """The numbers, whole and valid, that this is as people of these countries write it at home."""
    if not is_like_a_number(text) or cleaned(text).startswith(("+", "＋", "00")):
        return []
    read = (normalise("phone", cleaned(text), region) for region in regions)
    return list(dict.fromkeys(filter(None, read)))

"""What a value gives away by itself, whatever it is called: addresses, numbers, cards.

A text is read once and each find is replaced. It errs towards hiding; a number is hidden as a phone
number where it is written like one (a plus or a zero in front, or groups), since a bare number is
mostly an order.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

import phonenumbers

from config.workspace.roles.sight import MASKED, DataKind, Level, RoleSight

EMAIL, PHONE, ADDRESS, OTHER = DataKind.EMAIL, DataKind.PHONE, DataKind.ADDRESS, DataKind.OTHER
DOTS = "•••"
LONGEST = 20_000  # characters that are looked at; what is longer is hidden from there on
# where so many have their mailbox that the domain says nothing of anybody
SHARED_DOMAINS = {
    *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
    *("yahoo.com", "yahoo.co.id", "ymail.com", "icloud.com", "me.com", "aol.com", "gmx.de"),
    *("gmx.net", "web.de", "proton.me", "protonmail.com", "mail.ru", "yandex.ru", "qq.com"),
    *("163.com", "orange.fr", "ziggo.nl", "kpnmail.nl", "example.com", "example.org"),
    *("example.net",),
}
# A find begins where its word does, or at the last slash before a question mark: begun at each
# letter anew, 20,000 letters before an @ took seconds.
_MAIL = re.compile(r"(?<![^\s@<>\"'(),;:\[\]])[^\s@<>\"'(),;:\[\]]++@[^\s@<>\"'(),;:\[\]]+")
_MAIL_IN_URL = re.compile(r"(?<=[=/])[^\s=&/?#]+%40[^\s&/?#]+", re.IGNORECASE)
_QUERY = re.compile(r"(/[^\s?#/]*+)[?#]\S*")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])")
_TIME = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
# kept as they are: times, UUIDs, and words with few digits in them (a-1234567, img_00123456)
_NUMBERS = re.compile(
    rf"(?P<kept>{_TIME}|{_UUID}|[^\W\d](?:[^\W\d]|[-_]|\d{{1,9}}(?!\d))*)"
    r"|(?P<number>(?<![\w.,])(?:\+|\()?\d[\d\s().\-/]{5,24}\d(?![\w]))"
    r"|(?P<run>(?<=[^\W\d_])\d{10,15}(?!\d))"
)
_GROUPS = re.compile(r"\d+")
_MIN_DIGITS, _MAX_DIGITS = 7, 15
_CARD_DIGITS = range(13, 20)
_BARE_DIGITS = range(9, 16)
_BARE_ID_DIGITS = 10


def mask_email(value: str) -> str:
    """j***@example.com; a domain that is one's own is hidden as well."""
    local, at, domain = value.rpartition("@")
    if not at:
        return DOTS
    return f"{local[:1]}***@{domain if domain.lower() in SHARED_DOMAINS else DOTS}"


def mask_phone(value: str) -> str:
    """+31 ••• 42: the country, roughly, and the last two digits."""
    digits = re.sub(r"\D", "", value)
    return f"{'+' if value.startswith('+') else ''}{digits[:2]} {DOTS} {digits[-2:]}"


def mask_name(value: str) -> str:
    """M. S.: initials."""
    words = filter(None, (word.strip("'’\"().,-") for word in value.split()))
    return " ".join(f"{word[0].upper()}." for word in list(words)[:3])


def mask_text(text: str, sight: RoleSight = MASKED) -> str:
    """A text in which whatever looks personal is hidden, save what this sight shows."""
    if sight.is_whole:
        return text
    if len(text) > LONGEST:
        return mask_text(text[:LONGEST], sight) + DOTS
    level = _levels(sight)
    if level[EMAIL] is not Level.SHOWN and "@" in text:
        text = _MAIL.sub(lambda found: _mail_at(level[EMAIL], found[0]), text)
    if level[EMAIL] is not Level.SHOWN and "%40" in text:
        text = _MAIL_IN_URL.sub(DOTS, text)
    if level[OTHER] is not Level.SHOWN and ("?" in text or "#" in text) and "/" in text:
        text = _QUERY.sub(lambda found: found[1], text)
    if not any(map(str.isdigit, text)):
        return text
    if level[OTHER] is not Level.SHOWN:
        text = _IBAN.sub(DOTS, text)
    if level[ADDRESS] is not Level.SHOWN:
        text = _IPV4.sub(_if_address, text)
        if ":" in text:
            text = _IPV6.sub(_if_address, text)
    words = any(map(str.isalpha, text))
    return _NUMBERS.sub(lambda found: _if_number(found, level, among_words=words), text)


def _levels(sight: RoleSight) -> Mapping[DataKind, Level]:
    return {kind: sight.of_kinds([kind]) for kind in (EMAIL, PHONE, ADDRESS, OTHER)}


def _mail_at(level: Level, value: str) -> str:
    return mask_email(value) if level is Level.MASKED else DOTS


def _phone_at(level: Level, value: str) -> str:
    if level is Level.SHOWN:
        return value
    return mask_phone(value) if level is Level.MASKED else DOTS


def looks_personal(value: Any, sight: RoleSight = MASKED) -> bool:
    """Whether something in the text is hidden from those who have no more than this sight."""
    return isinstance(value, str) and mask_text(value, sight) != value


def is_number_of_someone(value: str) -> bool:
    """Whether an id is a phone number or a card: 628123456789 is both an id and a number to call.

    Short bare numbers are ids: only a plus, a zero in front or ten digits make one of them a phone.
    """
    digits = "".join(filter(str.isdigit, value))
    if any(map(str.isalpha, value)) or not _MIN_DIGITS <= len(digits) <= _CARD_DIGITS[-1]:
        return False
    if _is_card(digits) or value[0] in "+0(":
        return True
    if len(digits) < _BARE_ID_DIGITS:
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}", None))
    except phonenumbers.NumberParseException:
        return False


def _if_address(found: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(found[0])
    except ValueError:
        return found[0]
    return DOTS


def _if_number(found: re.Match[str], level: Mapping[DataKind, Level], *, among_words: bool) -> str:
    if found["kept"] is not None:
        return found[0]
    number = found[0]
    if found["run"]:
        return _phone_at(level[PHONE], number)
    groups = _GROUPS.findall(number)
    digits = str(int("1" + "".join(groups)))[1:]  # those of other scripts read the same
    if _is_card(digits):
        return number if level[OTHER] is Level.SHOWN else DOTS
    if not _MIN_DIGITS <= len(digits) <= _MAX_DIGITS:
        return number
    leads = number[0] in "+(" or digits[0] == "0"
    grouped = len(groups) > 2 or (len(groups) == 2 and len(groups[0]) in (2, 3))  # noqa: PLR2004
    is_bare = len(groups) == 1 and len(digits) in _BARE_DIGITS and among_words
    return _phone_at(level[PHONE], number) if leads or grouped or is_bare else number


def _is_card(digits: str) -> bool:
    """Luhn's sum over as many digits as cards have."""
    if len(digits) not in _CARD_DIGITS or len(set(digits)) == 1:
        return False
    doubled = [sum(divmod(2 * int(d), 10)) for d in digits[-2::-2]]
    return (sum(doubled) + sum(int(d) for d in digits[-1::-2])) % 10 == 0

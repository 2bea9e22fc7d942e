"""One spelling of each identifier, so that two of the same are equal."""

import re
from functools import lru_cache
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

# What nearly every address looks like; the library is asked about the others.
PLAIN_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
MAX_LOCAL, MAX_EMAIL = 64, 254
ALIASES = {
    "userid": "user_id",
    "anonymousid": "anonymous_id",
    "deviceid": "device_id",
    "email_address": "email",
}
NOT_IN_KIND = re.compile(r"[^a-z0-9_.\-]+")


@lru_cache(maxsize=4096)
def normalise_kind(kind: str) -> str:
    """The name of a kind as we keep it: lower case, ASCII, words joined by an underscore."""
    lowered = NOT_IN_KIND.sub("_", kind.strip().lower()).strip("_")[:60]
    return ALIASES.get(lowered, lowered)


def normalise(kind: str, value: str, region: str = "") -> str:
    """The value in its one spelling; "" where it is no valid e-mail address or phone number.

    `region` (ISO 3166 two letters) is where a phone number without `+` is from.
    """
    value = value.strip()
    if kind == "email":
        return normalise_email(value)
    if kind == "phone":
        return normalise_phone(value, region)
    return value


@lru_cache(maxsize=65536)
def normalise_email(value: str) -> str:
    """Trimmed, lower case; "" if the syntax is wrong. No DNS is asked."""
    lowered = value.strip().lower()
    # of an international domain there are two spellings; the library knows that they are one
    plain = len(lowered) <= MAX_EMAIL and "xn--" not in lowered
    if plain and PLAIN_EMAIL.fullmatch(lowered):
        return lowered if lowered.index("@") <= MAX_LOCAL else ""
    try:
        found = validate_email(value.strip(), check_deliverability=False, test_environment=True)
    except (EmailNotValidError, ValueError):
        return ""
    return found.normalized.lower()


@lru_cache(maxsize=65536)
def normalise_phone(value: str, region: str = "") -> str:
    """E.164, as +628123456789; "" if it is no number that its country gives out.

    Of a right length is not enough: 0000000000 would be somebody's in 150 countries.
    A number with an extension is a switchboard's: everybody behind it would be one.
    """
    try:
        number = phonenumbers.parse(value, region.upper() or None)
    except phonenumbers.NumberParseException:
        return ""
    if number.extension or not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def text_of(value: Any) -> str:
    """An id as text: numbers as a client would print them (7.0 is "7"), anything else is none."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(int(value)) if float(value).is_integer() else repr(value)

"""When two spellings are the same: of contact points, and of codes such as countries.

One place for whoever compares: rules, goals, lists, screens. Contact points compare by the normal
form that identity uses, codes ignore case, blanks around them and whether `-` or `_` joins parts.
"""

import re
from functools import lru_cache

import phonenumbers

from profiles.identifiers.normalise import normalise, normalise_kind

EMAIL, PHONE, CODE = "email", "phone", "code"
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")  # shippingCountry
_NUMBERED = ("phone", "mobile", "cellphone", "telephone")
_CODES = ("country", "currency", "language", "locale")


@lru_cache(maxsize=4096)
def spelling_of(name: str) -> str:
    """How values of a trait, column or property of this name compare: EMAIL, PHONE, CODE or "".

    The name's last word decides: `work_email`, `phoneNumber`, `shipping_country`, `currency_code`.
    """
    words = normalise_kind(_HUMP.sub("_", name)).replace("-", "_").replace(".", "_").split("_")
    last = words[-1]
    before = words[-2] if len(words) > 1 else ""
    if last == "email" or (before, last) in (("email", "address"), ("e", "mail")):
        return EMAIL
    if last in _NUMBERED or (last == "number" and before in _NUMBERED):
        return PHONE
    return CODE if last in _CODES or (last == "code" and before in _CODES) else ""


def comparable(kind: str, value: str, region: str = "") -> str:
    """What all spellings of one contact point share.

    `kind` is EMAIL or PHONE; `region` (two letters) is where a number without `+` is from. What
    identity takes for no address or number at all has a form too, so that it equals itself.
    """
    found = normalise(kind, value, region)
    if found:
        return found
    return _number(value, region) if kind == PHONE else value.strip().lower()


def _number(value: str, region: str) -> str:
    """A number that nobody was given, or of a switchboard with an extension; else its signs."""
    try:
        number = phonenumbers.parse(value, region.upper() or None)
    except phonenumbers.NumberParseException:
        return "".join(sign for sign in value.lower() if sign.isalnum() or sign == "+")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.RFC3966))

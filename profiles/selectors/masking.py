"""Personal values, hidden from those without `people.personal` (design.md, guarantee 9)."""

import re
from collections.abc import Mapping
from typing import Any

DOTS = "•••"
PERSONAL_KINDS = {"email", "phone"}
# names of traits and properties that are personal, without case, space, dash and underscore;
# a higher app may add its own
PERSONAL_NAMES = {
    *("email", "emailaddress", "mail", "phone", "phonenumber", "mobile", "tel", "telephone"),
    *("name", "fullname", "firstname", "lastname", "middlename", "surname", "givenname"),
    *("familyname", "username", "nickname", "displayname", "birthday", "birthdate"),
    *("dateofbirth", "dob", "address", "street", "streetaddress", "address1", "address2"),
    *("billingaddress", "shippingaddress", "postalcode", "postcode", "zip", "zipcode"),
    *("avatar", "photo", "ip", "ipaddress", "ssn", "taxid", "iban", "passport", "latitude"),
    *("longitude", "lat", "lng", "lon", "location", "recipient", "to"),
}
# personal too where a name ends in them, as contact_email and billingPhone do
PERSONAL_ENDINGS = {
    *("email", "emailaddress", "phone", "phonenumber", "telephone", "whatsapp", "birthday"),
    *("birthdate", "dateofbirth", "dob", "firstname", "lastname", "fullname", "surname"),
    *("familyname", "ipaddress", "ssn", "taxid", "iban", "passport", "postalcode", "zipcode"),
}
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+|[^\W_]+")
_MAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_PHONE = re.compile(r"^\+?[\d\s().-]{8,20}$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d")
_MIN_DIGITS = 8


def is_personal_name(name: str) -> bool:
    """Whether a trait or property of this name holds personal data."""
    if re.sub(r"[\s_.-]", "", name).lower() in PERSONAL_NAMES:
        return True
    words = [word.lower() for word in _WORD.findall(name)]
    return any("".join(words[start:]) in PERSONAL_ENDINGS for start in range(1, len(words)))


def is_personal_key(kind: str, value: str) -> bool:
    """Whether an identifier is personal data: who may not see it may not ask by it either."""
    return kind in PERSONAL_KINDS or is_personal_name(kind) or "@" in value


def mask_email(value: str) -> str:
    """j***@example.com."""
    local, at, domain = value.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if at else DOTS


def mask_phone(value: str) -> str:
    """+31 ••• 42: the country, roughly, and the last two digits."""
    digits = re.sub(r"\D", "", value)
    return f"{'+' if value.startswith('+') else ''}{digits[:2]} {DOTS} {digits[-2:]}"


def mask_name(value: str) -> str:
    """M. S.: initials."""
    return " ".join(f"{word[0].upper()}." for word in value.split()[:3])


def mask_text(value: str) -> str:
    """A text that is personal by its name: by what it looks like, else hidden."""
    if _MAIL.search(value):
        return _MAIL.sub(lambda found: mask_email(found[0]), value)
    if _looks_like_phone(value):
        return mask_phone(value)
    return mask_name(value) if value.replace(" ", "").isalpha() else DOTS


def mask_value(name: str, value: Any) -> Any:
    """A trait or property as one without the right sees it."""
    if is_personal_name(name):
        return mask_text(value) if isinstance(value, str) else None if value is None else DOTS
    return mask_stray(value)


def mask_stray(value: Any) -> Any:
    """Mail addresses and personal names hide anywhere: in lists, nested objects and ids."""
    if isinstance(value, str):
        return _MAIL.sub(lambda found: mask_email(found[0]), value) if "@" in value else value
    if isinstance(value, Mapping):
        return {mask_stray(key): mask_value(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [mask_stray(item) for item in value]
    return value


def mask_identifier(kind: str, value: str) -> str:
    """An identifier's value as one without the right sees it."""
    if kind == "email":
        return mask_email(value)
    if kind == "phone":
        return mask_phone(value)
    return str(mask_value(kind, value))


def _looks_like_phone(value: str) -> bool:
    if _DATE.match(value):  # a birthday: century and day would stay
        return False
    return bool(_PHONE.match(value)) and sum(c.isdigit() for c in value) >= _MIN_DIGITS


class Shown:
    """How personal values are shown to one caller: whole, or masked."""

    def __init__(self, personal: bool) -> None:
        self.personal = personal

    def name(self, value: str) -> str:
        """A person's name."""
        return value if self.personal else mask_name(value)

    def identifier(self, kind: str, value: str) -> str:
        """An identifier's value."""
        return value if self.personal else mask_identifier(kind, value)

    def value(self, name: str, value: Any) -> Any:
        """One trait or property."""
        return value if self.personal else mask_value(name, value)

    def mapping(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Traits or properties."""
        return {name: self.value(name, value) for name, value in values.items()}

    def stray(self, value: Any) -> Any:
        """Evidence, errors: anything in which a personal value may hide."""
        return value if self.personal else mask_stray(value)

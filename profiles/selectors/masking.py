"""The one gate for values of people (design.md, guarantee 9).

Whoever has `people.personal` is shown all; anybody else what is known to be harmless, in short
masked forms (initials, j***@example.com) where those help to tell people apart, and dots for the
rest. What is personal is answered by `profiles.personal` alone.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from profiles.personal.looks import (
    DOTS,
    is_number_of_someone,
    looks_personal,
    mask_email,
    mask_name,
    mask_phone,
    mask_text,
)
from profiles.personal.names import FieldPlace, Nature
from profiles.personal.tags import is_harmless, nature, said_of
from profiles.personal.usual import is_personal_name

__all__ = [
    "DOTS",
    "HIDDEN_WORDS",
    "PERSONAL_KINDS",
    "FieldPlace",
    "Shown",
    "is_harmless",
    "is_personal_key",
    "is_personal_name",
    "looks_personal",
    "mask_identifier",
    "mask_text",
    "mask_value",
    "place_of",
]

# the one sentence beside what is masked
HIDDEN_WORDS = _("Hidden: your role does not see personal data.")
PERSONAL_KINDS = {"email", "phone"}
_PHONE = re.compile(r"^\+?[\d\s().-]{8,20}$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d")
_MIN_DIGITS = 8
# what a fault quotes of the call; the decoder's own names of types are nobody's
_QUOTED = re.compile(r"[“\"'`].*[”\"'`]", re.DOTALL)
_TYPES = re.compile(r"Expected `[\w| ]{1,60}`(?:, got `\w{1,20}`)?")
LONGEST_FAULT = 2_000  # characters
_SMTP = re.compile(r"^\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?\b")
# of a call as it came: what stands in each of its parts
_IDS = {"userId": "user_id", "anonymousId": "anonymous_id", "previousId": "user_id"}
_ENVELOPE = {"type", "event", "messageId", "name", "channel", "version", "category"}
_TIMES = {"timestamp", "sentAt", "originalTimestamp", "receivedAt"}
_MOMENT = re.compile(r"[\d:.TZ +-]{8,40}")


def is_personal_key(kind: str, value: str) -> bool:
    """Whether an identifier is personal data: who may not see it may not ask by it either."""
    if not is_harmless(FieldPlace.IDENTIFIER, kind) or looks_personal(value):
        return True
    is_tagged = said_of(FieldPlace.IDENTIFIER, kind) is False
    return not is_tagged and is_number_of_someone(value)


def place_of(event_type: str, properties: Mapping[str, Any]) -> FieldPlace:
    """What the names in a call's properties are of."""
    if event_type in ("page", "screen"):
        return FieldPlace.PAGE
    if event_type in ("identify", "group"):
        return FieldPlace.TRAIT
    is_product = "product_id" in properties or "sku" in properties
    return FieldPlace.PRODUCT if is_product else FieldPlace.PROPERTY


def mask_value(name: str, value: Any, place: FieldPlace = FieldPlace.TRAIT) -> Any:
    """A trait or property as one without the right sees it; `name` with its way, `company.plan`."""
    if isinstance(value, list):
        return [mask_value(name, item, place) for item in value]
    kind = nature(place, name)
    if kind is Nature.PERSONAL:
        return _mask_personal(value) if isinstance(value, str) else _dots(value)
    if isinstance(value, Mapping):
        return {
            mask_text(str(key)): mask_value(f"{name}.{key}", item, place)
            for key, item in value.items()
        }
    if kind is Nature.UNKNOWN:
        return value if isinstance(value, bool) else _dots(value)
    return mask_text(value) if isinstance(value, str) else value


def mask_identifier(kind: str, value: str) -> str:
    """An identifier's value as one without the right sees it."""
    if kind == "email":
        return mask_email(value)
    if kind == "phone":
        return mask_phone(value)
    if nature(FieldPlace.IDENTIFIER, kind) is Nature.PERSONAL:
        return _mask_personal(value)
    if not is_personal_key(kind, value):
        return value
    masked = mask_text(value)
    return masked if "@" in value else DOTS


def _dots(value: Any) -> str | None:
    return None if value is None else DOTS


def _mask_personal(value: str) -> str:
    """A text that is personal by its name: by what it looks like, else hidden."""
    if "@" in value:
        return mask_email(value.strip()) if " " not in value.strip() else DOTS
    if _looks_like_phone(value):
        return mask_phone(value)
    return mask_name(value) if value.replace(" ", "").isalpha() else DOTS


def _looks_like_phone(value: str) -> bool:
    if _DATE.match(value):  # a birthday: century and day would stay
        return False
    return bool(_PHONE.match(value)) and sum(c.isdigit() for c in value) >= _MIN_DIGITS


class Shown:
    """How values of people are shown to one caller: whole, or masked."""

    def __init__(self, personal: bool) -> None:
        self.personal = personal

    def name(self, value: str) -> str:
        """A person's name. Some are called as their address is."""
        if self.personal:
            return value
        return _mask_personal(value) if looks_personal(value) else mask_name(value)

    def identifier(self, kind: str, value: str) -> str:
        """An identifier's value."""
        return value if self.personal else mask_identifier(kind, value)

    def address(self, value: str) -> str:
        """A contact point of any channel."""
        if self.personal or not value:
            return value
        if "@" in value:
            return mask_email(value)
        return mask_phone(value) if _looks_like_phone(value) else DOTS

    def value(self, name: str, value: Any, place: FieldPlace = FieldPlace.TRAIT) -> Any:
        """One trait or property."""
        return value if self.personal else mask_value(name, value, place)

    def mapping(
        self, values: Mapping[str, Any], place: FieldPlace = FieldPlace.TRAIT
    ) -> dict[str, Any]:
        """Traits, or properties where `place` says so."""
        if self.personal:
            return dict(values)
        return {mask_text(name): mask_value(name, value, place) for name, value in values.items()}

    def properties(self, event_type: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """What a call carried."""
        return self.mapping(values, place_of(event_type, values))

    def evidence(self, values: Any) -> Any:
        """What a permission or a join rests on."""
        return self.mapping(values, FieldPlace.EVIDENCE) if isinstance(values, Mapping) else {}

    def text(self, value: Any) -> str:
        """A sentence in which something personal may stand: a title, the name of an event."""
        return str(value) if self.personal else mask_text(str(value))

    def fault(self, error: Mapping[str, Any]) -> dict[str, str]:
        """What is wrong with a call: its words may quote what was sent."""
        told = {str(name): str(value) for name, value in error.items()}
        if self.personal:
            return told
        return {
            name: text if _TYPES.fullmatch(text) else self.failure(text)
            for name, text in told.items()
        }

    def failure(self, value: str) -> str:
        """Why something of ours failed: the database quotes the value that it could not read."""
        return value if self.personal else _QUOTED.sub(DOTS, mask_text(value[:LONGEST_FAULT]))

    def said(self, value: Any) -> str:
        """What a mail server or another program said: its code, since it quotes what it got."""
        text = str(value)
        if self.personal or not text:
            return text
        code = _SMTP.match(text)
        return f"{code[0]} {DOTS}" if code else DOTS

    def call(self, body: Any) -> Any:
        """A whole call as it came in, a refused one for instance."""
        if self.personal or not isinstance(body, Mapping):
            return body if self.personal else DOTS
        return {mask_text(str(key)): self._part_of_call(key, body) for key in body}

    def _part_of_call(self, key: str, body: Mapping[str, Any]) -> Any:
        value = body[key]
        if key in ("traits", "properties"):
            if not isinstance(value, Mapping):
                return _dots(value)
            kind = "identify" if key == "traits" else str(body.get("type", ""))
            return self.properties(kind, value)
        if key in _IDS:
            return self.identifier(_IDS[key], value) if isinstance(value, str) else _dots(value)
        if key in _TIMES and isinstance(value, str):
            return value if _MOMENT.fullmatch(value) else DOTS
        if key in _ENVELOPE and isinstance(value, str):
            return mask_text(value)
        return mask_value(key, value, FieldPlace.PROPERTY)

"""The one gate for values of people.

Whoever has `people.personal` is shown all; anybody else what is known to be harmless and what the
sight of their role shows (`config.workspace.roles.sight`), in short masked forms (initials,
j***@example.com) where those help to tell people apart, and dots for the rest. What is personal,
and of which kind, is answered by `profiles.personal` alone.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from config.workspace.permissions import rights_of
from config.workspace.roles.sight import MASKED, WHOLE, DataKind, Level, RoleSight
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
from profiles.personal.tags import is_harmless, kinds_of, nature, said_of
from profiles.personal.usual import is_personal_name

__all__ = [
    "DOTS",
    "EVERYTHING",
    "HARMLESS_ALONE",
    "HIDDEN_WORDS",
    "PERSONAL_KINDS",
    "FieldPlace",
    "Shown",
    "is_harmless",
    "is_personal_name",
    "looks_personal",
    "mask_text",
    "place_of",
    "shown_to",
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
# as what a field is named in a role; of permissions and joins none is
_LOOKS = {
    "display_name": (DataKind.NAME,),
    "identifier": (DataKind.EMAIL, DataKind.PHONE),
    "address": (DataKind.EMAIL, DataKind.PHONE),
    "properties": (DataKind.EVENTS,),
}
_ASKED_AS = {FieldPlace.PAGE: FieldPlace.PROPERTY, FieldPlace.PRODUCT: FieldPlace.PROPERTY}


def place_of(event_type: str, properties: Mapping[str, Any]) -> FieldPlace:
    """What the names in a call's properties are of."""
    if event_type in ("page", "screen"):
        return FieldPlace.PAGE
    if event_type in ("identify", "group"):
        return FieldPlace.TRAIT
    is_product = "product_id" in properties or "sku" in properties
    return FieldPlace.PRODUCT if is_product else FieldPlace.PROPERTY


def _dots(value: Any) -> str | None:
    return None if value is None else DOTS


def _looks_like_phone(value: str) -> bool:
    if _DATE.match(value):  # a birthday: century and day would stay
        return False
    return bool(_PHONE.match(value)) and sum(c.isdigit() for c in value) >= _MIN_DIGITS


class Shown:
    """How values of people are shown to one caller: whole, or as their role's sight says."""

    def __init__(self, personal: bool, sight: RoleSight = MASKED) -> None:
        self.sight = WHOLE if personal else sight
        self.personal = self.sight.is_whole  # everything

    def level(self, place: FieldPlace, name: str) -> Level:
        """How much of what is called so is shown; `name` with its way, `company.plan`."""
        if self.personal:
            return Level.SHOWN
        said = self.sight.of_field(_ASKED_AS.get(place, place), name)
        return self.sight.of_kinds(kinds_of(place, name)) if said is None else said

    def may_ask(self, place: FieldPlace, name: str) -> bool:
        """Whether their rules and searches may read it: what is not shown is not asked by."""
        return self.level(place, name) is Level.SHOWN

    def sees(self, kind: DataKind) -> bool:
        """Whether they see what is of this kind, and no other."""
        return self.sight.of_kinds([kind]) is Level.SHOWN

    def sees_key(self, kind: str, value: str) -> bool:
        """Whether they see an identifier whole: who does not may not ask by it either."""
        if self.personal:
            return True
        if not self.may_ask(FieldPlace.IDENTIFIER, kind):
            return False
        if kind in PERSONAL_KINDS:
            return True
        is_tagged = said_of(FieldPlace.IDENTIFIER, kind) is False
        is_number = not is_tagged and is_number_of_someone(value)
        return not self.hides_in(value) and (self.sees(DataKind.PHONE) or not is_number)

    def hides_in(self, text: Any) -> bool:
        """Whether something in the text is hidden from them."""
        return looks_personal(text, self.sight)

    def seen_of(self, names: Iterable[str]) -> list[str]:
        """Those personal traits of these that they see, for the trail."""
        place = FieldPlace.TRAIT
        return [name for name in names if self.may_ask(place, name) and kinds_of(place, name)]

    def looked_at(self, *fields: str) -> list[str]:
        """Those of these that say who somebody is, as far as they are shown; for the trail."""
        return [name for name in fields if any(map(self.sees, _LOOKS[name]))]

    def name(self, value: str) -> str:
        """A person's name. Some are called as their address is."""
        level = self.sight.of_kinds([DataKind.NAME])
        if level is Level.SHOWN:
            return self.text(value)
        if level is Level.HIDDEN:
            return DOTS if value else value
        return self._by_looks(value) if looks_personal(value) else mask_name(value)

    def identifier(self, kind: str, value: str) -> str:
        """An identifier's value."""
        if self.sees_key(kind, value):
            return value
        level = self.level(FieldPlace.IDENTIFIER, kind)
        if level is Level.HIDDEN:
            return DOTS
        if level is Level.MASKED and kind in PERSONAL_KINDS:
            return mask_email(value) if kind == "email" else mask_phone(value)
        if level is Level.MASKED and nature(FieldPlace.IDENTIFIER, kind) is Nature.PERSONAL:
            return self._by_looks(value)
        masked = self.text(value)
        return masked if "@" in value else DOTS

    def address(self, value: str) -> str:
        """A contact point of any channel."""
        if self.personal or not value:
            return value
        return (
            self._by_looks(value)
            if "@" in value or _looks_like_phone(value)
            else self._other(value)
        )

    def value(self, name: str, value: Any, place: FieldPlace = FieldPlace.TRAIT) -> Any:
        """One trait or property; `name` with its way, `company.plan`."""
        if self.personal:
            return value
        if isinstance(value, list):
            return [self.value(name, item, place) for item in value]
        level = self.level(place, name)
        if level is Level.HIDDEN:
            return _dots(value)
        is_open = level is Level.SHOWN or nature(place, name) is not Nature.PERSONAL
        if isinstance(value, Mapping) and is_open:
            return {
                self.text(key): self.value(f"{name}.{key}", item, place)
                for key, item in value.items()
            }
        return (self._seen if level is Level.SHOWN else self._masked)(place, name, value)

    def _masked(self, place: FieldPlace, name: str, value: Any) -> Any:
        known = nature(place, name)
        if known is Nature.UNKNOWN and isinstance(value, bool):
            return value
        is_short = known is Nature.PERSONAL and DataKind.TEXT not in kinds_of(place, name)
        return self._by_looks(value) if is_short and isinstance(value, str) else _dots(value)

    def _seen(self, place: FieldPlace, name: str, value: Any) -> Any:
        """What is shown, save that an address in it stays one."""
        kinds = kinds_of(place, name)
        if isinstance(value, str):
            is_mail = DataKind.EMAIL in kinds and "@" in value and " " not in value.strip()
            is_phone = DataKind.PHONE in kinds and _looks_like_phone(value)
            return value if is_mail or is_phone else self.text(value)
        is_number = isinstance(value, int | float) and is_number_of_someone(f"{value:.0f}")
        is_phone = DataKind.PHONE in kinds or self.sees(DataKind.PHONE)
        return DOTS if is_number and kinds and not is_phone else value

    def _by_looks(self, value: str) -> str:
        """A text that is personal by its name: by what it looks like, else hidden."""
        text = value.strip()
        if "@" in text:
            kind, masked = DataKind.EMAIL, DOTS if " " in text else mask_email(text)
        elif _looks_like_phone(text):
            kind, masked = DataKind.PHONE, mask_phone(text)
        else:
            return mask_name(value) if value.replace(" ", "").isalpha() else DOTS
        level = self.sight.of_kinds([kind])
        if level is Level.SHOWN and masked is not DOTS:
            return value
        return masked if level is Level.MASKED else DOTS

    def _other(self, value: str) -> str:
        return value if self.sees(DataKind.OTHER) else DOTS

    def column(self, name: str, value: str) -> str:
        """A column of a profile: whole or dots, by what rules and the data map call it."""
        is_shown = not value or self.may_ask(FieldPlace.TRAIT, f"profile.{name}")
        return self.text(value) if is_shown else DOTS

    def mapping(
        self, values: Mapping[str, Any], place: FieldPlace = FieldPlace.TRAIT
    ) -> dict[str, Any]:
        """Traits, or properties where `place` says so."""
        if self.personal:
            return dict(values)
        return {self.text(name): self.value(name, value, place) for name, value in values.items()}

    def event(self, name: str) -> str:
        """What an event is called; that somebody did it may say much by itself."""
        return self.text(name) if self.may_ask(FieldPlace.EVENT, name) else DOTS

    def properties(
        self, event_type: str, values: Mapping[str, Any], event: str = ""
    ) -> dict[str, Any]:
        """What a call carried; nothing of an event that is hidden itself."""
        if event and not self.may_ask(FieldPlace.EVENT, event):
            return {}
        return self.mapping(values, place_of(event_type, values))

    def evidence(self, values: Any) -> Any:
        """What a permission or a join rests on."""
        return self.mapping(values, FieldPlace.EVIDENCE) if isinstance(values, Mapping) else {}

    def text(self, value: Any) -> str:
        """A sentence in which something personal may stand: a title, the name of an event."""
        return mask_text(str(value), self.sight)

    def free_text(self, value: Any) -> str:
        """What somebody wrote in words of their own; nothing of it where they may not read it."""
        return self.text(value) if self.sees(DataKind.TEXT) else ""

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
        return {self.text(key): self._part_of_call(key, body) for key in body}

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
            return self.text(value)
        return self.value(key, value, FieldPlace.PROPERTY)


EVERYTHING = Shown(True)
HARMLESS_ALONE = Shown(False)


def shown_to(who: object) -> Shown:
    """How this user or API key sees values of people."""
    return Shown(False, rights_of(who).sight)

"""What of a person's data somebody is shown: a level for each kind of data, and for single fields.

Which kind a name is of is said by `profiles.personal`; how a value looks at a level by
`profiles.selectors.masking.Shown`. Whoever has `people.personal` is shown all of it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final

MOST_FIELDS = 50
LONGEST_NAME = 200  # characters of a field's name


class DataKind(StrEnum):
    """Kinds of personal data, as few as an admin can see at once."""

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"  # where somebody lives or is, network addresses among it
    OTHER = "other"  # traits and identifiers that are none of the others
    EVENTS = "events"  # details of what somebody did
    TEXT = "text"  # what somebody wrote in their own words
    GUARDED = "guarded"  # special-category and child data, whatever else it is


class Level(IntEnum):
    """How much of a value is shown."""

    HIDDEN = 0
    MASKED = 1
    SHOWN = 2

    @property
    def word(self) -> str:
        """As it is written down."""
        return self.name.lower()


LEVELS: Final = {level.word: level for level in Level}


def plain(name: str) -> str:
    """Without letter case, space, dash and underscore; dots part the steps of a nested name."""
    return re.sub(r"[\s_-]", "", name).lower()


class NotASight(ValueError):
    """What is wrong with what was said; `path` is where."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class RoleSight:
    """Levels by kind, and by field as (place, plain name); what is not named is masked."""

    is_whole: bool = False
    kinds: Mapping[DataKind, Level] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], Level] = field(default_factory=dict)
    # the fields as somebody wrote them
    spelled: Mapping[tuple[str, str], str] = field(default_factory=dict, compare=False)

    def of_kinds(self, kinds: Iterable[DataKind]) -> Level:
        """The level of what is of all these kinds: the least of theirs."""
        if self.is_whole:
            return Level.SHOWN
        return min((self.kinds.get(kind, Level.MASKED) for kind in kinds), default=Level.SHOWN)

    def of_field(self, place: str, name: str) -> Level | None:
        """What is said of this field by name, or of what it lies in; None where nothing is."""
        step = plain(name) if self.fields else ""
        while step:
            if (place, step) in self.fields:
                return self.fields[place, step]
            step = step.rpartition(".")[0]
        return None

    def covers(self, other: "RoleSight") -> bool:
        """Whether whoever has this one sees at least what the other shows.

        Of a field that only one of them names the strictest is taken, whatever kind it is of.
        """
        if self.is_whole or other.is_whole:
            return self.is_whole
        if any(other.of_kinds([kind]) > self.of_kinds([kind]) for kind in DataKind):
            return False
        least = self.of_kinds(DataKind)
        if any(
            level > (known if (known := self.of_field(*which)) is not None else least)
            for which, level in other.fields.items()
        ):
            return False
        return all(
            (known if (known := other.of_field(*which)) is not None else Level.SHOWN) <= level
            for which, level in self.fields.items()
        )

    def as_json(self) -> dict[str, Any]:
        """As `read` takes it; kinds that are masked are left out."""
        return {
            "kinds": {
                kind.value: level.word
                for kind in DataKind
                if (level := self.of_kinds([kind])) is not Level.MASKED
            },
            "fields": {
                f"{place}:{self.spelled.get((place, name), name)}": one.word
                for (place, name), one in self.fields.items()
            },
        }


WHOLE: Final = RoleSight(is_whole=True)
MASKED: Final = RoleSight()
PLACES: Final = ("trait", "property", "identifier")


def read(said: Mapping[str, Any]) -> RoleSight:
    """{"kinds": {"email": "hidden"}, "fields": {"trait:plan": "shown"}} Raises NotASight."""
    kinds = _mapping(said, "kinds")
    fields = _mapping(said, "fields")
    if len(fields) > MOST_FIELDS:
        raise NotASight("fields", f"at most {MOST_FIELDS} fields")
    return RoleSight(
        kinds={_kind(name): _level(f"kinds.{name}", word) for name, word in kinds.items()},
        fields={_field(name): _level(f"fields.{name}", word) for name, word in fields.items()},
        spelled={_field(name): name.partition(":")[2].strip() for name in fields},
    )


def _mapping(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = said.get(name) or {}
    if not isinstance(given, Mapping):
        raise NotASight(name, "not an object")
    return given


def _kind(name: str) -> DataKind:
    try:
        return DataKind(name)
    except ValueError:
        known = ", ".join(DataKind)
        raise NotASight(f"kinds.{name}", f"no such kind of data; known: {known}") from None


def _field(name: str) -> tuple[str, str]:
    place, colon, field_name = str(name).partition(":")
    if not colon or place not in PLACES or not plain(field_name):
        raise NotASight(f"fields.{name}", "as trait:plan, property:note or identifier:card")
    if len(field_name) > LONGEST_NAME:
        raise NotASight(f"fields.{name}", f"at most {LONGEST_NAME} characters")
    return place, plain(field_name)


def _level(path: str, word: Any) -> Level:
    if not isinstance(word, str) or word not in LEVELS:
        raise NotASight(path, f"one of {', '.join(LEVELS)}")
    return LEVELS[word]

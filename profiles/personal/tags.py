"""What an admin said of a name, before what the lists say. Read again after five seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from profiles.models import FieldTag
from profiles.personal.names import FieldPlace, Nature, plain, usual_nature

KEPT_SECONDS = 5.0
# an e-mail address stays one, whatever an admin says of its name
FIXED = {
    (FieldPlace.IDENTIFIER, "email"),
    (FieldPlace.IDENTIFIER, "phone"),
    (FieldPlace.IDENTIFIER, "pushtoken"),
    (FieldPlace.TRAIT, "profile.displayname"),
}
# what is said of properties holds for those of pages and products too
_BELOW = {FieldPlace.PAGE: FieldPlace.PROPERTY, FieldPlace.PRODUCT: FieldPlace.PROPERTY}
Tags = Mapping[tuple[str, str], bool]


@dataclass
class _Kept:
    tags: Tags = field(default_factory=dict)
    until: float = 0.0


_kept = _Kept()


def tags() -> Tags:
    """(place, plain name) -> whether it is personal; one query in five seconds."""
    now = time.monotonic()
    if now >= _kept.until:
        rows = FieldTag.objects.values_list("place", "name", "is_personal")
        _kept.tags = {(place, plain(name)): is_personal for place, name, is_personal in rows}
        _kept.until = now + KEPT_SECONDS
    return _kept.tags


def forget_tags() -> None:
    """Read them anew next time (after a change, and between tests)."""
    _kept.until = 0.0


def said_of(place: FieldPlace, name: str) -> bool | None:
    """Whether an admin called it personal, or what it lies in; None where nobody said."""
    said = tags()
    if not said:
        return None
    for where in (place, _BELOW.get(place, place)):
        step = plain(name)
        while step:
            if (where, step) in said:
                return said[where, step]
            step = step.rpartition(".")[0]
    return None


def nature(place: FieldPlace, name: str) -> Nature:
    """What is known of a name: by its tag, by that of what it lies in, else by the lists."""
    if (place, plain(name)) in FIXED:
        return Nature.PERSONAL
    said = said_of(place, name)
    if said is None:
        return usual_nature(place, name)
    return Nature.PERSONAL if said else Nature.HARMLESS


def is_harmless(place: FieldPlace, name: str) -> bool:
    """Whether everyone may see it and ask by it."""
    return nature(place, name) is Nature.HARMLESS

"""What an officer said of a name, before what is usual. Read again after five seconds."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from config.workspace.registry import Registry
from config.workspace.roles.sight import DataKind
from profiles.models import FieldTag, Sensitivity
from profiles.personal.names import FieldPlace, Nature, plain
from profiles.personal.usual import usual_kinds, usual_nature, usual_sensitivity

KEPT_SECONDS = 5.0
# an e-mail address stays one, whatever an admin says of its name
FIXED = {
    (FieldPlace.IDENTIFIER, "email"),
    (FieldPlace.IDENTIFIER, "phone"),
    (FieldPlace.IDENTIFIER, "pushtoken"),
    (FieldPlace.TRAIT, "profile.displayname"),
}
# what no officer has to say: a stage is worked out about people
SCORES = {(FieldPlace.TRAIT, "profile.lifecycle")}
# nor of this: a number that was drawn says nothing of anybody
DRAWN = {(FieldPlace.TRAIT, "profile.bucket")}
GUARDED = (Sensitivity.SPECIAL.value, Sensitivity.CHILD.value)
# what is said of properties holds for those of pages and products too
_BELOW = {FieldPlace.PAGE: FieldPlace.PROPERTY, FieldPlace.PRODUCT: FieldPlace.PROPERTY}
_OF_EVENTS = {FieldPlace.PROPERTY, FieldPlace.PAGE, FieldPlace.PRODUCT, FieldPlace.EVENT}


class SaidOfField(NamedTuple):
    """One tag."""

    is_personal: bool
    sensitivity: str = ""
    purpose: str = ""
    kind: str = ""


Tags = Mapping[tuple[str, str], SaidOfField]
# name -> function(): what was derived by the tags of before is made anew
CHANGED: Registry[Callable[[], None]] = Registry("what follows from a changed tag")


@dataclass
class _Kept:
    tags: Tags = field(default_factory=dict)
    until: float = 0.0


_kept = _Kept()


def tags() -> Tags:
    """(place, plain name) -> what was said of it; one query in five seconds."""
    now = time.monotonic()
    if now >= _kept.until:
        _kept.tags = {
            (row.place, plain(row.name)): SaidOfField(
                row.is_personal, row.sensitivity, row.purpose, row.kind
            )
            for row in FieldTag.objects.all()
        }
        _kept.until = now + KEPT_SECONDS
    return _kept.tags


def forget_tags() -> None:
    """Read them anew next time (after a change, and between tests)."""
    _kept.until = 0.0


def tags_changed() -> None:
    """After a change, in its transaction: what was derived by them follows."""
    forget_tags()
    for _name, follow in CHANGED:
        follow()


def _said(place: FieldPlace, name: str) -> SaidOfField | None:
    """Of it, or of what it lies in."""
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


def said_of(place: FieldPlace, name: str) -> bool | None:
    """Whether an admin called it personal, or what it lies in; None where nobody said."""
    said = _said(place, name)
    return None if said is None else said.is_personal


def nature(place: FieldPlace, name: str) -> Nature:
    """What is known of a name: by its tag, by that of what it lies in, else by what is usual."""
    if (place, plain(name)) in FIXED:
        return Nature.PERSONAL
    if (place, plain(name)) in DRAWN:
        return Nature.HARMLESS
    said = said_of(place, name)
    if said is None:
        return usual_nature(place, name)
    return Nature.PERSONAL if said else Nature.HARMLESS


def is_harmless(place: FieldPlace, name: str) -> bool:
    """Whether everyone may see it and ask by it."""
    return nature(place, name) is Nature.HARMLESS


def guarded(place: FieldPlace, name: str) -> SaidOfField | None:
    """Special-category or child data, with the purpose that it may be read for; else None."""
    said = _said(place, name)
    if said is not None:
        return said if said.sensitivity in GUARDED else None
    usual = usual_sensitivity(name)
    is_known = usual in GUARDED and place is not FieldPlace.EVIDENCE
    return SaidOfField(True, usual) if is_known else None


def guarded_below(place: FieldPlace, name: str) -> list[SaidOfField]:
    """What is guarded of that which lies in it: whoever reads it reads that."""
    inside = f"{plain(name)}."
    return [
        said
        for (where, step), said in tags().items()
        if where == place and step.startswith(inside) and said.sensitivity in GUARDED
    ]


def is_score(place: FieldPlace, name: str) -> bool:
    """Whether it is what was worked out about people, which rests on their not objecting to it."""
    if (place, plain(name)) in SCORES:
        return True
    said = _said(place, name)
    kind = said.sensitivity if said is not None else usual_sensitivity(name)
    return kind == Sensitivity.SCORE


def kinds_of(place: FieldPlace, name: str) -> frozenset[DataKind]:
    """All the kinds of data that it is of; none of what is harmless. Who sees it sees them all.

    That somebody did something is shown to everybody, save what is guarded.
    """
    guard = guarded(place, name)
    if guard is None and (place is FieldPlace.EVENT or is_harmless(place, name)):
        return frozenset()
    said = _said(place, name)
    kinds = {DataKind(said.kind)} if said and said.kind else set(usual_kinds(name))
    if place in _OF_EVENTS:
        kinds.add(DataKind.EVENTS)
    if guard is not None:
        kinds.add(DataKind.GUARDED)
    return frozenset(kinds or {DataKind.OTHER})

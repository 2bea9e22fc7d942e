"""The usual names, which are rows (`UsualName`): only where one begins; tags go before.

A name that is in none of them is unknown, and whoever may not see personal data is not shown it.
Read again after five seconds.
"""

import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from config.workspace.roles.sight import DataKind
from profiles.models import UsualName
from profiles.personal.names import FieldPlace, Nature, endings, plain

KEPT_SECONDS = 5.0
_MOST = 20_000  # names of one process


@dataclass
class UsualNames:
    """By plain name: what is personal, what a name may end in, what is harmless, by place too;
    and of which kind of data.
    """

    personal: set[str] = field(default_factory=set)
    endings: set[str] = field(default_factory=set)
    harmless: set[tuple[str, str]] = field(default_factory=set)
    sensitive: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, DataKind] = field(default_factory=dict)
    until: float = 0.0

    @property
    def words(self) -> tuple[Any, ...]:
        """All but the time."""
        return self.personal, self.endings, self.harmless, self.sensitive, self.kinds


_kept = UsualNames()


def _usual() -> UsualNames:
    global _kept  # noqa: PLW0603 - of this process
    now = time.monotonic()
    if now < _kept.until:
        return _kept
    found = UsualNames()
    for row in UsualName.objects.all():
        if not row.is_personal:
            found.harmless.add((row.place, row.name))
            continue
        found.personal.add(row.name)
        if row.is_ending:
            found.endings.add(row.name)
        if row.sensitivity:
            found.sensitive[row.name] = row.sensitivity
        if row.kind:
            found.kinds[row.name] = DataKind(row.kind)
    is_new = found.words != _kept.words
    found.until = now + KEPT_SECONDS
    _kept = found
    if is_new:
        for known in (_is_personal, _nature, _sensitivity, _kinds):
            known.cache_clear()
    return found


def forget_usual() -> None:
    """Read them anew next time (after a change, and between tests)."""
    _kept.until = 0.0


def is_personal_name(name: str) -> bool:
    """Whether the name by itself says that it holds personal data. The usual names, no tags."""
    _usual()
    return _is_personal(name)


def usual_nature(place: FieldPlace, name: str) -> Nature:
    """What is usual of a name; a nested one is harmless where each step of its way is."""
    _usual()
    return _nature(place, name)


def usual_sensitivity(name: str) -> str:
    """What the law guards besides, by a step of its way or what it ends in; else ""."""
    _usual()
    return _sensitivity(name)


def usual_kinds(name: str) -> frozenset[DataKind]:
    """Of which kinds of data it is, by each step of its way and what it ends in; none if unsaid."""
    _usual()
    return _kinds(name)


@lru_cache(_MOST)
def _is_personal(name: str) -> bool:
    if plain(name).replace(".", "") in _kept.personal:
        return True
    steps = plain(name).split(".")
    if any(step in _kept.personal for step in steps[:-1]):
        return True
    return any(ending in _kept.endings for ending in endings(name))


@lru_cache(_MOST)
def _nature(place: FieldPlace, name: str) -> Nature:
    path = plain(name)
    if (place.value, path) in _kept.harmless:
        return Nature.HARMLESS
    if _is_personal(name) or path.rpartition(".")[2] in _kept.personal:
        return Nature.PERSONAL
    if place is FieldPlace.IDENTIFIER:
        return Nature.UNKNOWN
    is_harmless = all(("", step) in _kept.harmless for step in path.split("."))
    return Nature.HARMLESS if is_harmless else Nature.UNKNOWN


@lru_cache(_MOST)
def _sensitivity(name: str) -> str:
    named = [*plain(name).split("."), *endings(name)]
    found = [_kept.sensitive[one] for one in named if one in _kept.sensitive]
    return found[0] if found else ""


@lru_cache(_MOST)
def _kinds(name: str) -> frozenset[DataKind]:
    path = plain(name)
    named = [path.replace(".", ""), *path.split(".")]
    named += [ending for ending in endings(name) if ending in _kept.endings]
    return frozenset(_kept.kinds[one] for one in named if one in _kept.kinds)

"""The operators of rules: one class each, in the order in which they are offered."""

from collections.abc import Collection, Sequence

# isort: off
from profiles.language.operators import equality, order, texts, presence, times  # noqa: F401, I001

# isort: on
from profiles.language.operators.base import (
    A_CODE,
    A_MOMENT,
    A_NUMBER,
    A_TEXT,
    JSON,
    LOOKS,
    NUMBER,
    OPERATORS,
    TEXT,
    TIME,
    Operator,
    shown,
)

__all__ = [
    "JSON",
    "LOOKS",
    "NUMBER",
    "OPERATORS",
    "TEXT",
    "TIME",
    "Operator",
    "first_of",
    "looks_of",
    "operators_of",
    "shown",
    "usual_of",
]
_OF_TYPES = {TEXT: A_TEXT, NUMBER: A_NUMBER, TIME: A_MOMENT}
_UNSEEN = (A_TEXT, A_NUMBER)  # what a value may be that nobody saw yet


def looks_of(type_: str, seen: Sequence[str], *, is_code: bool = False) -> tuple[str, ...]:
    """What values look like: by the type where it says so, else as seen, in that order."""
    looks = [_OF_TYPES[type_]] if type_ in _OF_TYPES else [look for look in seen if look in LOOKS]
    return tuple(A_CODE if is_code and look == A_TEXT else look for look in looks) or _UNSEEN


def usual_of(type_: str, looks: Collection[str]) -> list[str]:
    """Those of `operators_of` that make sense for values that look so."""
    return [name for name in operators_of(type_) if set(OPERATORS[name].suits) & set(looks)]


def first_of(type_: str, looks: Sequence[str]) -> str:
    """The one to begin with: of the first look that has one."""
    named = operators_of(type_)
    for look in looks:
        for name in named:
            if look in OPERATORS[name].begins:
                return name
    return named[0]


def operators_of(type_: str) -> list[str]:
    """The names of those that a subject of the type can be asked by."""
    return [name for name, each in OPERATORS.items() if type_ in each.types]

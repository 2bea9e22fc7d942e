"""Narrowings of the people list, signed in by each app (`?segment=slug`)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise

from config.workspace.permissions import may
from config.workspace.registry import Registry
from profiles.models import Profile
from profiles.selectors.masking import Shown

Text = str | Promise
Values = Mapping[str, Any]
Narrowing = tuple[QuerySet[Profile], Text]


class Unfit(LookupError):
    """A value that names nothing, or that this reader may not ask by; it may have words."""


@dataclass(frozen=True)
class PeopleFilter:
    """One parameter of the list's address.

    `narrow(people, values, shown)` gives the people narrowed and the words for it; `values` has the
    parameter and those of `also`. Raises Unfit. `choices(user, shown)` are what one may choose
    from: none, and the filter is not offered. `rule(values)` is the same as a condition of a rule,
    None where no rule can say it. What is not `offered` only comes with a link.
    """

    label: Text
    narrow: Callable[[QuerySet[Profile], Values, Shown], Narrowing]
    choices: Callable[[Any, Shown], Sequence[tuple[str, Text]]]
    rule: Callable[[Values], Mapping[str, Any] | None] = lambda _values: None
    also: tuple[str, ...] = ()
    operators: Mapping[str, Text] = field(default_factory=dict)  # where `also` has one
    offered: bool = True
    right: str = ""  # what one needs besides seeing people: a filter tells what it asks of


# by the name of their parameter
PEOPLE_FILTERS: Registry[PeopleFilter] = Registry("people filters")


def parameters(values: Values) -> list[str]:
    """The names of filters in an address, each with what belongs to it where it is there itself."""
    chosen = [(main, one) for main, one in PEOPLE_FILTERS if values.get(main)]
    return [name for main, one in chosen for name in (main, *one.also)]


def apply_filters(
    people: QuerySet[Profile],
    values: Values,
    shown: Shown,
    who: object,
    names: Collection[str] | None = None,
) -> tuple[QuerySet[Profile], dict[str, Text]]:
    """`people` narrowed by every parameter (of `names`) that has a value; the words for each.

    `who` asks: for want of a filter's right its values name nothing. Raises Unfit, with the
    parameter as its first argument and words for it, or "", as its second.
    """
    words: dict[str, Text] = {}
    for name, one in PEOPLE_FILTERS:
        if values.get(name) and (names is None or name in names):
            if one.right and not may(who, one.right):
                raise Unfit(name, "")
            try:
                people, words[name] = one.narrow(people, values, shown)
            except LookupError as error:
                said = str(error) if isinstance(error, Unfit) else ""
                raise Unfit(name, said) from error
    return people, words

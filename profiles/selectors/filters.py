"""Narrowings of the people list that higher apps sign in (`?segment=slug`)."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise

from config.workspace.registry import Registry
from profiles.models import Profile

# parameter -> function(people, value) -> (people narrowed, what it is called).
# Raises LookupError for a value that names nothing.
PEOPLE_FILTERS: Registry[
    Callable[[QuerySet[Profile], str], tuple[QuerySet[Profile], str | Promise]]
] = Registry("people filters")


def apply_filters(
    people: QuerySet[Profile], values: Any
) -> tuple[QuerySet[Profile], dict[str, str | Promise]]:
    """`people` narrowed by every parameter that has a value; and the words for each.

    Raises LookupError, with the parameter as its argument.
    """
    words: dict[str, str | Promise] = {}
    for name, narrow in PEOPLE_FILTERS:
        value = values.get(name, "")
        if value:
            try:
                people, words[name] = narrow(people, value)
            except LookupError as error:
                raise LookupError(name) from error
    return people, words

"""A row that cannot be shown costs itself: its place says so, the others stand.

What somebody sent is bounded where it comes in; this is for what nobody thought of. An outage of
the database is nobody's row and goes up.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import DatabaseError, InterfaceError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

log = logging.getLogger("rapport.rows")
NOT_OURS = (DatabaseError, InterfaceError)
Thing = TypeVar("Thing")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Unshown:
    """Stands in a list for a row; `reason` is the class of what was raised, never its words."""

    reason: str

    def __str__(self) -> str:
        words = _("This row cannot be shown (%(reason)s). The server's log says more.")
        return words % {"reason": self.reason}


def unshown(error: Exception) -> Unshown:
    """Written down, for whoever runs the installation. Raises what is no row's fault."""
    if isinstance(error, NOT_OURS):
        raise error
    log.error("a row could not be shown", exc_info=error)
    return Unshown(type(error).__name__)


def each(make: Callable[[Thing], Made], things: Iterable[Thing]) -> list[Made | Unshown]:
    """`make` of every thing, an `Unshown` where that fails."""
    return [one(make, thing) for thing in things]


def one(make: Callable[[Thing], Made], thing: Thing) -> Made | Unshown:
    """`make(thing)`, or what stands in its place."""
    try:
        return make(thing)
    except Exception as error:
        return unshown(error)


def in_place_of(row: Unshown, tag: str) -> SafeString:
    """The row's place in a table (`tr`), a list (`li`) or anything else (`div`)."""
    if tag == "tr":
        return format_html('<tr><td colspan="20" class="r-sub">{}</td></tr>', row)
    name = "li" if tag == "li" else "div"
    return format_html('<{} class="r-pad r-sm r-sub">{}</{}>', name, row, name)


def answer_for(serialize: Callable[[Any], Any], row: Any) -> Any:
    """A row of an API list; of one that fails its id and why."""
    found = one(serialize, row)
    if isinstance(found, Unshown):
        return {"id": getattr(row, "pk", None), "cannot_be_shown": found.reason}
    return found

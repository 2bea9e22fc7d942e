"""In which order people are listed: each by an index, so that every page costs the same.

Seen last and new are columns with an index; a cursor is a moment and an id. Names go by the index
that search uses, which has them in lower case and in the order of their bytes (letters with accents
come behind z), and holds those alone who have one: who has none has no place. Its cursor is an id,
so that no name stands in an address; where that person is gone, the list begins again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import OrderBy, RawSQL
from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.postgres.sql import ids_in, sql
from config.postgres.wire import number_of
from config.workspace.roles.sight import DataKind
from profiles.models import Profile
from profiles.selectors.masking import Shown
from profiles.selectors.people import (
    PAGE_SIZE,
    BadCursor,
    PeoplePage,
    beyond,
    decode_cursor,
    encode_cursor,
    person_rows,
)

SEEN = "seen"


@dataclass(frozen=True)
class ByTime:
    """By a moment that every person has, the latest first."""

    label: str | Promise
    column: str

    def narrow(self, people: QuerySet[Profile]) -> QuerySet[Profile]:
        """Everybody has a place."""
        return people

    def slice(self, people: QuerySet[Profile], cursor: str, backwards: bool) -> QuerySet[Profile]:
        """Those beyond the cursor, in order. Raises BadCursor."""
        if cursor:
            at, key = decode_cursor(cursor)
            number = number_of(key)
            if not number:
                raise BadCursor(cursor)
            people = beyond(people, self.column, at, number, backwards=backwards)
        sign = "" if backwards else "-"
        return people.order_by(f"{sign}{self.column}", f"{sign}id")

    def cursor(self, person: Profile) -> str:
        """Where to go on."""
        return encode_cursor(getattr(person, self.column), person.pk)


# Django tells the parts of an order by these words; PostgreSQL passes them over
class _Up(OrderBy):
    template = "%(expression)s USING ~<~ /* ASC */"


class _Down(OrderBy):
    template = "%(expression)s USING ~>~ /* DESC */"


@dataclass(frozen=True)
class ByName:
    """By name, from A on, as the index `profile_by_name` has it."""

    label: str | Promise

    def narrow(self, people: QuerySet[Profile]) -> QuerySet[Profile]:
        """Those who have one."""
        return people.filter(display_name__gt="")

    def slice(self, people: QuerySet[Profile], cursor: str, backwards: bool) -> QuerySet[Profile]:
        """Those beyond the person of the cursor. Raises BadCursor."""
        if cursor:
            number = number_of(cursor)
            if not number:
                raise BadCursor(cursor)
            people = people.filter(_beyond_name(number, "<" if backwards else ">"))
        if backwards:
            return people.order_by(_Down(Lower("display_name")), "-id")
        return people.order_by(_Up(Lower("display_name")), "id")

    def cursor(self, person: Profile) -> str:
        """Where to go on."""
        return str(person.pk)


def _beyond_name(number: int, way: str) -> RawSQL:
    """Said twice, since the planner takes an index condition from the first alone."""
    row = 'lower("profile"."display_name")'
    here = "(SELECT lower(c.display_name) FROM profile c WHERE c.id = %s)"
    text = (
        f"({row} ~{way}=~ {here} AND ({row} ~{way}~ {here}"
        f' OR ({row} = {here} AND "profile"."id" {way} %s)))'
    )
    return RawSQL(text, [number] * 4, output_field=BooleanField())  # noqa: S611 - bound


Order = ByTime | ByName
ORDERS: dict[str, Order] = {
    SEEN: ByTime(_("Last seen"), "last_seen"),
    "new": ByTime(_("Newest"), "first_seen"),
    "name": ByName(_("Name")),
}


def orders_for(shown: Shown) -> dict[str, Order]:
    """By what is not shown nobody sorts: some are called as their address is."""
    kinds = (DataKind.NAME, DataKind.EMAIL, DataKind.PHONE)
    is_named = all(shown.sees(kind) for kind in kinds)
    return {key: order for key, order in ORDERS.items() if is_named or key != "name"}


def order_of(values: Mapping[str, Any], shown: Shown) -> tuple[str, Order]:
    """The order that an address asks for, where this reader may sort so; else who was seen last."""
    key = str(values.get("sort") or "")
    key = key if key in orders_for(shown) else SEEN
    return key, ORDERS[key]


def found_first(people: QuerySet[Profile]) -> QuerySet[Profile]:
    """The same people, for a page of few among many.

    The planner takes about every second to fit a rule, and walks the index of the order until a
    page is full: for who is rare, or far behind, to its end, by a look-up each. Behind OFFSET 0
    they are found by one scan, and sorted then.
    """
    fenced = sql("SELECT f.id FROM ({found} OFFSET 0) f", found=ids_in(people))
    return Profile.objects.filter(pk__in=fenced.raw())


def people_page(
    people: QuerySet[Profile],
    shown: Shown,
    *,
    order: Order = ORDERS[SEEN],
    before: str = "",
    after: str = "",
) -> PeoplePage:
    """The page behind `before` or in front of `after`. Raises BadCursor."""
    backwards = bool(after)
    wanted = order.slice(order.narrow(people), after or before, backwards)
    found: Sequence[Any] = list(wanted.defer("traits")[: PAGE_SIZE + 1])
    more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if backwards:
        found = found[::-1]
    first, last = (found[0], found[-1]) if found else (None, None)
    further, back = (True, more) if backwards else (more, bool(before))
    return PeoplePage(
        person_rows(found, shown),
        order.cursor(last) if last and further else "",
        order.cursor(first) if first and back else "",
    )

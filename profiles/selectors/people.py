"""The people list: one page of people with what its columns show; no query per row."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.functional import Promise

from config.workspace.registry import Registry
from profiles.identifiers.addresses import best_of_kinds
from profiles.models import EventDefinition, EventState, Profile
from profiles.selectors.finding import ORDER_EVENT
from profiles.selectors.masking import Shown

PAGE_SIZE = 50
EXACT_BELOW = 20_000
CONTACT_KINDS = ("email", "phone")


@dataclass(frozen=True)
class PeopleReach:
    """One channel on which a person can be reached; the list shows its icon."""

    channel: str
    label: str | Promise
    icon: str


# name -> function(profile_ids) -> {profile_id: [Reach, ...]}; one query for a page
REACH: Registry[Callable[[Sequence[int]], dict[int, list[PeopleReach]]]] = Registry("reach")


@dataclass
class PersonRow:
    """One line of the list."""

    profile: Profile
    name: str
    country: str = ""
    stage: str = ""
    contact: str = ""
    value: float | None = None
    orders: int = 0
    reach: list[PeopleReach] = field(default_factory=list)


@dataclass(frozen=True)
class Total:
    """How many there are: exact, or the estimate of the statistics, or at least so many."""

    count: int
    exact: bool = True


class BadCursor(ValueError):
    """A cursor that we did not make."""


def visible_people() -> QuerySet[Profile]:
    """Everyone but who was erased or merged into another."""
    return Profile.objects.living()


def encode_cursor(at: datetime, number: int | str) -> str:
    """A cursor for an address."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {number}".encode()).rstrip(b"=").decode()


def decode_cursor(text: str) -> tuple[datetime, str]:
    """What `encode_cursor` took. Raises BadCursor."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        at, _space, key = plain.partition(" ")
        moment = datetime.fromisoformat(at)
    except (ValueError, binascii.Error) as error:
        raise BadCursor(text) from error
    if moment.tzinfo is None or not key:
        raise BadCursor(text)
    return moment, key


@dataclass(frozen=True)
class PeoplePage:
    """A page of the list and the cursors of its neighbours ("" at an end)."""

    rows: list[PersonRow]
    next: str = ""
    previous: str = ""


def beyond(
    people: QuerySet[Profile], column: str, at: datetime, number: int, *, backwards: bool
) -> QuerySet[Profile]:
    """Those further on than a moment and an id, the latest first; `backwards`, the other way."""
    way = "gt" if backwards else "lt"
    # said twice, since the planner takes an index condition from the first alone
    people = people.filter(**{f"{column}__{way}e": at})
    return people.filter(Q(**{f"{column}__{way}": at}) | Q(**{column: at, f"id__{way}": number}))


def person_rows(people: Sequence[Profile], shown: Shown) -> list[PersonRow]:
    """The columns for these people: two queries and one for each function of REACH."""
    ids = [person.pk for person in people]
    rows = {p.pk: _row(p, shown) for p in people}
    if not ids:
        return []
    for profile_id, contact in main_contacts(ids).items():
        rows[profile_id].contact = shown.identifier(*contact)
    for profile_id, value, orders in _values(ids):
        rows[profile_id].value, rows[profile_id].orders = value, orders
    for _name, function in REACH:
        for profile_id, reach in function(ids).items():
            rows[profile_id].reach += reach
    return list(rows.values())


def _row(person: Profile, shown: Shown) -> PersonRow:
    stage = shown.column("lifecycle", person.lifecycle)
    country = shown.column("country", person.country)
    return PersonRow(person, shown.name(person.display_name), country, stage)


def main_contacts(profile_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """(kind, value) of the contact point that one would use, mail first; else of any there is."""
    found = {}
    for profile_id, known in best_of_kinds(profile_ids, CONTACT_KINDS).items():
        ordered = [known[kind] for kind in CONTACT_KINDS if kind in known]
        best = next((one for one in ordered if one.is_usable), ordered[0])
        found[profile_id] = (best.kind, best.value)
    return found


def _values(profile_ids: Sequence[int]) -> list[tuple[int, float | None, int]]:
    money = EventDefinition.objects.filter(is_money=True, is_conversion=True).values("name")
    states = EventState.objects.filter(profile_id__in=profile_ids, name__in=money)
    totals = states.values("profile_id").annotate(
        value=Sum("sum"), orders=Sum("count", filter=Q(name=ORDER_EVENT))
    )
    return [(row["profile_id"], row["value"], row["orders"] or 0) for row in totals]


def total_of(people: QuerySet[Profile], *, narrowed: bool) -> Total:
    """How many `people` are. Everyone is estimated where they are many; else counted to a limit."""
    if not narrowed:
        estimate = _estimate()
        if estimate > EXACT_BELOW:
            return Total(estimate, exact=False)
    some = people.order_by().values("pk")[: EXACT_BELOW + 1]
    count = some.aggregate(n=Count("pk"))["n"] or 0
    return Total(min(count, EXACT_BELOW), exact=count <= EXACT_BELOW)


def _estimate() -> int:
    """Rows of `profile` by the statistics; PostgreSQL says -1 where it has none yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'profile'::regclass")
        return int(cursor.fetchone()[0])

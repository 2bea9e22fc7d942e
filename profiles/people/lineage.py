"""Who a person is today, and who they were: the one answer to both.

A merge leaves the absorbed person's row as a husk of state `merged`, whose `merged_into_id` is who
holds it all today: never another husk, since a merge points the husks of whom it absorbs at the
survivor too, and an undoing points those back that belong to who stands again. So both questions
are one look-up, for one person or in a join over many, and nothing walks a chain of merges.

What stays under the key under which it was written (messages, ledger entries) is found by `ever`;
what is told of somebody by an old id or link goes to `today`.
"""

from collections.abc import Collection, Iterable
from typing import Final

from config.postgres.sql import Sql, sql
from profiles.models import AliasPending, Profile

# Neither erased nor merged into somebody: the people that anybody counts and finds.
_GONE: Final = "('erased', 'merged')"
# Nor restricted: those whose data may be worked with, by rules, scores and exports.
# An index holds the few who are not, by this very text (`profile_not_usable`).
_NOT_USABLE: Final = "('erased', 'merged', 'restricted')"
NOT_USABLE: Final = f"IN {_NOT_USABLE}"


def living(profile: str = "p") -> str:
    """SQL: the row `profile` is a person."""
    return f"{profile}.state NOT IN {_GONE}"


def usable(profile: str = "p") -> str:
    """SQL: the row `profile` is a person whose data may be worked with, not only kept."""
    return f"{profile}.state NOT IN {_NOT_USABLE}"


def today(profile: str = "h") -> str:
    """SQL: who the row `profile` is today, who may be its own."""
    return f"coalesce({profile}.merged_into_id, {profile}.id)"


def ids_ever(person: str) -> str:
    """SQL: a query for all whom the person of this expression ever was, themselves too."""
    return f"SELECT {person} UNION ALL SELECT o.id FROM profile o WHERE o.merged_into_id = {person}"  # noqa: S608 - names of ours


def given_people(ids: Iterable[int]) -> Sql:
    """A relation of these people: `profile_id`, as who they were given as."""
    return sql("(SELECT unnest({ids}::bigint[]) AS profile_id)", ids=list(ids))


def ever(people: Sql) -> Sql:
    """`(person_id, profile_id)`, for each of `people` all whom they ever were, themselves too.

    `people` is a relation whose `profile_id` is who they are today: a name, or a query in brackets.
    """
    return sql(_EVER, people=people)


_EVER = """(SELECT n.profile_id AS person_id, n.profile_id FROM {people} n
    UNION SELECT n.profile_id, o.id FROM {people} n
    JOIN profile o ON o.merged_into_id = n.profile_id)"""


def today_of(ids: Collection[int]) -> dict[int, int]:
    """Who these are today, by id; an unknown one is itself. One query."""
    rows = Profile.objects.filter(pk__in=ids, merged_into_id__isnull=False)
    found = dict(rows.values_list("pk", "merged_into_id")) if ids else {}
    return {number: found.get(number) or number for number in ids}


def today_id(profile_id: int) -> int:
    """Who this one is today. One query."""
    return today_of([profile_id])[profile_id]


def person_today(profile_id: int) -> Profile | None:
    """The row of who this one is today; None where that is nobody any more. Two queries."""
    return Profile.objects.living().filter(pk=today_id(profile_id)).first()


def ever_of(ids: Collection[int]) -> dict[int, list[int]]:
    """All whom each of these people ever was, themselves first. One query."""
    found: dict[int, list[int]] = {number: [number] for number in ids}
    rows = Profile.objects.filter(merged_into_id__in=ids).order_by("id")
    for owner, former in rows.values_list("merged_into_id", "pk"):
        found[owner or 0].append(former)
    return found


def ever_ids(profile_id: int) -> list[int]:
    """All whom this person ever was, themselves first. One query."""
    return ever_of([profile_id])[profile_id]


def event_places(profile_id: int) -> list[int]:
    """The ids under which this person's events lie: their own, and those not yet rewritten."""
    pending = AliasPending.objects.filter(survivor_id=profile_id)
    return [profile_id, *pending.values_list("profile_id", flat=True).distinct()]

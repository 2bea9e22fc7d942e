"""People who turn out to be one: merged in a transaction of their own, recorded, undoable.

A batch that finds two people to be one leaves a row in `merge_pending` within its own transaction;
`run_pending` does what is left, so that a kill in between loses nothing. The survivor is the oldest
known person. The absorbed one's row stays as an empty husk (state `merged`: nobody counts it),
since ledger and messages refer to it. `people.lineage` says who it is today, and its public id
leads to the survivor for ever.

Nothing personal is kept in the record: ids of identifiers and names of kinds, no values.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from config.postgres.sql import sql
from config.workspace import audit
from profiles import changes
from profiles.identifiers.kinds import rules
from profiles.identity import keys, store
from profiles.identity.resolve import Join, Key, Resolver
from profiles.merging import moving
from profiles.merging.mergers import MERGERS, Merger
from profiles.merging.moving import Pair
from profiles.merging.regrouping import owner_of
from profiles.merging.unmerging import CannotUndo, undo_merge
from profiles.models import Merge, MergePending
from profiles.people import lineage, told

__all__ = [
    "JOINED_AGAIN",
    "MERGERS",
    "CannotMerge",
    "CannotUndo",
    "Merger",
    "Pair",
    "join_again",
    "merge_found",
    "merge_people",
    "remember",
    "run_pending",
    "undo_merge",
]

AT_ONCE = 200
JOINED_AGAIN = "joined again"  # the rule where somebody undid an undoing
SELECT_PARTED = f"""
    SELECT {lineage.today("s")}, {lineage.today("a")} FROM {{ever}} e
    JOIN merge m ON m.absorbed_id = e.profile_id AND m.undone_at IS NOT NULL
    JOIN profile s ON s.id = m.survivor_id JOIN profile a ON a.id = m.absorbed_id
"""  # noqa: S608 - pieces of ours


class CannotMerge(Exception):
    """These two are not to be one: a limit, a cap, or a merge that was undone."""


@dataclass(frozen=True)
class AllowedMerge:
    """A merge that is allowed now: who, by which rule, on which evidence."""

    pair: Pair
    rule: str
    evidence: dict[str, Any]


def remember(cursor: Any, joins: Sequence[Join], ids: Mapping[Key, int]) -> None:
    """Write down, in the batch's transaction, who is to be merged. One statement at most."""
    rows = [
        (ids[join.key], ids[join.other], join.rule, Jsonb({"message_id": join.message_id}))
        for join in joins
    ]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        cursor.execute(
            "INSERT INTO merge_pending"
            " (identifier_id, other_identifier_id, rule, evidence, created_at)"
            " SELECT one, other, rule, evidence, now()"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::jsonb[])"
            " AS found(one, other, rule, evidence)",
            columns,
        )


def run_pending() -> int:
    """Do the merges that are waiting, a portion in one transaction; how many rows were handled.

    A row stays for the next time where somebody else moved its identifiers meanwhile.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        waiting = list(
            MergePending.objects.select_for_update(skip_locked=True).order_by("id")[:AT_ONCE]
        )
        if waiting:
            found, settled = _allowed(cursor, waiting)
            _merge(cursor, found)
            MergePending.objects.filter(pk__in=[row.pk for row in settled]).delete()
    return len(waiting)


def merge_people(*, survivor_id: int, absorbed_id: int, rule: str, evidence: dict[str, Any]) -> int:
    """Merge two people because somebody says so; the id of the record.

    Raises CannotMerge. The caller asks for the right to do so and writes the audit entry.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        locked = keys.hold(cursor, [survivor_id, absorbed_id])
        people = store.load_people(cursor, [survivor_id, absorbed_id])
        resolver = Resolver(rules(), {}, people)
        if len({one.profile_id for one in locked.values()}) < 2:  # noqa: PLR2004
            raise CannotMerge(_("One of the two is not there any more."))
        if not resolver.fits([survivor_id, absorbed_id], [], verified=True):
            raise CannotMerge(_("Together they would have more identifiers than one person may."))
        found = AllowedMerge(Pair(survivor_id, absorbed_id), rule, evidence)
        return _merge(cursor, [found])[0]


def join_again(*, merge_id: int) -> Merge:
    """Put those together again who were taken apart; the new record, which can be undone.

    Raises CannotMerge, also where they were not, and CannotUndo where one is not there any more.
    """
    with transaction.atomic():
        row = Merge.objects.select_for_update().filter(pk=merge_id).first()
        if row is None or row.undone_at is None or row.absorbed_id is None:
            raise CannotMerge(_("These two were not taken apart."))
        survivor, absorbed = owner_of(row.survivor_id), owner_of(row.absorbed_id)
        if survivor == absorbed:
            raise CannotMerge(_("They are one person already."))
        made = merge_people(
            survivor_id=survivor,
            absorbed_id=absorbed,
            rule=JOINED_AGAIN,
            evidence={"undoes": row.pk},
        )
        audit.record(
            "merge.made", "merge", str(made), detail={"undoes": row.pk}, profile_id=survivor
        )
        return Merge.objects.get(pk=made)


def merge_found(cursor: Any, pairs: Sequence[Pair], rule: str) -> int:
    """Merge these pairs, in the caller's transaction, as far as they still hold; how many."""
    everyone = sorted({number for pair in pairs for number in pair})
    locked = keys.hold(cursor, everyone)
    alive = {one.profile_id for one in locked.values()}
    resolver = Resolver(rules(), {}, store.load_people(cursor, alive))
    vetoes = _vetoes(cursor, everyone)
    found = [
        AllowedMerge(pair, rule, {})
        for pair in pairs
        if alive.issuperset(pair)
        and frozenset(pair) not in vetoes
        and resolver.fits([*pair], [], verified=True)
    ]
    return len(_merge(cursor, found))


def _allowed(
    cursor: Any, waiting: Sequence[MergePending]
) -> tuple[list[AllowedMerge], list[MergePending]]:
    """Those that still hold, with everyone locked: identifiers first, then people.

    Limits are asked again, since another batch may have added something meanwhile. Also the rows
    that are settled now: one whose identifier another merge took away before it was locked is not.
    """
    numbers = {number for row in waiting for number in (row.identifier_id, row.other_identifier_id)}
    locked = keys.hold(cursor, sorted(set(keys.owners(cursor, numbers).values())))
    moved = keys.owners(cursor, numbers).keys() - locked.keys()
    settled = [
        row for row in waiting if moved.isdisjoint((row.identifier_id, row.other_identifier_id))
    ]
    named = {number: locked[number].key for number in numbers if number in locked}
    owners = {named[number]: locked[number].profile_id for number in named}
    people = store.load_people(cursor, set(owners.values()))
    resolver = Resolver(rules(), owners, people)
    vetoes = _vetoes(cursor, sorted(people))
    reasons: dict[int, MergePending] = {}
    for row in settled:
        pair = [named.get(row.identifier_id), named.get(row.other_identifier_id)]
        if None in pair or frozenset(owners[key] for key in pair if key) in vetoes:
            continue
        if not all(resolver.rules.identifies(*key) for key in pair if key):
            continue  # found by earlier rules
        before = len(resolver.joins)
        resolver.resolve([key for key in pair if key], verified=True)
        for join in resolver.joins[before:]:
            reasons[join.absorbed] = row
    found = [
        AllowedMerge(Pair(resolver.root(absorbed), absorbed), row.rule, _evidence(row))
        for absorbed, row in reasons.items()
    ]
    return found, settled


def _evidence(row: MergePending) -> dict[str, Any]:
    return {**row.evidence, "identifiers": [row.identifier_id, row.other_identifier_id]}


def _vetoes(cursor: Any, profile_ids: Sequence[int]) -> set[frozenset[int]]:
    """Pairs that somebody took apart: they are not put together again by a machine.

    Whoever took one of the two in since is kept apart from the other in their stead.
    """
    sql(SELECT_PARTED, ever=lineage.ever(lineage.given_people(profile_ids))).on(cursor)
    return {frozenset(pair) for pair in cursor.fetchall()}


def _merge(cursor: Any, found: Sequence[AllowedMerge]) -> list[int]:
    """Carry the merges out; the ids of their records. The statements do not depend on how many."""
    if not found:
        return []
    pairs = [one.pair for one in found]
    snapshots: dict[int, dict[str, Any]] = defaultdict(dict)
    for absorbed, own in moving.move(cursor, pairs).items():
        snapshots[absorbed]["profiles"] = own
    for name, merger in MERGERS:
        for absorbed, taken in merger.merge(cursor, pairs).items():
            snapshots[absorbed][name] = taken
    rows = Merge.objects.bulk_create(
        Merge(
            survivor_id=one.pair.survivor,
            absorbed_id=one.pair.absorbed,
            absorbed_public_id=snapshots[one.pair.absorbed]["profiles"]["public_id"],
            rule=one.rule[:60],
            evidence=one.evidence,
            snapshot=snapshots[one.pair.absorbed],
        )
        for one in found
    )
    changes.announce({number for pair in pairs for number in pair}, [changes.ANYTHING])
    told.merged(pairs)
    return [row.pk for row in rows]

"""Taking people apart: what came by some identifiers of one becomes another's. Set-based.

Everything is attributed to the identifier that carried it, so this is regrouping identifiers; calls
may be named beside, which were attributed to one that stays.
"""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _

from config.workspace.digests import CONTACT_KINDS
from profiles.identity import keys
from profiles.merging.moving import (
    EVENT_COLUMNS,
    ITEM_COLUMNS,
    refresh_traits,
    statements_for,
)
from profiles.models import Identifier, Profile
from profiles.people.lineage import today_id

LOCK_PEOPLE = """
    UPDATE profile p SET state = p.state
    FROM (SELECT unnest(%(ids)s::bigint[]) AS id
          UNION SELECT id FROM profile WHERE merged_into_id = ANY(%(ids)s) ORDER BY 1) AS wanted
    WHERE p.id = wanted.id RETURNING p.id
"""
MOVE_ROWS = """
    WITH moved AS (
        DELETE FROM {table} WHERE profile_id = %(owner)s AND identifier_id = ANY(%(ids)s)
        RETURNING *
    )
    INSERT INTO {table} (profile_id, {columns}) SELECT %(absorbed)s, {columns} FROM moved
"""
MOVE_EVENTS = f"""
    WITH moved AS (
        DELETE FROM event WHERE profile_id = %(owner)s
          AND (identifier_id = ANY(%(ids)s) OR id = ANY(%(calls)s)
               OR source_profile_id = %(absorbed)s)
        RETURNING *
    ), put AS (
        INSERT INTO event (profile_id, source_profile_id, {EVENT_COLUMNS})
        SELECT %(absorbed)s, nullif(source_profile_id, %(absorbed)s), {EVENT_COLUMNS} FROM moved
    ), items AS (
        DELETE FROM event_item i USING moved
        WHERE i.profile_id = %(owner)s AND i.occurred_at = moved.occurred_at
          AND i.event_id = moved.id
        RETURNING i.*
    )
    INSERT INTO event_item (profile_id, {ITEM_COLUMNS})
    SELECT %(absorbed)s, {ITEM_COLUMNS} FROM items
"""  # noqa: S608 - pieces of ours
# The public ids that lead to a person: those of whom they were, too.
SELECT_PUBLIC_IDS = "SELECT value FROM identifier WHERE profile_id = %s AND kind = 'rapport_id'"
# Events not rewritten yet stand under their former owner, whose public id tells whose they are now;
# those of the absorbed person stand right again.
MOVE_ALIASES = """
    WITH wrong AS (
        DELETE FROM alias_pending a USING profile p
        WHERE a.survivor_id = %(owner)s AND p.id = a.profile_id
          AND p.public_id = ANY(%(public_ids)s::uuid[])
        RETURNING a.profile_id, a.created_at
    )
    INSERT INTO alias_pending (profile_id, survivor_id, created_at)
    SELECT profile_id, %(absorbed)s, created_at FROM wrong WHERE profile_id <> %(absorbed)s
"""
# Those who were merged into the absorbed person before are theirs again.
MOVE_HUSKS = """
    UPDATE profile p SET merged_into_id = %(absorbed)s
    WHERE p.merged_into_id = %(owner)s AND p.public_id = ANY(%(public_ids)s::uuid[])
"""
DROP_STATES = "DELETE FROM event_state WHERE profile_id = ANY(%(both)s)"
RECOUNT_STATES = """
    INSERT INTO event_state (profile_id, name, count, sum, first_at, last_at)
    SELECT place.owner, e.name, count(*), coalesce(sum(e.value), 0), min(e.occurred_at),
           max(e.occurred_at)
    FROM (SELECT unnest(%(both)s::bigint[]) AS id, unnest(%(both)s::bigint[]) AS owner
          UNION ALL
          SELECT profile_id, survivor_id FROM alias_pending WHERE survivor_id = ANY(%(both)s)
         ) AS place
    JOIN event e ON e.profile_id = place.id
    JOIN event_definition d ON d.name = e.name AND d.is_conversion
    GROUP BY place.owner, e.name
"""
WIDEN_SEEN = """
    UPDATE profile p SET first_seen = least(p.first_seen, e.first_at),
        last_seen = greatest(p.last_seen, e.last_at)
    FROM (SELECT profile_id, min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM event
          WHERE profile_id = ANY(%(both)s) GROUP BY profile_id) AS e
    WHERE p.id = e.profile_id
"""


class CannotUndo(Exception):
    """The merge is undone already, or its people are not there any more."""


def owner_of(survivor_id: int) -> int:
    """Who holds it all now: the survivor, or whoever took the survivor in since."""
    owner = today_id(survivor_id)
    if not Profile.objects.living().filter(pk=owner).exists():
        raise CannotUndo(_("The person is not there any more."))
    return owner


def lock_identifiers(cursor: Any, owner: int) -> set[int]:
    """The identifiers of this person, locked in the order of their keys."""
    return set(keys.hold(cursor, [owner]))


def lock_people(cursor: Any, ids: Collection[int]) -> None:
    """Lock these; raises CannotUndo where one of them is not there."""
    cursor.execute(LOCK_PEOPLE, {"ids": sorted(ids)})
    if not set(ids) <= {number for (number,) in cursor.fetchall()}:
        raise CannotUndo(_("The person is not there any more."))


def points_among(person: int, ids: Collection[int]) -> frozenset[str]:
    """The contact points among these identifiers of somebody, as they are written to. One query."""
    rows = Identifier.objects.filter(profile_id=person, pk__in=ids, kind__in=CONTACT_KINDS)
    return frozenset(rows.values_list("value", flat=True))


def regroup(
    cursor: Any, *, owner: int, person: int, ids: Collection[int], calls: Collection[int] = ()
) -> None:
    """Give `person` these identifiers of `owner` with all that came by them, and these events."""
    both = sorted({owner, person})
    given: dict[str, Any] = {
        "absorbed": person,
        "owner": owner,
        "ids": sorted(ids),
        "calls": sorted(calls),
        "both": both,
    }
    keys.give(cursor, dict.fromkeys(ids, owner), dict.fromkeys(ids, person))
    cursor.execute(SELECT_PUBLIC_IDS, [person])
    given["public_ids"] = [value for (value,) in cursor.fetchall()]
    for statement in (
        *statements_for(MOVE_ROWS),
        MOVE_EVENTS,
        MOVE_HUSKS,
        MOVE_ALIASES,
        DROP_STATES,
        RECOUNT_STATES,
        WIDEN_SEEN,
    ):
        cursor.execute(statement, given)
    refresh_traits(cursor, both)

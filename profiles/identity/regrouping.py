"""Taking people apart: what came by some identifiers of one becomes another's. Set-based.

Everything is attributed to the identifier that carried it, so this is regrouping identifiers; calls
may be named beside, which were attributed to one that stays.
"""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _

from config.workspace.digests import CONTACT_KINDS
from profiles.identity.moving import (
    EVENT_COLUMNS,
    ITEM_COLUMNS,
    refresh_traits,
    statements_for,
)
from profiles.models import Identifier, Profile
from profiles.people.lineage import today_id

LOCK_IDENTIFIERS = """
    SELECT id FROM identifier WHERE profile_id = %s ORDER BY kind, value FOR NO KEY UPDATE
"""
LOCK_PEOPLE = """
    SELECT id FROM profile WHERE id = ANY(%(ids)s) OR merged_into_id = ANY(%(ids)s)
    ORDER BY id FOR NO KEY UPDATE
"""
MOVE_IDENTIFIERS = "UPDATE identifier SET profile_id = %(absorbed)s WHERE id = ANY(%(ids)s)"
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
# Events not rewritten yet stand under their former owner, whose public id tells whose they are now;
# those of the absorbed person stand right again.
MOVE_ALIASES = """
    WITH wrong AS (
        DELETE FROM alias_pending a USING profile p, identifier i
        WHERE a.survivor_id = %(owner)s AND p.id = a.profile_id AND i.kind = 'rapport_id'
          AND i.value = p.public_id::text AND i.profile_id = %(absorbed)s
        RETURNING a.profile_id, a.created_at
    )
    INSERT INTO alias_pending (profile_id, survivor_id, created_at)
    SELECT profile_id, %(absorbed)s, created_at FROM wrong WHERE profile_id <> %(absorbed)s
"""
# Those who were merged into the absorbed person before are theirs again.
MOVE_HUSKS = """
    UPDATE profile p SET merged_into_id = %(absorbed)s FROM identifier i
    WHERE p.merged_into_id = %(owner)s AND i.kind = 'rapport_id'
      AND i.value = p.public_id::text AND i.profile_id = %(absorbed)s
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
    cursor.execute(LOCK_IDENTIFIERS, [owner])
    return {number for (number,) in cursor.fetchall()}


def lock_people(cursor: Any, ids: Collection[int]) -> None:
    """Lock these; raises CannotUndo where one of them is not there."""
    cursor.execute(LOCK_PEOPLE, {"ids": sorted(ids)})
    if not set(ids) <= {number for (number,) in cursor.fetchall()}:
        raise CannotUndo(_("The person is not there any more."))


def points_among(ids: Collection[int]) -> frozenset[str]:
    """The contact points among these identifiers, as they are written to. One query."""
    rows = Identifier.objects.filter(pk__in=ids, kind__in=CONTACT_KINDS)
    return frozenset(rows.values_list("value", flat=True))


def regroup(
    cursor: Any, *, owner: int, person: int, ids: Collection[int], calls: Collection[int] = ()
) -> None:
    """Give `person` these identifiers of `owner` with all that came by them, and these events."""
    both = sorted({owner, person})
    given = {
        "absorbed": person,
        "owner": owner,
        "ids": sorted(ids),
        "calls": sorted(calls),
        "both": both,
    }
    for statement in (
        MOVE_IDENTIFIERS,
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

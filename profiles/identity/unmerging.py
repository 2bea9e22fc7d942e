"""Undoing a merge: both people stand again, each with what belongs to their identifiers.

What came by an identifier follows it: events and traits of the absorbed person's identifiers go
back, those from after the merge included. The two are never put together again by a machine.
"""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.models import User
from profiles import changes
from profiles.identity.mergers import MERGERS
from profiles.identity.moving import EVENT_COLUMNS, ITEM_COLUMNS, refresh_traits
from profiles.models import Merge, Profile

ANYTHING = "*"
SELECT_OWNER = """
    SELECT i.profile_id FROM identifier i JOIN profile p ON p.public_id::text = i.value
    WHERE i.kind = 'rapport_id' AND p.id = %s
"""
LOCK_IDENTIFIERS = """
    SELECT id FROM identifier WHERE profile_id = %s ORDER BY kind, value FOR NO KEY UPDATE
"""
LOCK_PEOPLE = "SELECT id FROM profile WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
MOVE_IDENTIFIERS = "UPDATE identifier SET profile_id = %(absorbed)s WHERE id = ANY(%(ids)s)"
MOVE_TRAITS = """
    WITH moved AS (
        DELETE FROM profile_trait WHERE profile_id = %(owner)s AND identifier_id = ANY(%(ids)s)
        RETURNING *
    )
    INSERT INTO profile_trait (id, profile_id, name, source_id, identifier_id, value, set_at)
    SELECT id, %(absorbed)s, name, source_id, identifier_id, value, set_at FROM moved
"""
MOVE_EVENTS = f"""
    WITH moved AS (
        DELETE FROM event WHERE profile_id = %(owner)s AND identifier_id = ANY(%(ids)s)
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


def undo_merge(*, merge_id: int, user: User | None = None) -> Merge:
    """Take two people apart again, in one transaction, with its audit entry. Raises CannotUndo."""
    with transaction.atomic(), connection.cursor() as cursor:
        merge = Merge.objects.select_for_update().filter(pk=merge_id).first()
        if merge is None or merge.undone_at is not None:
            raise CannotUndo(_("This merge is undone already."))
        owner = _owner(cursor, merge.survivor_id)
        _take_apart(cursor, merge, owner)
        for name, merger in MERGERS:
            if name in merge.snapshot:
                merger.undo(cursor, merge, merge.snapshot[name])
        merge.undone_at, merge.undone_by = timezone.now(), user
        merge.save(update_fields=["undone_at", "undone_by"])
        changes.announce([owner, merge.absorbed_id], [ANYTHING])
        audit.record(
            "merge.undone", "merge", str(merge.pk), detail={"rule": merge.rule}, profile_id=owner
        )
    return merge


def _owner(cursor: Any, survivor_id: int) -> int:
    """Who holds it all now: the survivor, or whoever took the survivor in since."""
    cursor.execute(SELECT_OWNER, [survivor_id])
    row = cursor.fetchone()
    if row is None:
        raise CannotUndo(_("The person is not there any more."))
    return int(row[0])


def _take_apart(cursor: Any, merge: Merge, owner: int) -> None:
    cursor.execute(LOCK_IDENTIFIERS, [owner])
    held = {number for (number,) in cursor.fetchall()}
    own = merge.snapshot["profiles"]
    ids = sorted(held.intersection(own["identifiers"]))
    if not ids:
        raise CannotUndo(_("Nothing of this person is left here."))
    both = sorted({owner, merge.absorbed_id})
    cursor.execute(LOCK_PEOPLE, [both])
    if len(cursor.fetchall()) < len(both) or owner == merge.absorbed_id:
        raise CannotUndo(_("The person is not there any more."))
    _revive(own, merge.absorbed_id)
    _narrow_owner(own["survivor"], merge, owner)
    given = {"absorbed": merge.absorbed_id, "owner": owner, "ids": ids, "both": both}
    for statement in (
        MOVE_IDENTIFIERS,
        MOVE_TRAITS,
        MOVE_EVENTS,
        MOVE_ALIASES,
        DROP_STATES,
        RECOUNT_STATES,
        WIDEN_SEEN,
    ):
        cursor.execute(statement, given)
    refresh_traits(cursor, both)


def _revive(own: dict[str, Any], absorbed: int) -> None:
    names = ("state", "is_test", "lifecycle", "first_seen", "last_seen")
    Profile.objects.filter(pk=absorbed).update(**{name: own[name] for name in names})


def _narrow_owner(before: dict[str, Any], merge: Merge, owner: int) -> None:
    """The survivor is seen as before the merge; what came since is counted back in after."""
    names = ("is_test", "lifecycle", "first_seen", "last_seen")
    if owner == merge.survivor_id:
        Profile.objects.filter(pk=owner).update(**{name: before[name] for name in names})

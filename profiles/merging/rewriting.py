"""Moves the events of absorbed people to their survivors, portion by portion, in the background.

Until then they are found through `alias_pending`. `source_profile_id` keeps whose they were.
"""

from typing import Any

from django.db import connection, transaction

from profiles.merging.moving import EVENT_COLUMNS, ITEM_COLUMNS

PORTION = 2000
TAKE = """
    SELECT id, profile_id, survivor_id FROM alias_pending ORDER BY id LIMIT 1
    FOR UPDATE SKIP LOCKED
"""
MOVE_EVENTS = f"""
    WITH part AS (
        SELECT profile_id, occurred_at, id FROM event WHERE profile_id = %(absorbed)s
        ORDER BY occurred_at, id LIMIT %(portion)s
    ), moved AS (
        DELETE FROM event e USING part
        WHERE e.profile_id = part.profile_id AND e.occurred_at = part.occurred_at AND e.id = part.id
        RETURNING e.*
    )
    INSERT INTO event (profile_id, source_profile_id, {EVENT_COLUMNS})
    SELECT %(survivor)s, coalesce(source_profile_id, profile_id), {EVENT_COLUMNS} FROM moved
"""  # noqa: S608 - pieces of ours
MOVE_ITEMS = f"""
    WITH moved AS (DELETE FROM event_item WHERE profile_id = %(absorbed)s RETURNING *)
    INSERT INTO event_item (profile_id, {ITEM_COLUMNS})
    SELECT %(survivor)s, {ITEM_COLUMNS} FROM moved
"""  # noqa: S608


def rewrite_events() -> int:
    """One portion of one absorbed person's events; how many rows were handled, the alias included.

    The alias goes with the last portion, in its transaction. A segment that counts meanwhile sees
    the events either under the absorbed or under the surviving person, never under both.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE)
        row = cursor.fetchone()
        if row is None:
            return 0
        number, absorbed, survivor = row
        given = {"absorbed": absorbed, "survivor": survivor, "portion": PORTION}
        cursor.execute(MOVE_EVENTS, given)
        moved = cursor.rowcount
        if moved < PORTION:
            _finish(cursor, number, given)
    return int(moved) + 1


def _finish(cursor: Any, number: int, given: dict[str, Any]) -> None:
    cursor.execute(MOVE_ITEMS, given)
    cursor.execute(
        "DELETE FROM alias_pending WHERE profile_id = %s AND id = %s", [given["absorbed"], number]
    )

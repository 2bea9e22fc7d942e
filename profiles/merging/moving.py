"""What a merge moves of the profiles app's own rows, and the husk it leaves. Set-based.

`profile_id` is a distribution key and never updated: rows are deleted and inserted anew.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from config.workspace.tables.belonging import columns_of, moved_by_identifier
from profiles.identity import keys
from profiles.models import AliasPending, Event, EventItem, Identifier, IdentifierKey
from profiles.traits import profile_rows, statements

REWRITE_AT_ONCE = 200  # events of one absorbed person; more are rewritten in the background
EVENT_COLUMNS = (
    "id, message_id, type, name, occurred_at, original_at, received_at, source_id, identifier_id,"
    " anonymous_identifier_id, value, k1, k2, properties, context"
)
ITEM_COLUMNS = (
    "id, occurred_at, event_id, name, product_id, product_name, category, quantity, price"
)
PAIRS = "unnest(%(absorbed)s::bigint[], %(survivor)s::bigint[]) AS pair(absorbed, survivor)"
# With the husks of whom is absorbed, in the order of their ids: they are the survivor's next.
LOCK_PEOPLE = """
    UPDATE profile p SET state = p.state
    FROM (SELECT unnest(%(everyone)s::bigint[]) AS id
          UNION SELECT id FROM profile WHERE merged_into_id = ANY(%(absorbed)s)
          ORDER BY 1) AS wanted
    WHERE p.id = wanted.id
    RETURNING p.id, p.public_id, p.state, p.is_test, p.lifecycle, p.first_seen, p.last_seen
"""
SELECT_IDENTIFIERS = """
    SELECT profile_id, array_agg(id ORDER BY id) FROM identifier
    WHERE profile_id = ANY(%(absorbed)s) GROUP BY profile_id
"""
MOVE_ROWS = f"""
    WITH moved AS (DELETE FROM {{table}} WHERE profile_id = ANY(%(absorbed)s) RETURNING *)
    INSERT INTO {{table}} (profile_id, {{columns}}) SELECT pair.survivor, {{columns}}
    FROM moved JOIN {PAIRS} ON pair.absorbed = moved.profile_id
"""  # noqa: S608 - pieces of ours, here and below
MOVE_STATES = f"""
    WITH moved AS (DELETE FROM event_state WHERE profile_id = ANY(%(absorbed)s) RETURNING *)
    INSERT INTO event_state (profile_id, name, count, sum, first_at, last_at)
    SELECT pair.survivor, name, sum(count), sum(sum), min(first_at), max(last_at)
    FROM moved JOIN {PAIRS} ON pair.absorbed = moved.profile_id
    GROUP BY pair.survivor, name ORDER BY pair.survivor, name
    ON CONFLICT (profile_id, name) DO UPDATE SET
        count = event_state.count + EXCLUDED.count, sum = event_state.sum + EXCLUDED.sum,
        first_at = least(event_state.first_at, EXCLUDED.first_at),
        last_at = greatest(event_state.last_at, EXCLUDED.last_at)
"""  # noqa: S608
COUNT_EVENTS = """
    SELECT absorbed, (SELECT count(*) FROM (SELECT 1 FROM event WHERE profile_id = absorbed
                      LIMIT %(limit)s) AS found)
    FROM unnest(%(absorbed)s::bigint[]) AS absorbed
"""
MOVE_EVENTS = f"""
    WITH moved AS (DELETE FROM event WHERE profile_id = ANY(%(absorbed)s) RETURNING *)
    INSERT INTO event (profile_id, source_profile_id, {EVENT_COLUMNS})
    SELECT pair.survivor, coalesce(source_profile_id, moved.profile_id), {EVENT_COLUMNS}
    FROM moved JOIN {PAIRS} ON pair.absorbed = moved.profile_id
"""  # noqa: S608
MOVE_ITEMS = f"""
    WITH moved AS (DELETE FROM event_item WHERE profile_id = ANY(%(absorbed)s) RETURNING *)
    INSERT INTO event_item (profile_id, {ITEM_COLUMNS})
    SELECT pair.survivor, {ITEM_COLUMNS}
    FROM moved JOIN {PAIRS} ON pair.absorbed = moved.profile_id
"""  # noqa: S608
MOVE_ALIASES = f"""
    WITH moved AS (DELETE FROM alias_pending WHERE survivor_id = ANY(%(absorbed)s) RETURNING *)
    INSERT INTO alias_pending (profile_id, survivor_id, created_at)
    SELECT moved.profile_id, pair.survivor, moved.created_at
    FROM moved JOIN {PAIRS} ON pair.absorbed = moved.survivor_id
"""  # noqa: S608
ADD_ALIASES = f"""
    INSERT INTO alias_pending (profile_id, survivor_id, created_at)
    SELECT absorbed, survivor, now() FROM {PAIRS} WHERE absorbed = ANY(%(many)s)
"""  # noqa: S608
# Who was merged into somebody who is merged now is the survivor's as well: no chain to follow.
LEAVE_HUSKS = f"""
    UPDATE profile p SET state = 'merged', merged_into_id = pair.survivor, traits = '{{}}',
        display_name = '', time_zone = '', locale = '', country = ''
    FROM {PAIRS} WHERE p.id = pair.absorbed OR p.merged_into_id = pair.absorbed
"""  # noqa: S608
WIDEN = f"""
    UPDATE profile p SET first_seen = least(p.first_seen, old.first_seen),
        last_seen = greatest(p.last_seen, old.last_seen),
        lifecycle = coalesce(nullif(p.lifecycle, ''), old.lifecycle),
        is_test = p.is_test OR old.is_test,
        state = CASE WHEN old.restricted THEN 'restricted' ELSE p.state END
    FROM (SELECT pair.survivor, min(a.first_seen) AS first_seen, max(a.last_seen) AS last_seen,
                 max(a.lifecycle) AS lifecycle, bool_or(a.is_test) AS is_test,
                 bool_or(a.state = 'restricted') AS restricted
          FROM {PAIRS} JOIN profile a ON a.id = pair.absorbed GROUP BY pair.survivor) AS old
    WHERE p.id = old.survivor
"""  # noqa: S608


# these have statements of their own, here and in `regrouping`
OWN = (Identifier, IdentifierKey, Event, EventItem, AliasPending)


class Pair(NamedTuple):
    """Profile ids: who stays, and who is taken in."""

    survivor: int
    absorbed: int


def parameters(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The arrays that the statements here take."""
    return {
        "absorbed": [pair.absorbed for pair in pairs],
        "survivor": [pair.survivor for pair in pairs],
        "everyone": sorted({number for pair in pairs for number in pair}),
    }


def statements_for(template: str) -> list[str]:
    """`template` for each table that is moved by what its model declares, but for the above."""
    return [
        template.format(table=model._meta.db_table, columns=columns_of(model))
        for model in moved_by_identifier()
        if model not in OWN
    ]


def move(cursor: Any, pairs: Sequence[Pair]) -> dict[int, dict[str, Any]]:
    """Move everything of ours; by absorbed id, what undoing needs. Identifiers are locked."""
    given = parameters(pairs)
    cursor.execute(LOCK_PEOPLE, given)
    before = {row[0]: _as_it_was(*row[1:]) for row in cursor.fetchall()}
    cursor.execute(SELECT_IDENTIFIERS, given)
    identifiers = dict(cursor.fetchall())
    snapshots = {
        pair.absorbed: {
            **before[pair.absorbed],
            "identifiers": identifiers.get(pair.absorbed, []),
            "survivor": before[pair.survivor],
        }
        for pair in pairs
    }
    cursor.execute(WIDEN, given)
    survivors = {pair.absorbed: pair.survivor for pair in pairs}
    owners = {number: owner for owner, ids in identifiers.items() for number in ids}
    keys.give(cursor, owners, {number: survivors[owner] for number, owner in owners.items()})
    for statement in (*statements_for(MOVE_ROWS), MOVE_STATES, MOVE_ALIASES):
        cursor.execute(statement, given)
    _move_events(cursor, pairs)
    cursor.execute(LEAVE_HUSKS, given)
    refresh_traits(cursor, sorted({pair.survivor for pair in pairs}))
    return snapshots


def _as_it_was(
    public_id: UUID, state: str, is_test: bool, lifecycle: str, first: datetime, last: datetime
) -> dict[str, Any]:
    """Of a person, as the record of a merge keeps it."""
    return {
        "public_id": str(public_id),
        "state": state,
        "is_test": is_test,
        "lifecycle": lifecycle,
        "first_seen": first.isoformat(),
        "last_seen": last.isoformat(),
    }


def _move_events(cursor: Any, pairs: Sequence[Pair]) -> None:
    """At once where there are few; the others are found by alias until `rewriting` has been."""
    given = parameters(pairs)
    cursor.execute(COUNT_EVENTS, given | {"limit": REWRITE_AT_ONCE + 1})
    many = [number for number, count in cursor.fetchall() if count > REWRITE_AT_ONCE]
    # aliases of aliases: what was pending for an absorbed person is pending for the survivor
    few = [pair for pair in pairs if pair.absorbed not in many]
    if few:
        cursor.execute(MOVE_EVENTS, parameters(few))
        cursor.execute(MOVE_ITEMS, parameters(few))
    if many:
        cursor.execute(ADD_ALIASES, given | {"many": many})
        from config.workspace.work import due  # noqa: PLC0415

        due.wake("rewrite")


def refresh_traits(cursor: Any, profile_ids: Iterable[int]) -> None:
    """Derive the shown traits of these locked profiles anew, with what follows from them."""
    ids = sorted(profile_ids)
    derived = statements.derive(cursor, ids)
    cursor.execute("SELECT id, first_seen, last_seen FROM profile WHERE id = ANY(%s)", [ids])
    seen = {number: profile_rows.Span(first, last) for number, first, last in cursor.fetchall()}
    profile_rows.update(cursor, seen, derived)

"""Throttling: the chunks of a send follow each other as fast as it may leave, and no worker waits.

Each chunk of a throttled send has its turn (`due_at`), after those that could leave before it. Who
leases one long after its turn (a server that was away, too few workers) moves the others behind it,
and a campaign that is resumed begins anew: what became due meanwhile does not leave at once.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.backends.utils import CursorWrapper

from config.postgres.sql import EMPTY, Sql, sql

CHUNK = 500  # messages that one worker leases at once
LATE = timedelta(seconds=5)  # what workers catch up with; beyond it the turns are given anew
# slot = the latest of all that come before and of its own time, and what those before it take
_SPREAD = """
WITH waiting AS (
    SELECT id, ready_at, cardinality(message_ids) / per_second * interval '1 second' AS takes
    FROM message_chunk WHERE campaign_id = {campaign} AND lease IS NULL AND per_second IS NOT NULL
    ORDER BY id FOR UPDATE {skip}
), lined AS (
    SELECT id, ready_at, coalesce(sum(takes) OVER (ORDER BY ready_at, id ROWS BETWEEN
               UNBOUNDED PRECEDING AND 1 PRECEDING), interval '0') AS before
    FROM waiting
), placed AS (
    SELECT id, before + max(greatest(ready_at, {free}) - before)
               OVER (ORDER BY ready_at, id ROWS UNBOUNDED PRECEDING) AS slot
    FROM lined
)
UPDATE message_chunk c SET due_at = placed.slot FROM placed
WHERE c.id = placed.id AND c.due_at < placed.slot
"""
# `now` is that of the statement that queued them
_TURNS = """(SELECT unnest(message_ids) AS message_id, due_at FROM message_chunk
    WHERE campaign_id = {campaign} AND created_at = {now} AND per_second IS NOT NULL)"""


def chunk_size(per_second: float) -> int:
    """How many messages share a turn: what leaves in a second; as many as fit where all may."""
    return max(1, min(CHUNK, int(per_second))) if per_second else CHUNK


def spread(cursor: CursorWrapper, campaign_id: int, now: datetime) -> None:
    """Give the chunks of a throttled campaign their turns; one statement in the transaction that
    queued some of them. None has its turn earlier than before.
    """
    _spread(cursor, campaign_id, now, EMPTY)


def turns_of(campaign_id: int, now: datetime) -> Sql:
    """A relation `(message_id, due_at)`: the turns of what was queued at `now`, where throttled."""
    return sql(_TURNS, campaign=campaign_id, now=now)


def begin_again(campaign_id: int, now: datetime) -> None:
    """After a pause: the turns that were missed begin now. One statement."""
    with connection.cursor() as cursor:
        spread(cursor, campaign_id, now)


def catch_up(
    cursor: CursorWrapper, campaign_id: int, *, due_at: datetime, takes: timedelta, now: datetime
) -> None:
    """After a chunk was leased whose turn was at `due_at` and which takes so long: where that was
    long ago the others come after it. No statement where it was not.

    Waits for nobody: who holds a chunk at this moment leases it, or does the same.
    """
    if now - due_at > LATE:
        _spread(cursor, campaign_id, now + takes, Sql("SKIP LOCKED"))


def _spread(cursor: CursorWrapper, campaign_id: int, free: datetime, skip: Sql) -> None:
    sql(_SPREAD, campaign=campaign_id, free=free, skip=skip).on(cursor)

"""Taking rows out of the inbox, and setting aside those that cannot be worked off."""

import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db import connection as default_connection
from psycopg import errors

from config.postgres.wire import loads
from config.workspace.work.faults import is_outage
from profiles.calls.messages import Incoming, Origin
from profiles.calls.reading import InboxRow
from profiles.models import Inbox, Source

PORTION = 2000  # messages a transaction: the fixed costs are small, a failure costs little
FIRST_ROWS = 20
SEEN_EVERY = timedelta(seconds=5)  # of a source's last_seen_at, a hot row
TAKE = """
    SELECT id, source_id, body, envelope, is_history, received_at, count FROM inbox
    WHERE failed_at IS NULL AND id > %s AND id <= %s
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
EVERYTHING = 2**63 - 1
# The first row within a portion that another worker holds (deleted there, not committed yet).
FIRST_GAP = """
    SELECT min(id) FROM inbox
    WHERE failed_at IS NULL AND id > %s AND id < %s AND id <> ALL(%s)
"""
TOUCH = """
    UPDATE source SET last_seen_at = seen.at
    FROM (SELECT s.id, seen.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS seen(id, at)
          JOIN source s ON s.id = seen.id
          WHERE s.last_seen_at IS NULL OR s.last_seen_at < seen.at - %s
          ORDER BY s.id FOR NO KEY UPDATE OF s) AS seen
    WHERE source.id = seen.id
"""
log = logging.getLogger("rapport.ingest")


def take(connection: Any) -> list[InboxRow]:
    """Lock and delete waiting rows, oldest first, up to a portion; others take the rest.

    At most 4 statements: a few rows first, then as many more small ones as fit. A portion holds no
    row after one of another worker's, so that of two portions one is the earlier (`turns`).
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [0, EVERYTHING, FIRST_ROWS])
        rows = cursor.fetchall()
        count = sum(row[-1] for row in rows)
        if len(rows) == FIRST_ROWS and count < PORTION:
            more = (PORTION - count) * len(rows) // max(count, 1)
            cursor.execute(TAKE, [rows[-1][0], EVERYTHING, min(more, PORTION)])
            rows += cursor.fetchall()
        if not rows:
            return []
        rows = _until_gap(cursor, rows)
        cursor.execute("DELETE FROM inbox WHERE id = ANY(%s)", [[row[0] for row in rows]])
    known = senders()
    return [_row(row, known) for row in rows]


def _until_gap(cursor: Any, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    ids = [row[0] for row in rows]
    if ids[-1] - ids[0] + 1 == len(ids):
        return rows
    cursor.execute(FIRST_GAP, [ids[0], ids[-1], ids])
    (gap,) = cursor.fetchone()
    return rows if gap is None else [row for row in rows if row[0] < gap]


def senders() -> dict[int, Origin]:
    """Everything the processor asks about sources. One query."""
    return {
        source.pk: Origin(
            source.pk, source.name, source.is_verified, source.trust, source.is_internal
        )
        for source in Source.objects.all()
    }


def one_by_one(rows: Sequence[InboxRow], process: Callable[[InboxRow], None]) -> int:
    """Work these rows off each in a transaction of its own; those that fail are set aside.

    They were given back by the rollback, so that another worker may hold some of them by now.
    """
    handled = 0
    for row in rows:
        try:
            with transaction.atomic():
                if _take_one(row.id):
                    process(row)
                    handled += 1
        except Exception as error:
            if is_about_the_moment(error):
                raise
            _set_aside(row.id, error)
            handled += 1
    return handled


def is_about_the_moment(error: Exception) -> bool:
    """No connection, a lock, a limit of time: nothing can be said of what was worked on.

    Errors inside COPY are psycopg's own, others are Django's around them.
    """
    return isinstance(error, OperationalError | errors.OperationalError) or is_outage(error)


def touch_sources(cursor: Any, messages: Iterable[Incoming]) -> None:
    """Keep when each source was last heard, every few seconds. One statement."""
    latest: dict[int, Any] = {}
    for message in messages:
        at = message.received_at
        latest[message.source.id] = max(latest.get(message.source.id, at), at)
    ids = sorted(latest)
    cursor.execute(TOUCH, [ids, [latest[number] for number in ids], SEEN_EVERY])


def _take_one(number: int) -> bool:
    with default_connection.cursor() as cursor:
        cursor.execute(TAKE, [number - 1, number, 1])
        if not cursor.fetchall():
            return False
        cursor.execute("DELETE FROM inbox WHERE id = %s", [number])
    return True


def _set_aside(number: int, error: Exception) -> None:
    """Visible among the waiting calls, and out of the way of the others."""
    from django.utils import timezone  # noqa: PLC0415

    log.error("inbox row %s was set aside: %s", number, where(error))
    Inbox.objects.filter(pk=number, failed_at=None).update(
        failed_at=timezone.now(), error=type(error).__name__
    )


def where(error: Exception) -> str:
    """The error's class and place; neither its words nor values, which may be personal."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}\n{frames}"


def _row(row: tuple[Any, ...], known: dict[int, Origin]) -> InboxRow:
    number, source_id, body, envelope, is_history, received_at, _count = row
    return InboxRow(number, known[source_id], bytes(body), loads(envelope), is_history, received_at)

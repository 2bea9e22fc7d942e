"""Rows of calls that are due: claimed under a lease, settled by what a try came to, pruned.

A claim is committed before the call is made, and settling names its number: who was killed in
between loses the lease alone, and who comes too late settles nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from config.workspace.models import OutgoingCall
from config.workspace.outgoing.addresses import Refused, server_of
from config.workspace.outgoing.tries import Tried
from config.workspace.work import circuits
from config.workspace.work.circuits import Turn
from config.workspace.work.pruning import PORTION, before, deleted

LEASE_SECONDS: Final = 120  # of one call: whoever makes it may have been killed
CHANNEL: Final = "webhook"  # of circuits
SHOWN: Final = timedelta(days=14)  # that one which was given up needs somebody
OPEN: Final = "c.delivered_at IS NULL AND c.failed_at IS NULL"
DUE: Final = f"{OPEN} AND c.due_at <= statement_timestamp()"
Row = TypeVar("Row", bound=OutgoingCall)


class CallQueue:
    """The calls of one table. `first` is SQL: of a row `c`, others have to be done before it."""

    def __init__(self, table: str, first: str = "TRUE") -> None:
        self.due = f"{DUE} AND {first}"
        self.oldest_due = f"SELECT c.due_at FROM {table} c WHERE {self.due} ORDER BY 1 LIMIT 1"  # noqa: S608
        self._claim = f"""
            UPDATE {table} SET attempts = attempts + 1,
                due_at = statement_timestamp() + interval '1 second' * %s
            WHERE id = (SELECT c.id FROM {table} c WHERE {self.due}
                        ORDER BY c.due_at, c.id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id
        """  # noqa: S608 - pieces of ours
        self.done = f"""
            DELETE FROM {table} WHERE id IN (
                SELECT id FROM {table} WHERE created_at < %s
                  AND (delivered_at IS NOT NULL OR failed_at IS NOT NULL) LIMIT %s)
        """  # noqa: S608

    def claim(self) -> int | None:
        """The id of one that is due, held for `LEASE_SECONDS`."""
        with connection.cursor() as cursor:
            cursor.execute(self._claim, [LEASE_SECONDS])
            found = cursor.fetchone()
        return found[0] if found else None

    def prune(self, now: datetime) -> int:
        """Take away what was made or given up, found by the index of those that are done."""
        made = before(now, "WEBHOOK_DELIVERY_DAYS")
        return deleted(self.done, [made, PORTION]) if made else 0


def turn_at(url: str) -> tuple[str, Turn | None]:
    """The server of an address, and what may be tried there: a circuit's, if it is open."""
    try:
        server = server_of(url)
    except Refused:  # the try itself says so
        return "", Turn.ALL
    return server, circuits.take_turn(server, timezone.now())


def note_server(server: str, result: Tried, turn: Turn) -> None:
    """Leave a server alone that gave no answer; one that answered is tried by everybody again."""
    if not server or result.is_final and result.status is None:
        return
    if result.is_silent:
        circuits.failed(server, CHANNEL, result.error, turn=turn)
    elif turn is Turn.ONE:
        circuits.worked(server)


def after(result: Tried, attempts: int, now: datetime) -> Mapping[str, Any]:
    """What a row says after a try, by its columns."""
    if result.is_taken:
        return {"delivered_at": now, "last_error": ""}
    pause = result.pause(attempts)
    if pause is None:
        return {"failed_at": now, "last_error": result.error}
    return {"due_at": now + timedelta(seconds=pause), "last_error": result.error}


def given_up(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of the last two weeks, the newest first."""
    since = timezone.now() - SHOWN
    found = rows.filter(failed_at__gte=since, created_at__gte=since - SHOWN)
    return found.order_by("-failed_at")


def try_again(rows: QuerySet[Any], **more: Any) -> int:
    """Have calls made anew, from the first pause on; how many."""
    return rows.update(delivered_at=None, failed_at=None, attempts=0, due_at=timezone.now(), **more)

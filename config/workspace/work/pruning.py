"""What is kept for a time only: each app signs in what it takes away, a portion at a time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.workspace.registry import Registry
from config.workspace.work.due import WORK
from config.workspace.work.faults import is_outage, is_passing

REST_SECONDS = 60.0
PORTION = 5_000  # rows a run and kind: a fraction of a second
SESSIONS = """
    DELETE FROM django_session WHERE session_key IN (
        SELECT session_key FROM django_session WHERE expire_date < %s LIMIT %s)
"""
# the newest of a kind and outcome stays: it says that there was one at all
JOBS = """
    DELETE FROM job WHERE id IN (
        SELECT j.id FROM job j WHERE j.finished_at < %s AND EXISTS (
            SELECT 1 FROM job o WHERE o.kind = j.kind AND o.state = j.state AND o.id > j.id)
        LIMIT %s)
"""
CIRCUITS = "DELETE FROM circuit WHERE retry_at < %s"
UNTRIED_FOR = timedelta(days=7)

# name -> function(now) -> rows taken away; 0 means that nothing is left
PRUNERS: Registry[Callable[[datetime], int]] = Registry("pruners")
_rests_until = 0.0


@WORK.register("pruning", order=95)
def prune_due() -> int:
    """One portion of each kind; how many rows. Where all is done it rests for a minute."""
    global _rests_until  # noqa: PLW0603 - of this process
    if time.monotonic() < _rests_until:
        return 0
    now = timezone.now()
    handled, failed = 0, []
    for _name, prune in PRUNERS:
        try:
            handled += prune(now)
        except Exception as error:
            if is_outage(error):
                raise
            if not is_passing(error):  # who was in the way is gone at the next look
                failed.append(error)
    if failed:
        raise failed[0]
    if not handled:
        _rests_until = time.monotonic() + REST_SECONDS
    return handled


def before(now: datetime, setting: str) -> datetime | None:
    """The moment before which rows go by this setting, in days; None where they never go."""
    days: int = getattr(settings, setting)
    return now - timedelta(days=days) if days else None


def deleted(statement: str, values: list[Any]) -> int:
    """How many rows this statement took away."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return max(int(cursor.rowcount), 0)


@PRUNERS.register("sessions")
def sessions(now: datetime) -> int:
    """Sessions that have ended. They are found by the index on their end."""
    return deleted(SESSIONS, [now - timedelta(hours=1), PORTION])


@PRUNERS.register("jobs")
def jobs(now: datetime) -> int:
    """Jobs that ended long ago. Few enough to be read as a whole."""
    ended = before(now, "JOB_DAYS")
    return deleted(JOBS, [ended, PORTION]) if ended else 0


@PRUNERS.register("circuits")
def circuits(now: datetime) -> int:
    """Of servers that nobody tries any more, as after a change of `EMAIL_URL`."""
    return deleted(CIRCUITS, [now - UNTRIED_FOR])

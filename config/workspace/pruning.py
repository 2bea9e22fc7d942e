"""What is kept for a time only: each app signs in what it takes away, a portion at a time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from config.workspace.registry import Registry
from config.workspace.work import WORK

REST_SECONDS = 60.0
PORTION = 5_000  # rows a run and kind: a fraction of a second
SESSIONS = """
    DELETE FROM django_session WHERE session_key IN (
        SELECT session_key FROM django_session WHERE expire_date < %s LIMIT %s)
"""

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
    handled = sum(prune(now) for _name, prune in PRUNERS)
    if not handled:
        _rests_until = time.monotonic() + REST_SECONDS
    return handled


def deleted(statement: str, values: list[Any]) -> int:
    """How many rows this statement took away."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return max(int(cursor.rowcount), 0)


@PRUNERS.register("sessions")
def sessions(now: datetime) -> int:
    """Sessions that have ended. They are found by the index on their end."""
    return deleted(SESSIONS, [now - timedelta(hours=1), PORTION])

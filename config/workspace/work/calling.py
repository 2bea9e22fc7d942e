"""Which units of work the tick wakes: those with something due, those that fail, each now and then.

Whoever writes down what is due wakes its unit at once (`due.wake`). The tick is for what a lost
hint missed and for what time alone makes due: one statement, by the indexes that the health asks
by too. A unit that says nothing of what is due, and what none of these find, waits for the sweep.
"""

from collections.abc import Collection, Iterator

from django.db import DatabaseError, connection, transaction

from config.workspace.work.due import WORK
from config.workspace.work.faults import is_outage, took_too_long
from config.workspace.work.waiting import DUE, WAITING

SWEEP_SECONDS = 30.0
MOST_MS = 2_000  # of the statement: whoever holds a table for itself must not hold the tick


class Calls:
    """Of the worker that ticks: when each unit was woken last, whatever came of it."""

    def __init__(self) -> None:
        self.woken_at: dict[str, float] = {}

    def due(self, now: float) -> Iterator[tuple[str, bool]]:
        """Names of units to wake, and whether by the sweep alone. `now` is of a clock that only
        goes on. Raises outages of the database.
        """
        found = with_work()
        for name in WORK.names():
            is_swept = now - self.woken_at.get(name, -SWEEP_SECONDS) >= SWEEP_SECONDS
            if name in found or is_swept:
                self.woken_at[name] = now
                yield name, name not in found


def with_work() -> Collection[str]:
    """Names of units that have something due, or that failed and have not gone well since.

    All of them where that cannot be found out now. Raises outages of the database.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {MOST_MS}")
            cursor.execute(_statement())
            due, failing = cursor.fetchone()
    except DatabaseError as error:
        if is_outage(error) and not took_too_long(error):
            raise
        return WORK.names()
    return {*due, *failing}


def _statement() -> str:
    """Of our own code alone; two arrays of names."""
    asked = {name: f"({oldest}) <= clock_timestamp()" for name, oldest in WAITING}
    asked |= dict(DUE)
    cases = ", ".join(f"CASE WHEN {is_due} THEN '{name}' END" for name, is_due in asked.items())
    return f"""
        SELECT array_remove(ARRAY[{cases}], NULL),
               ARRAY(SELECT name FROM work_run WHERE error_since IS NOT NULL)
    """  # noqa: S608

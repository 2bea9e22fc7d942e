"""Due work: each app registers one function that handles what is due and says how much it was.

The rows are the truth; Celery and `drain` only call these. A function handles a bounded amount
(some seconds at most), commits, and returns the number of rows handled; 0 means nothing is due.
Running one twice at the same moment is safe: each claims its rows.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from config.workspace.registry import Registry
from config.workspace.work import recording

WORK: Registry[Callable[[], int]] = Registry("work")
# Who waits for servers of others works in a pool of its own, so that one that hangs holds up
# nothing else: unit -> pool. All others share GENERAL.
POOLS: Registry[str] = Registry("pools")
GENERAL, DELIVERY = "general", "delivery"
LONGEST_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Left:
    """Rows of one kind of work that are due now, and how many of them another worker holds."""

    due: int
    held: int


# What another worker may hold, where one function's 0 does not say that nothing is due; in the
# order in which one kind of work leads to the next.
LEFT: Registry[Callable[[], Left]] = Registry("what is left")


def pool_of(name: str) -> str:
    """The pool that works this kind of work off."""
    return POOLS.get(name) or GENERAL


def left_of(due: str) -> Callable[[], Left]:
    """What is left of the rows that `due` selects, which others claim by locking them.

    A row that cannot be locked at once is in somebody's hands; one whose holder died is free again.
    """

    def left() -> Left:
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT (SELECT count(*) FROM ({due}) AS due),"  # noqa: S608 - pieces of ours
                f" (SELECT count(*) FROM ({due} FOR KEY SHARE SKIP LOCKED) AS free)"
            )
            total, free = cursor.fetchone()
        return Left(total, max(total - free, 0))

    return left


class StillHeld(Exception):
    """Others hold rows and finish none of them; `held` by kind of work."""

    def __init__(self, held: dict[str, int]) -> None:
        self.held = held
        super().__init__(", ".join(f"{name} {count}" for name, count in held.items()))


def drain(
    limit_rounds: int = 100_000,
    on_wait: Callable[[dict[str, int]], None] | None = None,
    patience_seconds: float = math.inf,
) -> dict[str, int]:
    """Do all due work until nothing is left anywhere; the number of rows handled by each kind.

    What other workers hold is waited for; `on_wait` is told before each pause what that is, as rows
    by kind of work. What is due, free, and yet cannot go on (no mail server is set, or it is left
    alone) is left. Raises StillHeld where others' rows stay the same for `patience_seconds`.
    """
    totals = dict.fromkeys(WORK.names(), 0)
    pause, looked_again = 0.01, False
    before: dict[str, Left] = {}
    since = time.monotonic()
    for _ in range(limit_rounds):
        handled = {name: recording.watched(name, function) for name, function in WORK}
        for name, count in handled.items():
            totals[name] += count
        if any(handled.values()):
            pause, looked_again, before = 0.01, False, {}
            continue
        left = {name: function() for name, function in LEFT}
        if left != before:
            before, since = left, time.monotonic()
        held = {name: one.held for name, one in left.items() if one.held}
        if held:
            if time.monotonic() - since >= patience_seconds:
                raise StillHeld(held)
            if on_wait is not None:
                on_wait(held)
            time.sleep(pause)
            pause, looked_again = min(pause * 2, LONGEST_PAUSE_SECONDS), False
        elif looked_again or not any(one.due for one in left.values()):
            break
        else:
            looked_again = True  # it may have been given back just now
    return totals


def wake(name: str) -> None:
    """Hint, after commit, that such work is due; the beat tick finds what a lost hint missed."""
    from django.db import transaction  # noqa: PLC0415

    transaction.on_commit(lambda: _send(name), robust=True)


def _send(name: str) -> None:
    from django.conf import settings  # noqa: PLC0415

    if settings.WAKE_BY_CELERY:
        from celery import current_app  # noqa: PLC0415

        current_app.send_task("rapport.work", args=[name], ignore_result=True)

"""Do the processes of a worker's pool still take work? The tick alone does not tell.

The pool hands work out through one pipe under one lock, and an idle process waits holding it: when
such a one is killed (kill -9, out of memory), nobody takes anything any more, while all looks well.
So each process that begins with a piece of work says so on a pipe of ours, which the tick reads.
"""

import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress

SUSPECT_SECONDS = 20.0  # without work after a process was lost: the ticks bring some each second
SILENT_SECONDS = 300.0  # without work at all: more than the longest run may take


class Pulse:
    """Of one worker, with all its processes. To be made before they are forked."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.reading, self.writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.pids: frozenset[int] = frozenset()
        self.worked_at, self.lost_at = clock(), 0.0

    def began(self) -> None:
        """Said by a process of the pool that begins with a piece of work."""
        with suppress(OSError):  # full: there is enough in it
            os.write(self.writing, b".")

    def excuse(self) -> None:
        """Nothing can be taken just now, and that is no sign: the database is away."""
        self.worked_at = self.clock()
        self.lost_at = self.worked_at if self.lost_at else 0.0

    def is_deaf(self, pids: Collection[int]) -> bool:
        """Asked at each tick, with the processes of the pool: is no work taken any more?"""
        now, found = self.clock(), frozenset(pids)
        if self._heard():
            self.worked_at, self.lost_at = now, 0.0
        if self.pids - found:
            self.lost_at = now
        self.pids = found
        if self.lost_at and now - self.lost_at >= SUSPECT_SECONDS:
            return True
        return now - self.worked_at >= SILENT_SECONDS

    def _heard(self) -> bool:
        found = False
        with suppress(BlockingIOError):
            while os.read(self.reading, 4096):
                found = True
        return found

"""How many connections the threads of this process may hold together; nobody bounds it at first.

Where the bound is below the number of threads, those that are idle give theirs back after each
request, once half of the places are taken or somebody waits. Who finds no place waits for one.
"""

import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

WAIT_SECONDS = 5.0  # below what a request may wait for a thread
LOOK_SECONDS = 0.02  # a connection that is closed tells nobody
Made = TypeVar("Made", bound=psycopg.Connection[Any])


class NoRoom(psycopg.OperationalError):
    """All places are taken: an outage, as the server's own words would be."""

    def __init__(self, most: int) -> None:
        super().__init__(f"too many clients: the {most} connections of this process are in use")


class Room:
    """Of one process. Safe for threads."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[psycopg.Connection[Any]] = weakref.WeakSet()
        self._coming = self._waiting = 0

    def connecting(self, connect: Callable[[], Made]) -> Made:
        """`connect()`, once there is a place for it. Raises NoRoom, and what it raises."""
        self._enter()
        try:
            made = connect()
            with self._lock:
                self._open.add(made)
            return made
        finally:
            with self._lock:
                self._coming -= 1

    @property
    def is_tight(self) -> bool:
        """Should who needs no connection just now give theirs back?"""
        most = self.most
        if most is None:
            return False
        with self._lock:
            return self._waiting > 0 or self._taken() > most // 2

    def _enter(self) -> None:
        if self._has_entered():
            return
        deadline = time.monotonic() + WAIT_SECONDS
        with self._lock:
            self._waiting += 1
        try:
            while not self._has_entered():
                if time.monotonic() > deadline:
                    raise NoRoom(self.most or 0)
                time.sleep(LOOK_SECONDS)
        finally:
            with self._lock:
                self._waiting -= 1

    def _has_entered(self) -> bool:
        with self._lock:
            if self.most is not None and self._taken() >= self.most:
                return False
            self._coming += 1
            return True

    def _taken(self) -> int:
        return self._coming + sum(not one.closed for one in self._open)


ROOM = Room()

"""Hashing of passwords behind a wall: it takes half a second of a processor, for whoever asks.

One at a time in a thread of its own, which steps back for everything else that wants to run; a few
may wait. Log-ins with unknown names take the same way, so that their time tells nothing. Whoever is
signed in, or comes with a device of theirs, waits at a wall of their own, which strangers cannot
fill.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from config.workspace.health import pressure

MOST_WAITING = 4
LONGEST_WAIT_SECONDS = 10.0
NICE = 5  # a thread that answers calls gets three times as much of a busy processor
P = ParamSpec("P")
R = TypeVar("R")


class HashingBusy(Exception):
    """Too many passwords are being checked."""


class Wall:
    """Lets one through at a time, has a few wait, and refuses the rest at once."""

    def __init__(
        self, most_waiting: int = MOST_WAITING, seconds: float = LONGEST_WAIT_SECONDS
    ) -> None:
        self._places, self._seconds = 1 + most_waiting, seconds
        self._lock = threading.Lock()
        self._start_anew()

    def _start_anew(self) -> None:
        """In a new process nobody is inside, and there is no thread."""
        self._inside = 0
        self._threads = ThreadPoolExecutor(1, "hashing", initializer=_step_back)

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`function()`, as soon as it is its turn. Raises HashingBusy, counted; what it raises."""
        self._enter()
        try:
            return self._in_turn(function, *args, **kwargs)
        finally:
            with self._lock:
                self._inside -= 1

    def _enter(self) -> None:
        with self._lock:
            if self._inside >= self._places:
                pressure.turned_away("login", "hashing")
                raise HashingBusy
            self._inside += 1

    def _in_turn(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        future = self._threads.submit(function, *args, **kwargs)
        with suppress(TimeoutError):
            return future.result(self._seconds)
        if future.cancel():  # its turn has not come
            pressure.turned_away("login", "hashing")
            raise HashingBusy
        return future.result()


def _step_back() -> None:
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


wall, wall_of_known = Wall(), Wall()
os.register_at_fork(after_in_child=wall._start_anew)
os.register_at_fork(after_in_child=wall_of_known._start_anew)
_is_known: ContextVar[bool] = ContextVar("hashing_is_known", default=False)


@contextmanager
def for_known(is_known: bool = True) -> Iterator[None]:
    """What is hashed in here is for somebody who is signed in, or signs in with a known device."""
    token = _is_known.set(is_known)
    try:
        yield
    finally:
        _is_known.reset(token)


class WalledHasher(PBKDF2PasswordHasher):
    """Django's own, behind the wall. All of its work is `encode`: making, checking, hardening."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises HashingBusy."""
        own = wall_of_known if _is_known.get() else wall
        return own.run(super().encode, password, salt, iterations)

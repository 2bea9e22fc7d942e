"""Some children, shared by the threads of a process; started when needed, ended when not.

A fresh pool for each process: after a fork the children are still the parent's.
"""

import os
import queue
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from config.workspace.sandbox.children import (
    Ended,
    ItemStopped,
    Limits,
    NoAnswer,
    SandboxChild,
    Unavailable,
)

IDLE_SECONDS = 300.0  # then a child is ended; the next one takes a sixth of a second to start
LOOK_SECONDS = 30.0


class PoolBusy(Unavailable):
    """Others are at it, and more are waiting already."""


class _Keeper(threading.Thread):
    """Starts children, and ends those that nobody uses.

    A thread of its own, since the kernel ends a child with the *thread* that started it, and
    threads that answer requests come and go.
    """

    def __init__(self, pool: "ChildPool") -> None:
        super().__init__(name="sandbox", daemon=True)
        self._pool = weakref.ref(pool)
        self.wanted: queue.SimpleQueue[tuple[str, Future[SandboxChild]]] = queue.SimpleQueue()

    def run(self) -> None:
        """For as long as there is a pool."""
        while True:
            try:
                module, future = self.wanted.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                if (pool := self._pool()) is None:
                    return
                pool.end_idle(IDLE_SECONDS)
                continue
            try:
                future.set_result(SandboxChild(module))
            except BaseException as error:  # whoever waits is told
                future.set_exception(error)


class ChildPool:
    """At most `size` children that do the tasks of `module`; as many requests may wait."""

    def __init__(self, module: str, size: int) -> None:
        self._module, self.size = module, size
        self._idle: list[SandboxChild] = []
        self._reset()
        os.register_at_fork(after_in_child=self._forked)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._idle, self._busy, self._waiting = [], 0, 0
        self._keeper: _Keeper | None = None

    def _forked(self) -> None:
        for child in self._idle:
            child.let_go()
        self._reset()

    def run(self, task: str, shared: Any, items: Sequence[Any], limits: Limits) -> list[Any]:
        """For each item a value, or Stopped with the reason why there is none.

        A child that dies costs one item: the others go on in a fresh one. What it was not plainly
        at fault for is tried twice. Raises PoolBusy and Unavailable.
        """
        with self._place(limits.wait_seconds):
            return _Request(self, task, shared, items, limits).answers()

    @contextmanager
    def _place(self, wait_seconds: float) -> Iterator[None]:
        """One of `size` places. Raises PoolBusy where none is free in time, or too many wait."""
        with self._changed:
            if self._busy >= self.size:
                self._wait(wait_seconds)
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify()

    def _wait(self, seconds: float) -> None:
        if self._waiting >= self.size:
            raise PoolBusy("all are at work, and as many wait")
        self._waiting += 1
        try:
            if not self._changed.wait_for(lambda: self._busy < self.size, seconds):
                raise PoolBusy("all are at work")
        finally:
            self._waiting -= 1

    def take(self) -> SandboxChild:
        """An idle child, or a new one. Raises Unavailable."""
        while True:
            with self._changed:
                child = self._idle.pop() if self._idle else None
            if child is None:
                return self._started()
            if child.is_alive:
                return child
            child.end()

    def _started(self) -> SandboxChild:
        with self._changed:
            if self._keeper is None or not self._keeper.is_alive():
                self._keeper = _Keeper(self)
                self._keeper.start()
            wanted = self._keeper.wanted
        future: Future[SandboxChild] = Future()
        wanted.put((self._module, future))
        return future.result()

    def give_back(self, child: SandboxChild) -> None:
        """It waits for the next request."""
        with self._changed:
            self._idle.append(child)

    def end_idle(self, seconds: float = 0.0) -> None:
        """End the children that nobody has used for so long."""
        now = time.monotonic()
        with self._changed:
            ended = [child for child in self._idle if now - child.idle_since >= seconds]
            self._idle = [child for child in self._idle if child not in ended]
        for child in ended:
            child.end()

    @property
    def pids(self) -> list[int]:
        """Of the idle children, for the tests."""
        with self._changed:
            return [child.process.pid for child in self._idle]


class _Request:
    """The items of one call on their way through one child after the other."""

    def __init__(
        self, pool: ChildPool, task: str, shared: Any, items: Sequence[Any], limits: Limits
    ) -> None:
        self._pool, self._task, self._shared, self._limits = pool, task, shared, limits
        self._items = items
        self._answers: dict[int, Any] = {}  # by the place among the items
        self._deaths = 0
        self._suspect = -1  # the item that a child died of, to be tried once more
        self._deadline = time.monotonic() + limits.total_seconds

    def answers(self) -> list[Any]:
        """One for each item. Raises Unavailable where there is no child for the first."""
        while (left := self._left()) and self._may_go_on():
            child = self._pool.take()
            try:
                self._work(child, left)
            except Ended as ended:
                self._note(ended, left)
            except BaseException:
                child.end()
                raise
            else:
                self._pool.give_back(child)
        for place in left:
            self._answers[place] = ItemStopped(NoAnswer.NOT_TRIED)
        return [self._answers[place] for place in range(len(self._items))]

    def _left(self) -> list[int]:
        return [place for place in range(len(self._items)) if place not in self._answers]

    def _may_go_on(self) -> bool:
        return self._deaths < self._limits.most_deaths and time.monotonic() < self._deadline

    def _work(self, child: SandboxChild, left: Sequence[int]) -> None:
        items = [self._items[place] for place in left]
        places = iter(left)
        for answer in child.work(self._task, self._shared, items, self._limits, self._deadline):
            self._answers[next(places)] = answer

    def _note(self, ended: Ended, tried: Sequence[int]) -> None:
        at = tried[min(ended.at, len(tried) - 1)]
        again = at == self._suspect
        if ended.why is None and not again:  # it had retired, or nobody had used it for long
            self._suspect = at
            return
        too_late = time.monotonic() >= self._deadline
        if ended.is_certain or again or (too_late and not self._answers):
            self._answers.setdefault(at, ItemStopped(ended.why or NoAnswer.CRASHED))
            self._deaths += 1
        self._suspect = at

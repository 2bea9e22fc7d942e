"""A bounded pool of threads with a bounded queue; what does not fit is said so at once."""

import logging
import threading
import time
from queue import SimpleQueue
from typing import Protocol

LONGEST_WAIT_SECONDS = 10.0  # then whoever asked is told, and may come again
log = logging.getLogger("rapport.web")


class PoolJob(Protocol):
    """Something to do in a thread."""

    def run(self) -> None:
        """Do it; raises nothing that matters to the thread."""

    def turn_away(self, reason: str) -> None:
        """Answer without having done it. Called from any thread."""


class ThreadPool:
    """Threads of one area.

    Whoever takes a job out of `_waiting` owns it: a thread that does it, or `turn_away_late`.
    """

    def __init__(
        self, name: str, threads: int, most_waiting: int, seconds: float = LONGEST_WAIT_SECONDS
    ) -> None:
        self.name, self.threads = name, threads
        self.most_waiting, self.seconds = most_waiting, seconds
        self._queue: SimpleQueue[PoolJob | None] = SimpleQueue()
        self._waiting: dict[PoolJob, float] = {}  # since when, oldest first
        self._started: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; daemons, so that a thread that hangs keeps no process from ending."""
        for number in range(self.threads):
            name = f"{self.name}-{number + 1}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._started.append(thread)
            thread.start()

    def submit(self, job: PoolJob) -> bool:
        """Have it done; False where too many wait already."""
        if len(self._waiting) >= self.most_waiting:
            return False
        self._waiting[job] = time.monotonic()
        self._queue.put(job)
        return True

    def turn_away_late(self) -> None:
        """Answer those that have waited for too long: every thread is busy, or hangs."""
        latest = time.monotonic() - self.seconds
        for job, since in list(self._waiting.items()):
            if since > latest:
                break
            if self._waiting.pop(job, None) is not None:
                job.turn_away("late")

    @property
    def waiting(self) -> int:
        """Jobs that no thread has taken yet."""
        return len(self._waiting)

    def stop(self) -> None:
        """Let each thread end after what it is doing."""
        for _thread in self._started:
            self._queue.put(None)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            if self._waiting.pop(job, None) is None:
                continue  # it was answered meanwhile
            try:
                job.run()
            except Exception as error:  # a thread that ends is never replaced
                log.error("a thread of %s met %s", self.name, type(error).__name__)

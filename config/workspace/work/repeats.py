"""The same fault again and again: said once with its reason, then counted once a minute."""

import logging
import threading
import time
from dataclasses import dataclass

EVERY_SECONDS = 60.0


@dataclass
class _Streak:
    """Failures of one thing since it last worked. Each reason is said once: they may alternate."""

    reasons: set[str]
    began: float
    said: float
    count: int = 1
    unsaid: int = 0


class Repeats:
    """Logs what fails often without filling the log. Safe for threads."""

    def __init__(self, log: logging.Logger) -> None:
        self.log = log
        self.forget()

    def forget(self) -> None:
        """Begin anew: a forked process, whose parent may have held the lock."""
        self._streaks: dict[str, _Streak] = {}
        self._lock = threading.Lock()

    def failed(self, what: str, reason: str, detail: str = "", *, times: int = 1) -> None:
        """`what` failed: a line at once for a new reason, then a count at most once a minute."""
        now = time.monotonic()
        with self._lock:
            streak = self._streaks.get(what)
            if streak is None:
                streak = self._streaks[what] = _Streak(set(), now, now, 0)
            if reason not in streak.reasons:
                streak.reasons.add(reason)
                streak.count += times
                line = f"{what} failed: {reason}" + (f"\n{detail}" if detail else "")
            else:
                streak.count += times
                streak.unsaid += times
                if now - streak.said < EVERY_SECONDS:
                    return
                line = f"{what} failed: {reason} ({streak.unsaid} more times)"
                streak.said, streak.unsaid = now, 0
        self.log.error("%s", line)

    def worked(self, what: str) -> None:
        """`what` works (again): said where it had failed. Cheap where it had not."""
        if what not in self._streaks:
            return
        with self._lock:
            streak = self._streaks.pop(what, None)
        if streak is not None:
            seconds = time.monotonic() - streak.began
            self.log.warning(
                "%s works again, after %d failures in %.0f s", what, streak.count, seconds
            )

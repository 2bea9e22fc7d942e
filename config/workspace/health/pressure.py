"""Requests that this web process turned away, for the figures and, where it lasts, for Home."""

import threading
import time
from collections import Counter, deque

from config.workspace.health import counters

MINUTES = 10
LASTING_MINUTES = 2  # with refusals in so many of the last ten it is no single burst
_minutes: deque[tuple[int, Counter[str]]] = deque(maxlen=MINUTES)
_lock = threading.Lock()


def turned_away(area: str, reason: str, n: int = 1) -> None:
    """One more, or `n`. Area and reason are few and fixed by code."""
    counters.count("turned_away_total", n, area=area, reason=reason)
    minute = int(time.monotonic() // 60)
    with _lock:
        if not _minutes or _minutes[-1][0] != minute:
            _minutes.append((minute, Counter()))
        _minutes[-1][1][area] += n


def lasting() -> Counter[str]:
    """By area how many were turned away in the last ten minutes; empty after a single burst."""
    since = int(time.monotonic() // 60) - MINUTES
    with _lock:
        lately = [counted for minute, counted in _minutes if minute > since]
    return sum(lately, Counter[str]()) if len(lately) >= LASTING_MINUTES else Counter()


def forget() -> None:
    """Begin with none: a new process, a test."""
    with _lock:
        _minutes.clear()

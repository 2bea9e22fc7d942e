"""Counts of this process since it started, for `/metrics`: HTTP answers, calls kept and refused."""

import threading
from collections import Counter

ENDED = "statements_ended_total"  # by area of the request

Labels = tuple[tuple[str, str], ...]
_counts: Counter[tuple[str, Labels]] = Counter()
_lock = threading.Lock()


def count(name: str, n: float = 1, **labels: str) -> None:
    """Add `n`. Labels are few and fixed by code: never what somebody sent."""
    with _lock:
        _counts[name, tuple(sorted(labels.items()))] += n  # type: ignore[assignment]


def counted(name: str) -> dict[Labels, float]:
    """What was counted under `name`, by labels."""
    with _lock:
        return {labels: n for (found, labels), n in _counts.items() if found == name}


def forget() -> None:
    """Begin at zero: a new process, a test."""
    with _lock:
        _counts.clear()

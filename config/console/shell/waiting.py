"""What waits for somebody, as numbers beside lines of the menu."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from config.workspace.permissions import may
from config.workspace.registry import Registry

KEPT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Waiting:
    """`number` of things; `tone` is "bad" where one is late, "warn" where one soon will be.

    `words` say it whole, for whoever does not see where the number stands.
    """

    number: int
    tone: str = ""
    words: str = ""


@dataclass(frozen=True)
class Counter:
    """Counts for those who may see them. `count` is one small query."""

    permission: str
    count: Callable[[], Waiting | None]


WAITING: Registry[Counter] = Registry("what waits")
_kept: dict[str, tuple[float, Waiting | None]] = {}


def waiting_for(user: Any, name: str) -> Waiting | None:
    """Of this name, as of the last five seconds; None where nothing waits, or not for them."""
    counter = WAITING.get(name)
    if counter is None or not may(user, counter.permission):
        return None
    now = time.monotonic()
    until, found = _kept.get(name, (0.0, None))
    if now >= until:
        found = counter.count()
        _kept[name] = (now + KEPT_SECONDS, found)
    return found if found and found.number else None


def forget() -> None:
    """Count anew next time (after a change, and between tests)."""
    _kept.clear()

"""One row of "Needs you"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

AT_MOST = 4  # of one kind
GIVEN_UP_AFTER = timedelta(days=14)  # what is older is no news any more


@dataclass(frozen=True)
class Need:
    """One row of "Needs you"; sorted by `rank`, then by `at`."""

    rank: int
    icon: str
    state: str
    title: Any
    text: Any
    url: str
    button: Any
    due: Any = ""
    at: datetime | None = None

"""Waiting for what another process or worker does, and no longer than for so long."""

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.02


def wait_until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Until `condition` holds. Raises AssertionError, which says `what` did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(PAUSE_SECONDS)

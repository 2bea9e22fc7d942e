"""Failures that a process could not write down, for want of the database: one small file.

A process that gets no connection may be alone with that; the web process on the same machine that
has one reads here why nothing is done.
"""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

FRESH_SECONDS = 60.0  # whoever still fails has written again by then


@dataclass(frozen=True)
class Failing:
    """Of one unit of work: why (class and phrase), since when (epoch seconds), how often."""

    reason: str
    since: float
    count: int

    @property
    def began(self) -> datetime:
        """The same, as a moment."""
        return datetime.fromtimestamp(self.since, UTC)


def write(var: Path, failing: Mapping[str, Failing]) -> None:
    """By unit. As a whole or not at all; a full disk is no fault here."""
    path = _file(var)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        units = {name: asdict(one) for name, one in failing.items()}
        temporary.write_text(json.dumps({"at": time.time(), "units": units}))
        temporary.replace(path)


def read(var: Path) -> dict[str, Failing]:
    """What was written within the last minute."""
    try:
        found = json.loads(_file(var).read_text())
        if abs(time.time() - float(found["at"])) > FRESH_SECONDS:
            return {}
        return {name: Failing(**one) for name, one in found["units"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def clear(var: Path) -> None:
    """It could be written down."""
    with suppress(OSError):
        _file(var).unlink(missing_ok=True)


def _file(var: Path) -> Path:
    return Path(var) / "unnoted.json"

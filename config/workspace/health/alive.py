"""A worker's signs of life: what is known when the database is away.

One small file for each pool in VAR_DIR, for a web process on the same machine. Where there is none
the worker runs elsewhere, or has never run. And a byte on a pipe for the supervisor, which replaces
a worker that does not tick: a full disk must not look like that.
"""

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.workspace.work.waiting import WORKER

BEATS = "RAPPORT_BEATS"  # the number of the pipe's writing end


@dataclass(frozen=True)
class Sign:
    """Seconds since the worker last wrote; why it does not tick ("" while it does)."""

    age_seconds: float
    reason: str


def beat() -> None:
    """Tell the supervisor, where there is one, that the tick goes on."""
    with suppress(OSError, ValueError):
        os.write(int(os.environ.get(BEATS, "")), b".")


def write(var: Path, reason: str = "", unit: str = WORKER) -> None:
    """Say that the worker lives, and what keeps it from ticking. A full disk is no fault here."""
    path = _file(var, unit)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_text(json.dumps({"at": time.time(), "reason": reason}))
        temporary.replace(path)


def read(var: Path, unit: str = WORKER) -> Sign | None:
    """What the worker last wrote, or None."""
    try:
        found = json.loads(_file(var, unit).read_text())
        return Sign(max(time.time() - float(found["at"]), 0.0), str(found["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(var: Path, unit: str) -> Path:
    return Path(var) / f"{unit}.json"

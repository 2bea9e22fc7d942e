"""What the supervisor had to start again: one small file in VAR_DIR, for the web process.

Where there is none, something else than `up` runs the processes.
"""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

# what is kept of why, in English; said again by `config.console.health_words`
ENDED_WORDS = "ended (%(code)s)"
SILENT_WORDS = "did not answer any more: where it was stands above"
MANY, LATELY_SECONDS = 3, 600.0  # so many times in so long is a fault


@dataclass(frozen=True)
class Process:
    """One of the processes that `up` runs, since that `up` began."""

    restarts: Mapping[str, int] = field(default_factory=dict)  # by reason: ended, silent
    reason: str = ""  # of the last one, in English: for the log, readiness and metrics
    at: tuple[float, ...] = ()  # epoch seconds of the last few


def write(var: Path, processes: Mapping[str, Process]) -> None:
    """As a whole or not at all. A full disk is no fault here."""
    path = _file(var)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        temporary.write_text(json.dumps({name: asdict(one) for name, one in processes.items()}))
        temporary.replace(path)


def read(var: Path) -> dict[str, Process]:
    """What was last written; nothing where there is no file."""
    try:
        found = json.loads(_file(var).read_text())
        return {
            str(name): Process(dict(one["restarts"]), str(one["reason"]), tuple(one["at"]))
            for name, one in found.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def lately(var: Path, now: float | None = None) -> dict[str, Process]:
    """Those that were started again so often of late that something is wrong."""
    since = (time.time() if now is None else now) - LATELY_SECONDS
    found = read(var).items()
    return {name: one for name, one in found if sum(at > since for at in one.at) >= MANY}


def _file(var: Path) -> Path:
    return Path(var) / "supervisor.json"

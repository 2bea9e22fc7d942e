"""Is there room where the data is? Asked of the file system alone: with a full disk nobody else can
answer. Only what lies on this machine is known: VAR_DIR, and the embedded database.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config import paths

MEGABYTE = 1024 * 1024
LOW_BYTES, FULL_BYTES = 1024 * MEGABYTE, 32 * MEGABYTE  # the server's log grows by 16 MB at once
LOW_FILES, FULL_FILES = 20_000, 200
FULL, LOW, READ_ONLY, GONE = "disk_full", "disk_low", "disk_read_only", "disk_gone"
_WORST_FIRST = (GONE, READ_ONLY, FULL, LOW)


@dataclass(frozen=True)
class Space:
    """What is free in a folder. `files` is None where the file system has no bound."""

    name: str  # data, database
    free_bytes: int = 0
    files: int | None = None
    is_read_only: bool = False
    is_gone: bool = False

    @property
    def fault(self) -> str:
        """What is wrong with it; "" where nothing is."""
        files = LOW_FILES if self.files is None else self.files
        if self.is_gone:
            return GONE
        if self.is_read_only:
            return READ_ONLY
        if self.free_bytes < FULL_BYTES or files < FULL_FILES:
            return FULL
        return LOW if self.free_bytes < LOW_BYTES or files < LOW_FILES else ""


def spaces(var: Path, *, embedded: bool = True) -> Sequence[Space]:
    """Of VAR_DIR, and of the embedded database where that lies elsewhere."""
    found = [_space("data", var)]
    if embedded and not found[0].is_gone:
        with suppress(OSError):
            home = paths.database_home(var)
            found += [_space("database", home)] if home != var and home.exists() else []
    return found


def trouble(var: Path, *, embedded: bool = True) -> Space | None:
    """The place that is worst off, or None."""
    bad = [space for space in spaces(var, embedded=embedded) if space.fault]
    return min(bad, key=lambda space: _WORST_FIRST.index(space.fault), default=None)


def is_full(var: Path, *, embedded: bool = True) -> bool:
    """Can nothing be kept just now?"""
    worst = trouble(var, embedded=embedded)
    return worst is not None and worst.fault != LOW


def in_english(space: Space) -> str:
    """In one sentence: for the log, readiness and the supervisor."""
    left = f"{space.free_bytes // MEGABYTE} MB"
    if space.files is not None and space.files < LOW_FILES:
        left += f" and {space.files} files"
    return {
        FULL: f"the disk is full ({left} left)",
        LOW: f"the disk is nearly full ({left} left)",
        READ_ONLY: "the disk cannot be written (read-only)",
        GONE: "VAR_DIR is gone",
    }[space.fault]


def _space(name: str, folder: Path) -> Space:
    try:
        found = os.statvfs(folder)
    except OSError:
        return Space(name, is_gone=True)
    return Space(
        name,
        found.f_bavail * found.f_frsize,
        found.f_favail if found.f_files else None,
        bool(found.f_flag & os.ST_RDONLY),
    )

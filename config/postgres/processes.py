"""Processes of a PostgreSQL server, told by where they run: each has the data as its folder."""

import os
import signal
from contextlib import suppress
from pathlib import Path


def is_server(pid: int, data: Path) -> bool:
    """Is this process a living one of a PostgreSQL server on `data`?"""
    try:
        return _runs_on(pid, data)
    except PermissionError:
        return True  # another user's server: leave its lock alone


def end_orphans(data: Path) -> int:
    """End what a killed server left on `data`; how many there were.

    They hold its shared memory, without which no other one starts, and end by themselves only once
    they look up from what they are at: a long query, a write to a client that reads no more. What
    they were at is as lost as the server; what they have committed is in its log.
    Only for whoever holds the lock of `data`, and knows that its server is dead.
    """
    ended = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                handle = os.pidfd_open(int(entry.name))  # a number may be another's by now
                try:
                    if _runs_on(int(entry.name), data):
                        signal.pidfd_send_signal(handle, signal.SIGKILL)
                        ended += 1
                finally:
                    os.close(handle)
    return ended


def _runs_on(pid: int, data: Path) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        name, rest = (process / "stat").read_text().rsplit(")", 1)
        if not name.endswith("(postgres") or rest.split()[0] in "ZX":
            return False
        return os.path.samefile(process / "cwd", data)
    except (FileNotFoundError, ProcessLookupError):
        return False

"""What an earlier `up` of this VAR_DIR left behind: found, ended, cleared away.

Every process below a supervisor carries a mark in its environment, which stays with whatever it
forks: the folder. Only one `up` may hold a folder's lock, so that whoever holds it and finds such a
process knows it for an orphan. Never by name, and never another installation's: a process of
another user, one that we may not look into, or that sees another root (a container), is not ours,
whatever it carries.

Nothing here needs Django.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from config.workspace.sandbox.parents import end_with

MARK = "RAPPORT_UP"
SECONDS = 10.0  # of patience with what was killed
# a file that is written beside its place and then renamed: its writer's number is in the name
_HALF_FILE = re.compile(r"^(?:\..+|mailbox)\.(\d+)$")
_HALF_MAIL = re.compile(r"^\.\d{20}-[0-9a-f]{16}$")


def marked(var: Path) -> dict[str, str]:
    """The environment of what a supervisor of `var` starts."""
    return {**os.environ, MARK: str(var)}


def processes(var: Path) -> list[int]:
    """The living processes that an `up` of `var` has started, their children too; not ourselves."""
    sign = f"{MARK}={var}".encode()
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if _carries(entry.path, sign):
                    found.append(int(entry.name))
    return found


def clear(var: Path, keep: Collection[int] = ()) -> int:
    """End them all at once, but for those in `keep`; how many there were.

    What they did is in the database or is done again; what is deaf hears nothing else.
    """
    ended: set[int] = set()
    deadline = time.monotonic() + SECONDS
    while found := [pid for pid in processes(var) if pid not in keep]:
        for pid in found:
            if kill(pid, var):
                ended.add(pid)
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return len(ended)


def kill(pid: int, var: Path) -> bool:
    """SIGKILL to this very process if it carries the mark: its number may be another's by now."""
    with suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            if _carries(f"/proc/{pid}", f"{MARK}={var}".encode()):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                return True
        finally:
            os.close(handle)
    return False


def clear_files(var: Path) -> None:
    """Remove what was being written when its writer died."""
    unsettled = (var / "unsettled", _HALF_FILE)
    for folder, pattern in ((var, _HALF_FILE), (var / "mailbox", _HALF_MAIL), unsettled):
        with suppress(OSError):
            for entry in os.scandir(folder):
                found = pattern.match(entry.name)
                if found and not (found.groups() and _lives(int(found[1]))):
                    os.unlink(entry.path)


def end_with_parent() -> None:
    """Have the kernel kill this process when the one that forked it ends, at whatever moment.

    The parent must carry the mark that we carry; where it does not, it died before we could ask for
    this. Without a mark (no `up` above us) nothing is done. To be called anew after each fork.
    """
    if MARK not in os.environ:
        return
    sign, parent = f"{MARK}={os.environ[MARK]}".encode(), os.getppid()
    try:
        is_ours = _carries(f"/proc/{parent}", sign)
    except OSError:
        is_ours = False
    if not is_ours:
        os.kill(os.getpid(), signal.SIGKILL)
    end_with(parent)


def sentence(count: int, adopted: bool) -> str:
    """What `up` says about it; "" where nothing was left behind."""
    said = []
    if count:
        said.append(f"{count} process{'es' if count > 1 else ''} of it ended")
    if adopted:
        said.append("its database server taken over")
    return f"An earlier run did not end properly: {', '.join(said)}." if said else ""


def _carries(process: str, sign: bytes) -> bool:
    """Is it ours, and the mark in its environment? Raises OSError where it cannot be seen."""
    if os.stat(process).st_uid != os.geteuid():
        return False
    with open(f"{process}/environ", "rb") as file:
        if sign not in file.read().split(b"\0"):
            return False
    return os.path.samestat(os.stat(f"{process}/root"), os.stat("/"))


def _lives(pid: int) -> bool:
    return sys.platform == "linux" and Path(f"/proc/{pid}").exists()

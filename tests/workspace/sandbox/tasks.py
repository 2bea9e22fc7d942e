"""What a child does in these tests: as bad as it can get, in one word each."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any


def _misbehave(word: Any) -> Any:
    if word == "compute":
        return "x" in range(10**12)
    if word == "allocate":
        return len(bytearray(10**9))
    if word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "hang":
        time.sleep(3600)
    if word == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if word == "err":
        raise ValueError("something personal")
    return word


def _act(_shared: Any) -> Callable[[Any], Any]:
    return _misbehave


def _look(_shared: Any) -> Callable[[Any], Any]:
    def seen(_item: Any) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "environment": sorted(os.environ),
            "files": sorted(os.readlink(f"/proc/self/fd/{n}") for n in _open_files()),
            "django": "django" in sys.modules,
        }

    return seen


def _left(seconds: float) -> Callable[[Any], Any]:
    """What the kernel's own count leaves at the beginning of each item; then it is used up."""

    def compute(_item: Any) -> float:
        left, until = signal.getitimer(signal.ITIMER_PROF)[0], time.process_time() + seconds
        while time.process_time() < until:
            pass
        return left

    return compute


def _open_files() -> list[int]:
    return [n for n in range(64) if os.path.exists(f"/proc/self/fd/{n}")]


def _once(path: str) -> Callable[[Any], Any]:
    """Die at the first attempt, as one does whom somebody else ended."""

    def attempt(item: Any) -> Any:
        if os.path.exists(path):
            os.unlink(path)
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    return attempt


TASKS = {"act": _act, "left": _left, "look": _look, "once": _once}

"""The child: limited before it imports anything else, told what to do over its standard input.

It holds no connection, no secret and no Django; what it imports is named by its parent.
"""

import gc
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from config.workspace.sandbox import frames
from config.workspace.sandbox.marks import Mark
from config.workspace.sandbox.parents import end_with

MEMORY_BYTES = 256 * 1024 * 1024  # of address space; some 40 MB are used at rest
RETIRED_AT_BYTES = 96 * 1024 * 1024  # of memory held: the next request gets a fresh child
OPEN_FILES = 64
# answers go many at once: each that goes alone wakes the parent for it
TOGETHER_BYTES, TOGETHER_SECONDS = 64 * 1024, 0.02
OK, FAILED, TOO_LARGE = "ok", "failed", "too_large"

Task = Callable[[Any], Callable[[Any], Any]]


def main(module: str, parent: str, mark_file: str) -> None:
    """Answer requests until the parent closes the socket or dies.

    `module.TASKS` are functions by name: called with what all items share, each gives the function
    that is called with one item. `mark_file` tells the parent which item that is.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    end_with(int(parent))
    mark = Mark(int(mark_file))
    _limit()
    tasks: dict[str, Task] = import_module(module).TASKS
    gc.freeze()  # what was imported stays: no look for garbage goes through it
    link = socket.socket(fileno=os.dup(0))
    reader = frames.FrameReader(link)
    link.sendall(frames.pack(OK))
    try:
        while _answer(link, reader, mark, tasks):
            pass
    except (frames.Closed, OSError):
        return


def _limit() -> None:
    """No core, no file written, no process started; so much memory."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_AS, MEMORY_BYTES),
    ):
        resource.setrlimit(what, (most, most))


def _answer(
    link: socket.socket, reader: frames.FrameReader, mark: Mark, tasks: dict[str, Task]
) -> bool:
    """One request: an answer for each of its items.

    False where this child has grown too large for another.
    """
    name, shared, items, cpu_seconds = reader.receive()
    _allow(cpu_seconds)
    function = tasks[name](shared)
    waiting, since = bytearray(), time.monotonic()
    for number, item in enumerate(items):
        mark.set(number)
        _allow(cpu_seconds)
        waiting += frames.pack(_attempt(function, item))
        if len(waiting) >= TOGETHER_BYTES or time.monotonic() - since >= TOGETHER_SECONDS:
            link.sendall(waiting)
            waiting, since = bytearray(), time.monotonic()
    link.sendall(waiting)
    return _resident_bytes() < RETIRED_AT_BYTES


def _resident_bytes() -> int:
    # not ru_maxrss: that is the parent's, from the moment between fork and exec
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def _allow(seconds: int) -> None:
    """The kernel ends us after `seconds` of computing from now on, as it counts itself.

    It counts by its clock's ticks, which on a busy machine come to a quarter more than what it
    measures (`time.process_time`). A limit that is set from the one and held against the other
    (RLIMIT_CPU) is over one day for a mail that has not begun. No handler: one of Python's would
    wait for the very call that does not come back.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _attempt(function: Callable[[Any], Any], item: Any) -> list[Any]:
    try:
        return [OK, function(item)]
    except MemoryError:
        return [TOO_LARGE, ""]
    except Exception as error:  # its words may hold what is personal: where it was, no more
        return [FAILED, f"{type(error).__name__} in {_place(error)}"]


def _place(error: Exception) -> str:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "?"

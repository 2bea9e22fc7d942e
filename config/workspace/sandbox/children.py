"""One child, held from the outside."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from config.workspace.sandbox import child, frames, marks

START_SECONDS = 30.0
_ROOT = str(Path(__file__).resolve().parents[3])
_START = (
    "import sys; root, *given = sys.argv[1:]; sys.path.insert(0, root);"
    "from config.workspace.sandbox.child import main; main(*given)"
)


class NoAnswer(StrEnum):
    """Why there is no answer for an item."""

    TOO_LONG = "too_long"  # more computing than is allowed, or no answer at all
    TOO_LARGE = "too_large"  # more memory than is allowed
    CRASHED = "crashed"  # twice: the child died of it
    FAILED = "failed"  # an error of our own code; `detail` says which and where
    NOT_TRIED = "not_tried"  # others used up the time


class ItemStopped(Exception):
    """What an item gets for an answer where it has none."""

    def __init__(self, why: NoAnswer, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why, self.detail = why, detail


class Unavailable(Exception):
    """No child can be had now. Nobody's content is to blame."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may use up. Computing and waiting are of one item, `total` is of all."""

    cpu_seconds: int = 2
    wall_seconds: float = 15.0
    total_seconds: float = 60.0
    wait_seconds: float = 5.0  # for one of the children
    most_deaths: int = 3  # of children; what is left after that is not tried


class Ended(Exception):
    """The child ended amid a request: of itself (`why` is None), or for what it worked on.

    `at` is the item that it was at; answers to earlier ones may be lost with it. `is_certain` where
    the kernel counted: there is no use in trying again.
    """

    def __init__(self, why: NoAnswer | None, at: int, *, is_certain: bool = False) -> None:
        super().__init__(why)
        self.why, self.at, self.is_certain = why, at, is_certain


class SandboxChild:
    """A process, and the socket that leads to it. For one thread at a time."""

    def __init__(self, module: str) -> None:
        """Start it. Raises Unavailable."""
        try:
            file = marks.new_file()
            self.process, self.link = _started(module, file)
        except OSError as error:
            raise Unavailable(str(error)) from error
        self._mark = marks.Mark(file)
        self._reader = frames.FrameReader(self.link)
        self.idle_since = time.monotonic()
        try:
            self._reader.receive(self.idle_since + START_SECONDS)
        except (frames.Closed, OSError) as error:
            self.end()
            raise Unavailable("a child did not start") from error

    def work(
        self, task: str, shared: Any, items: Sequence[Any], limits: Limits, deadline: float
    ) -> Iterator[Any]:
        """The answer for each item, in order: a value, or Stopped. Raises Ended where it dies."""
        until = min(deadline, time.monotonic() + limits.wall_seconds)
        self._mark.set(0)
        try:
            frames.allow_until(self.link, until)
            self.link.sendall(frames.pack([task, shared, items, limits.cpu_seconds]))
            for _ in items:
                until = min(deadline, time.monotonic() + limits.wall_seconds)
                yield _answer(self._reader.receive(until))
        except TimeoutError:
            at = self._mark.get()
            self.end()
            raise Ended(NoAnswer.TOO_LONG, at) from None
        except (frames.Closed, OSError):
            raise self._ended() from None
        self.idle_since = time.monotonic()

    def _ended(self) -> Ended:
        at = self._mark.get()
        try:
            code = self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            code = -signal.SIGKILL
        self.end()
        if code == -signal.SIGPROF:
            return Ended(NoAnswer.TOO_LONG, at, is_certain=True)
        return Ended(None if code == 0 else NoAnswer.CRASHED, at)

    @property
    def is_alive(self) -> bool:
        """Has it not ended?"""
        return self.process.poll() is None

    def end(self) -> None:
        """End it now, whatever it does."""
        self.link.close()
        self.process.kill()
        self.process.wait()
        self._mark.close()

    def let_go(self) -> None:
        """In a forked process: it is the parent's, only our copies of what leads to it go."""
        self.link.close()
        self._mark.close()
        self.process.returncode = 0  # or the object would wait for a process that is not ours


def _started(module: str, mark_file: int) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The process and the socket that leads to it. Raises OSError; then the file is closed."""
    ours, theirs = socket.socketpair()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START]
            + [_ROOT, module, str(os.getpid()), str(mark_file)],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            pass_fds=[mark_file],
        )
    except OSError:
        ours.close()
        os.close(mark_file)
        raise
    finally:
        theirs.close()
    return process, ours


def _answer(received: Any) -> Any:
    kind, value = received
    if kind == child.OK:
        return value
    return (
        ItemStopped(NoAnswer.TOO_LARGE)
        if kind == child.TOO_LARGE
        else ItemStopped(NoAnswer.FAILED, value)
    )

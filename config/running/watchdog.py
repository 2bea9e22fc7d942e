"""Does a process still do what it is there for? The supervisor asks, without ever waiting.

A web process is asked for /health/live; a worker writes to a pipe whenever it has ticked (a file
would do, but for a full disk). Times are monotonic: a suspended machine's clock stands still too.
"""

import errno
import os
import select
import socket
from contextlib import suppress

ASK_SECONDS, ANSWER_SECONDS = 5.0, 10.0  # between questions; for one answer
SILENT_SECONDS = {"web": 40.0, "worker": 120.0}  # then it is replaced
START_SECONDS = {"web": 120.0, "worker": 300.0}  # before it has answered for the first time
LEAST_MISSES = 3
BUSY_FACTOR = 5  # so many times as long, where it says that it is busy
WELL, BUSY, SILENT = "well", "busy", "silent"
LONGEST_PATIENCE = 8  # times as long, for one that is replaced again and again
REQUEST = "GET /health/live HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n"
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - read, not bound


class HealthRequest:
    """One request for /health/live on a connection of its own."""

    def __init__(self, host: str, port: int, now: float) -> None:
        self.asked_at, self.sent = now, False
        self.host = ANY.get(host, host)
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.failed = self.socket.connect_ex((self.host, port)) not in (0, errno.EINPROGRESS)

    def answer(self, now: float) -> str | None:
        """WELL, BUSY or SILENT once it is known, None until then."""
        try:
            if self.failed or now - self.asked_at > ANSWER_SECONDS:
                return self._known(SILENT)
            if not self.sent:
                if not select.select([], [self.socket], [], 0)[1]:
                    return None
                self.socket.send(REQUEST.format(self.host).encode())
                self.sent = True
            if not select.select([self.socket], [], [], 0)[0]:
                return None
            head = self.socket.recv(64).split(b" ")
            status = head[1][:1] if len(head) > 1 else b""
            return self._known({b"": SILENT, b"5": BUSY}.get(status, WELL))
        except (OSError, ValueError):
            return self._known(SILENT)

    def _known(self, answered: str) -> str:
        self.socket.close()
        return answered


class Beats:
    """The pipe that a worker writes to. We keep its writing end open too: it never ends."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def heard(self) -> bool:
        """Has anything been written since the last look?"""
        found = False
        with suppress(BlockingIOError):
            while os.read(self.reading, 4096):
                found = True
        return found

    def close(self) -> None:
        """Both ends."""
        os.close(self.reading)
        os.close(self.writing)


class Patience:
    """How long one may be silent: much at the start, more each time that it was in vain."""

    def __init__(self, kind: str) -> None:
        self.silent, self.start = SILENT_SECONDS[kind], START_SECONDS[kind]
        self.factor, self.misses, self.ends_at, self.answered = 1, 0, 0.0, False
        self.heard_at = self.well_since = 0.0

    def started(self, now: float) -> None:
        """It was started just now."""
        self.misses, self.answered, self.heard_at = 0, False, now
        self.ends_at = now + self.start * self.factor

    def heard(self, now: float) -> None:
        """It answers. After ten times the silence allowed, what was before is forgotten."""
        if not self.answered:
            self.answered, self.well_since = True, now
        if now - self.well_since > 10 * self.silent:
            self.factor = 1
        self.misses, self.heard_at, self.ends_at = 0, now, now + self.silent

    def busy(self, now: float) -> None:
        """It says that it has no time: its threads may be at work, or hang."""
        most = self.heard_at + BUSY_FACTOR * self.silent
        self.misses, self.ends_at = self.misses + 1, max(self.ends_at, min(now + self.silent, most))

    def slept(self, now: float) -> None:
        """We ourselves stood still: nothing is known of that time."""
        self.misses, self.ends_at = 0, max(self.ends_at, now + self.silent)

    def is_over(self, now: float) -> bool:
        """Has it been silent for too long, however often it was asked?"""
        return now > self.ends_at and self.misses >= LEAST_MISSES

    def in_vain(self) -> None:
        """It is replaced for it."""
        self.factor = min(self.factor * 2, LONGEST_PATIENCE)

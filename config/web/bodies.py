"""Bodies on their way in: bounded in number, bytes and slowness, before any thread is taken."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

MEGABYTE = 1024 * 1024


class Unread(Exception):
    """The body was not read to its end: the status to answer, and why, for the figures."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True)
class BodyTerms:
    """What a client may ask of our patience."""

    seconds: float  # for all of it
    grace_seconds: float  # before the rate counts
    rate: int  # bytes a second, on average, after that
    most: int  # bodies at once
    most_bytes: int  # of all that are read, wait or are worked on


STRANGERS = BodyTerms(20.0, 5.0, 4096, 1024, 64 * MEGABYTE)
LINGERING = BodyTerms(2.0, 2.0, 0, 0, 0)  # of a refused client, so that it gets to see the answer
KNOWN = BodyTerms(300.0, 10.0, 4096, 1024, 256 * MEGABYTE)


@dataclass(eq=False)
class Reading:
    """One body; `ended` says why it was given up: the status to answer, and the reason.

    No exception is kept here: it would hold the frames, they the body, and granian the connection.
    """

    task: asyncio.Task[Any] | None
    terms: BodyTerms
    since: float
    received: int = 0
    ended: tuple[int, str] | None = None

    def is_slow(self, now: float) -> bool:
        """Is it past its deadline, or below the least rate?"""
        age = now - self.since
        due = (age - self.terms.grace_seconds) * self.terms.rate
        return age > self.terms.seconds or self.received < due

    def give_up(self, status: int, reason: str) -> None:
        """Wake whoever reads it, to raise Unread."""
        if self.ended is None and self.task is not None:
            self.ended = (status, reason)
            self.task.cancel()


@dataclass
class BodyGroup:
    """Those under the same terms. When it is full the oldest goes: the honest are done by then."""

    terms: BodyTerms
    readings: dict[Reading, None] = field(default_factory=dict)  # oldest first
    held: int = 0  # bytes

    def enter(self) -> Reading:
        """A new one, in the oldest one's place if need be."""
        if len(self.readings) >= self.terms.most:
            self._shed_oldest()
        reading = Reading(asyncio.current_task(), self.terms, time.monotonic())
        self.readings[reading] = None
        return reading

    def hold(self, reading: Reading, size: int) -> None:
        """So many bytes more. Raises Unread where there is no room and nobody to make some."""
        reading.received += size
        self.held += size
        while self.held > self.terms.most_bytes:
            if not self._shed_oldest(but=reading):
                raise Unread(503, "memory")

    def release(self, size: int) -> None:
        """So many bytes less."""
        self.held -= size

    def end_slow(self, now: float) -> None:
        """Give up those that come too slowly."""
        for reading in list(self.readings):
            if reading.is_slow(now):
                reading.give_up(408, "slow")

    def _shed_oldest(self, but: Reading | None = None) -> bool:
        """Give up whoever has been at it for longest; its bytes are free at once."""
        for reading in self.readings:
            if reading is not but and reading.ended is None:
                reading.give_up(503, "crowded")
                del self.readings[reading]
                self.held -= reading.received
                reading.received = 0
                return True
        return False


class Bodies:
    """All bodies of this process; used on the event loop alone."""

    def __init__(self, strangers: BodyTerms = STRANGERS, known: BodyTerms = KNOWN) -> None:
        self.groups = {False: BodyGroup(strangers), True: BodyGroup(known)}

    async def read(
        self, protocol: Any, announced: int | None, most: int, *, is_known: bool
    ) -> bytes:
        """The body, up to `most` bytes; `announced` is None where it comes in chunks.

        The bytes count until `release`. Raises Unread.
        """
        group = self.groups[is_known]
        reading = group.enter()
        try:
            body = await self._collect(protocol, announced, most, group, reading)
        except BaseException as error:
            group.release(reading.received)
            if reading.ended is not None and isinstance(error, asyncio.CancelledError):
                raise Unread(*reading.ended) from None
            raise
        finally:
            group.readings.pop(reading, None)
        return body

    def release(self, size: int, *, is_known: bool) -> None:
        """A body of so many bytes is done with."""
        self.groups[is_known].release(size)

    def end_slow(self) -> None:
        """To be called every second or so."""
        now = time.monotonic()
        for group in self.groups.values():
            group.end_slow(now)

    def end_all(self) -> None:
        """The process is to end, and waits for nobody who is still sending."""
        for group in self.groups.values():
            for reading in list(group.readings):
                reading.give_up(503, "stopping")

    async def linger(self, protocol: Any) -> None:
        """Throw away what still comes: a client that is cut off in mid-sending sees no answer."""
        group = self.groups[False]
        reading = group.enter()
        reading.terms = LINGERING
        with suppress(Exception):
            protocol.__aiter__()  # unless it was read from already
        try:
            while await protocol.__anext__():
                pass
        except (Exception, asyncio.CancelledError):
            return
        finally:
            group.readings.pop(reading, None)

    async def _collect(
        self, protocol: Any, announced: int | None, most: int, group: BodyGroup, reading: Reading
    ) -> bytes:
        body: bytes | bytearray = b""
        ends = 0
        async for chunk in protocol:
            if not chunk:  # the end; before it, one more of these is a fault or a trailer
                ends += 1
                continue
            group.hold(reading, len(chunk))
            body = _joined(body, chunk)
            if len(body) >= most:
                raise Unread(413, "large")
            if len(body) == announced:
                return bytes(body)
        if announced is not None or ends > 1:
            raise Unread(400, "incomplete")
        return bytes(body)


def _joined(body: bytes | bytearray, chunk: bytes) -> bytes | bytearray:
    """Most bodies are one chunk; many small ones must not be copied each time."""
    if not body:
        return chunk
    if isinstance(body, bytes):
        body = bytearray(body)
    body += chunk
    return body

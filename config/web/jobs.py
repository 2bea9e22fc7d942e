"""What a thread does for a request: has Django answer it, and sends the answer."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from config.web import answers, gate
from config.web.areas import Area
from config.web.environ import UNREAD
from config.web.files import FileWrapper

Headers = list[tuple[str, str]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
log = logging.getLogger("rapport.web")


class WebJob:
    """Of one request. `done` is set on the loop when the thread is through with it."""

    def __init__(self, ends: "Ends", area: Area, environ: dict[str, Any], protocol: Any) -> None:
        self.ends, self.area, self.environ, self.protocol = ends, area, environ, protocol
        self.done: asyncio.Future[bool] = ends.loop.create_future()

    def run(self) -> None:
        """In a thread."""
        raise NotImplementedError

    def turn_away(self, reason: str) -> None:
        """Answer 503 without having done it."""
        send(self.protocol, *answers.refusal(self.area, 503, reason, self.environ))
        self.finish(False)

    def finish(self, result: bool) -> None:
        """Let the loop go on with it. From any thread."""
        self.ends.put(self.done, result)


class Ask(WebJob):
    """Is whoever sends this known? `done` says so."""

    def run(self) -> None:
        known = False
        try:
            known = gate.is_known(self.area, self.environ)
        finally:
            self.finish(known)


class Answer(WebJob):
    """Django's answer."""

    def __init__(self, application: Wsgi, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.application = application

    def run(self) -> None:
        try:
            respond(self.application, self.environ, self.protocol)
        except Exception as error:
            log.error("answering %s: %s", self.area.name, type(error).__name__, exc_info=error)
            send(self.protocol, *answers.refusal(self.area, 500, "fault", self.environ))
        finally:
            self.finish(True)


def respond(application: Wsgi, environ: dict[str, Any], protocol: Any) -> None:
    """Call the WSGI application and send what it answers; nothing of ours is a stream.

    `close`, by which Django ends the request, comes after the answer: nobody waits for it.
    """
    status, headers = 500, Headers()

    def start_response(line: str, given: Headers, _error: Any = None) -> None:
        nonlocal status, headers
        status, headers = int(line[:3]), given

    answer = application(environ, start_response)
    try:
        if UNREAD in environ:
            headers.append(("Connection", "close"))
        part = answer.part() if isinstance(answer, FileWrapper) else None
        if part is None:
            protocol.response_bytes(status, headers, b"".join(answer))
        elif part[2] is None and not part[1]:
            protocol.response_file(status, headers, part[0])
        else:
            protocol.response_file_range(status, headers, *part)
    finally:
        if close := getattr(answer, "close", None):
            close()


def send(protocol: Any, status: int, headers: Headers, body: bytes) -> None:
    """A whole answer; nothing happens where one was sent already."""
    protocol.response_bytes(status, headers, body)


class Ends:
    """What threads are through with, on its way to the loop, which is woken once for many."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: deque[tuple[asyncio.Future[bool], bool]] = deque()
        self._is_told = False

    def put(self, future: asyncio.Future[bool], result: bool) -> None:
        """From any thread."""
        self._waiting.append((future, result))
        if not self._is_told:
            self._is_told = True
            with suppress(RuntimeError):  # the loop has ended
                self.loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._is_told = False  # before the look: who comes after it tells again
        while self._waiting:
            future, result = self._waiting.popleft()
            if not future.done():
                future.set_result(result)

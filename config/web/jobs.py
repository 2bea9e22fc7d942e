"""What a thread does for a request: has Django answer it, and sends the answer."""

import asyncio
import logging
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


class Job:
    """Of one request. `done` is set on the loop when the thread is through with it."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, area: Area, environ: dict[str, Any], protocol: Any
    ) -> None:
        self.loop, self.area, self.environ, self.protocol = loop, area, environ, protocol
        self.done: asyncio.Future[bool] = loop.create_future()

    def run(self) -> None:
        """In a thread."""
        raise NotImplementedError

    def turn_away(self, reason: str) -> None:
        """Answer 503 without having done it."""
        send(self.protocol, *answers.refusal(self.area, 503, reason, self.environ))
        self.finish(False)

    def finish(self, result: bool) -> None:
        """Let the loop go on with it. From any thread."""
        with suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(_settle, self.done, result)


class Ask(Job):
    """Is whoever sends this known? `done` says so."""

    def run(self) -> None:
        known = False
        try:
            known = gate.is_known(self.area, self.environ)
        finally:
            self.finish(known)


class Answer(Job):
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


def _settle(future: asyncio.Future[bool], result: bool) -> None:
    if not future.done():
        future.set_result(result)

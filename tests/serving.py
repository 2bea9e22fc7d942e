"""The live server of a test ends with it: nothing of it runs while the database is emptied.

A browser asks on by itself (a count while one types, a page that polls). Such a late request holds
locks while the end of the test truncates every table: a deadlock, now and then. So the server's
door is shut before, and whoever is inside is waited for.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

SECONDS = 30
Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Door:
    """A WSGI application in front of another: open or shut, and it knows who is inside."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.changed = threading.Condition()
        self.inside: list[str] = []
        self.is_open = False

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        """The other's answer, or 503 while the door is shut."""
        path = environ["PATH_INFO"]
        with self.changed:
            if self.is_open:
                self.inside.append(path)
            else:
                path = ""
        if not path:
            start("503 Service Unavailable", [("Content-Length", "0"), ("Connection", "close")])
            return
        try:
            answer = self.application(environ, start)
            try:
                yield from answer
            finally:
                if hasattr(answer, "close"):
                    answer.close()
        finally:
            with self.changed:
                self.inside.remove(path)
                self.changed.notify_all()

    def shut(self) -> None:
        """Let nobody in any more and wait for those inside. Raises TimeoutError naming them."""
        ends = time.monotonic() + SECONDS
        with self.changed:
            self.is_open = False
            while self.inside:
                if not self.changed.wait(max(0.0, ends - time.monotonic())) and self.inside:
                    raise TimeoutError(f"still answering after {SECONDS} s: {self.inside}")


@contextmanager
def open_while(server: Any) -> Iterator[None]:
    """`live_server` answers inside of this, and has ended all its answers after it."""
    httpd = server.thread.httpd
    if not isinstance(httpd.get_app(), Door):
        httpd.set_app(Door(httpd.get_app()))
    door: Door = httpd.get_app()
    door.is_open = True
    try:
        yield
    finally:
        door.shut()

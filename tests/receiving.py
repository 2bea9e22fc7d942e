"""A server of somebody else's that is called: it keeps what it is told and answers as it is bid."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Bid:
    """An answer: its status, more headers, its body, and what it waits for before it is given."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: threading.Event | None = None


class Receiver(ThreadingHTTPServer):
    """Answers with `statuses` (numbers or `Bid`s) in turn, then 200."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told, self.statuses, self.lock = [], [], threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/told?to=1"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.told.append((self.path, dict(self.headers), text))
            bid = self.server.statuses.pop(0) if self.server.statuses else 200
        bid = bid if isinstance(bid, Bid) else Bid(bid)
        if bid.after:
            bid.after.wait(30)
        self.send_response(bid.status)
        for name, value in ({"Location": self.server.url} | bid.headers).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(bid.body)
        except OSError:
            self.close_connection = True  # whoever called had read enough

    do_GET = do_POST

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver(settings):
    settings.CALL_INTERNAL_ADDRESSES = True
    with listening() as server:
        yield server


@contextmanager
def listening():
    """A receiver on a port of its own."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

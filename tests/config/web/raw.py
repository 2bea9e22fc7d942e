"""Raw sockets to a web process: what no client library would send."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from config import paths

SECONDS = 60  # of patience, on a busy machine


@dataclass
class Answer:
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Raw:
    """One connection."""

    def __init__(self, port: int, data: bytes = b"") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.rest = b""
        if data:
            self.send(data)

    def send(self, data: bytes) -> "Raw":
        self.socket.sendall(data)
        return self

    def answer(self, *, has_body: bool = True) -> Answer:
        """The next one. Raises ConnectionError where there is none."""
        head = self._until(lambda: b"\r\n\r\n" in self.rest)
        head, _, self.rest = head.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        size = int(headers.get("content-length", 0)) if has_body else 0
        self._until(lambda: len(self.rest) >= size)
        body, self.rest = self.rest[:size], self.rest[size:]
        return Answer(int(lines[0].split()[1]), headers, body)

    def is_closed(self) -> bool:
        """Nothing more comes, and nothing ever will."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.socket.close()

    def _until(self, is_enough) -> bytes:
        while not is_enough():
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError(f"ended after {self.rest[:200]!r}")
            self.rest += data
        return self.rest


def post(path: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """A POST, of which the body may be shorter than announced."""
    size = len(body) if length is None else length
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {size}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(path: str, *headers: str) -> bytes:
    """A GET."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers]).encode() + b"\r\n\r\n"


@contextmanager
def serving(command, environment: dict[str, str], log) -> Iterator[tuple[int, subprocess.Popen]]:
    """A web process of `command(host, port)`: its port, and itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        command("127.0.0.1", port), env=os.environ | environment, cwd=paths.BASE_DIR,
        start_new_session=True, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        until(lambda: socket.create_connection(("127.0.0.1", port), 5).close() or True, OSError)
        yield port, process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(condition, *errors):
    """What `condition` gives, once it is true."""
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        try:
            if found := condition():
                return found
        except errors:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not within {SECONDS} s")

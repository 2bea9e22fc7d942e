"""The sockets of this process: how many there may be, and who goes when there are too many.

granian takes no further connection once it has as many as it may (its back-pressure), so that idle
ones would shut the door. Before that we hang up on those that ask for nothing, whoever has most of
them first. A thread of its own does it: a look at thousands of sockets takes milliseconds.
"""

import logging
import os
import socket
import threading
import time
from contextlib import suppress

from config.web.limits import most_connections
from config.workspace.health import pressure

FULL, ROOMY = 0.6, 0.4  # of the most: from here on some are hung up on, until there are so few
LOOK_SECONDS = 1.0
UNANSWERED_SECONDS = 30  # a client that takes nothing of its answer is cut off by the kernel
log = logging.getLogger("rapport.web")


class Connections:
    """`busy` holds the clients ("address:port") whose request is under way, kept by the loop."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most or most_connections()
        self.busy: set[str] = set()
        self._listening_on: set[int] = set()  # ports
        self._listeners: set[int] = set()  # files
        self.is_closing = False  # granian has shut the door: the process is to end

    def start(self) -> None:
        """Look on every second, until the process ends."""
        threading.Thread(target=self._keep_looking, name="connections", daemon=True).start()

    def look(self) -> int:
        """Hang up on idle ones where there are too many; how many that were."""
        files = os.listdir("/proc/self/fd")
        if not self._listening_on:
            self._prepare(files)
        self.is_closing = bool(self._listeners) and not any(map(_listens, self._listeners))
        if len(files) < self.most * FULL:
            return 0
        idle, total = self._idle(files)
        ended = 0
        for name in _excess(idle, total - int(self.most * ROOMY)):
            ended += _hang_up(*name)
        if ended:
            pressure.turned_away("any", "connections", ended)
            log.warning("%d idle connections were ended: there were %d", ended, total)
        return ended

    def _keep_looking(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            with suppress(OSError):  # no /proc, or no file to look with
                self.look()

    def _prepare(self, files: list[str]) -> None:
        """What holds for the listening socket is inherited by those that it accepts."""
        for file in files:
            with suppress(OSError), _socket_of(int(file)) as sock:
                if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    continue
                self._listeners.add(int(file))
                self._listening_on.add(sock.getsockname()[1])
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                milliseconds = UNANSWERED_SECONDS * 1000
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def _idle(self, files: list[str]) -> tuple[dict[str, list[tuple[int, str]]], int]:
        """By address the idle clients and their files; and how many clients there are in all."""
        found: dict[str, list[tuple[int, str]]] = {}
        total = 0
        for file in files:
            with suppress(OSError), _socket_of(int(file)) as sock:
                if sock.getsockname()[1] not in self._listening_on:
                    continue
                client = _client_of(sock)
                total += 1
                if client not in self.busy:
                    found.setdefault(client.rpartition(":")[0], []).append((int(file), client))
        return found, total


def _excess(idle: dict[str, list[tuple[int, str]]], n: int) -> list[tuple[int, str]]:
    """`n` of them, so taken that no address is left with more than another had to begin with."""
    chosen: list[tuple[int, str]] = []
    left = sorted(idle.values(), key=len, reverse=True)
    for place, _group in enumerate(left, start=1):
        # the first `place` addresses are cut to the size of the next one
        size = len(left[place]) if place < len(left) else 0
        missing = n - sum(max(0, len(one) - size) for one in left[:place])
        if missing <= 0 or place == len(left):
            share = max(0, -missing) // place
            for one in left[:place]:
                chosen += one[size + share :]
            break
    return chosen[: max(n, 0)]


def _hang_up(file: int, client: str) -> int:
    """1, unless the number means another socket by now."""
    with suppress(OSError), _socket_of(file) as sock:
        if _client_of(sock) == client:
            sock.shutdown(socket.SHUT_RDWR)
            return 1
    return 0


def _socket_of(file: int) -> socket.socket:
    """A second handle of it, to be closed. Raises OSError where it is none, or is of no network."""
    sock = socket.socket(fileno=os.dup(file))
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
        sock.close()
        raise OSError("another kind of socket")
    return sock


def _listens(file: int) -> bool:
    with suppress(OSError), _socket_of(file) as sock:
        return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return False


def _client_of(sock: socket.socket) -> str:
    """As granian writes it."""
    address, port = sock.getpeername()[:2]
    return f"[{address}]:{port}" if sock.family == socket.AF_INET6 else f"{address}:{port}"

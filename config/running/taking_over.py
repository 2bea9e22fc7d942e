"""Being the one `up` of an installation: its lock, its port, signals while it prepares."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections

from config import paths
from config.postgres import server
from config.running import leftovers
from config.running.children import STOPPING


class Stopping:
    """TERM, INT and HUP while `up` prepares: they end it in order, once it may be ended."""

    def __init__(self) -> None:
        self.is_held, self.number = False, 0
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Stopping:
        """A HUP that is ignored (nohup) stays so."""
        for number in STOPPING:
            if signal.getsignal(number) != signal.SIG_IGN:
                self.before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        """As it was."""
        for number, handler in self.before.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is begun in here is finished first."""
        self.is_held = True
        try:
            yield
        finally:
            self.is_held = False
        if self.number:
            raise SystemExit(128 + self.number)

    def wait(self) -> None:
        """Whatever comes from here on waits, past an exec too, for whoever unblocks it."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        if not self.is_held:
            raise SystemExit(128 + number)


@contextmanager
def taking_over(say: Callable[[str], Any], host: str, port: int) -> Iterator[Stopping]:
    """Be the one `up` of this installation, at a free port; a signal ends what is done in here.

    Whatever ends it early, the database that an `up` started is stopped. Raises CommandError.
    """
    var = Path(settings.VAR_DIR)
    with Stopping() as stopping:
        alone(var, say)
        ensure_free(host, port)
        try:
            yield stopping
        except BaseException:
            stopping.wait()
            connections.close_all()
            if settings.EMBEDDED_POSTGRES and server.is_for_up(var):
                server.stop(var)
            raise


_alone: set[Path] = set()


def alone(var: Path, say: Callable[[str], Any]) -> None:
    """Be the one `up` of this folder, and clear away what an earlier one left. Raises CommandError.

    The lock outlives the exec. The system frees it when the supervisor ends.
    """
    if var in _alone:
        return
    try:
        paths.make_private(var)
        if os.geteuid() != 0 and var.stat().st_uid not in (0, os.geteuid()):
            raise CommandError(f"{var} belongs to somebody else: choose another VAR_DIR.")
        handle = os.open(var / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CommandError(f"{var} cannot be used ({error.strerror}).") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise CommandError(f"`up` is running already for {var}.") from None
    os.set_inheritable(handle, True)
    _alone.add(var)
    ended = leftovers.clear(var)
    leftovers.clear_files(var)
    adopted = settings.EMBEDDED_POSTGRES and server.is_for_up(var) and server.is_up(var)
    if words := leftovers.sentence(ended, adopted):
        say(words)


def ensure_free(host: str, port: int) -> None:
    """Raise CommandError where we could not listen there."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise CommandError(f"--host {host} is no address ({error.strerror}).") from None
    family, kind, protocol, _name, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CommandError(_why_not_at(host, port, error)) from None


def _why_not_at(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is no address of this machine."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} needs root ({error.strerror}): choose one from 1024 on with --port."
    return f"Port {port} is taken ({error.strerror}): choose another one with --port."

"""Connecting to the embedded server. `up`, `dbserver` and a command at its start may start it.

A request, a worker or a command under way that meets no server says so at once: whoever waits for
a disk to get room, or for a server to recover, holds a thread that others need.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.core.management.base import CommandError

from config.postgres import server
from config.postgres.binaries import NoServer

WAIT_SECONDS = 30
BUSY_WORDS = ("starting up", "shutting down", "recovery mode", "not yet accepting connections")

Connected = TypeVar("Connected")


class _Process:
    """What this process is."""

    is_command = False  # manage.py: it waits for a server that is coming back
    may_start = False  # and starts it, until it was connected for the first time


def this_is_a_command() -> None:
    """Said by manage.py: the first connection may start the server."""
    _Process.is_command = _Process.may_start = True


def connecting(connect: Callable[[], Connected]) -> Connected:
    """`connect()`, in a command having started the server where need be. Raises what it raises."""
    var = Path(settings.VAR_DIR)
    if not settings.EMBEDDED_POSTGRES:
        return connect()
    if not server.is_ours(var):
        raise psycopg.OperationalError(f"The socket of {var} belongs to somebody else.")
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connected = connect()
        except psycopg.OperationalError as error:
            if not _Process.is_command or time.monotonic() > deadline:
                raise
            _wait_for(var, error)
        else:
            _Process.may_start = False
            return connected


def _wait_for(var: Path, error: psycopg.OperationalError) -> None:
    """Start the server, or give it a moment. Raises CommandError, or `error` where it is up."""
    is_up = server.is_up(var)
    if not is_up and _Process.may_start:
        try:
            server.ensure_running(var, getattr(settings, "EMBEDDED_POSTGRES_OPTIONS", None))
        except (server.ServerError, NoServer, OSError) as fault:
            raise CommandError(server.why_not(var, fault)) from fault
    elif not is_up or any(word in str(error) for word in BUSY_WORDS):
        time.sleep(0.2)
    else:
        raise error


class CheckedConnection(psycopg.Connection[Any]):
    """For pools: never one to a socket that is somebody else's."""

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> "CheckedConnection":
        """As psycopg's."""
        return connecting(lambda: super(CheckedConnection, cls).connect(conninfo, **kwargs))

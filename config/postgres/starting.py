"""Connecting to the embedded server, which is started when it turns out not to run."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from django.conf import settings

from config.postgres import server

WAIT_SECONDS = 30
BUSY_WORDS = ("starting up", "shutting down", "recovery mode", "not yet accepting connections")

Connected = TypeVar("Connected")


def connecting(connect: Callable[[], Connected]) -> Connected:
    """`connect()`, having started the server where need be. Raises what `connect` raises."""
    var = Path(settings.VAR_DIR)
    if not settings.EMBEDDED_POSTGRES:
        return connect()
    if not server.is_ours(var):
        raise psycopg.OperationalError(f"The socket of {var} belongs to somebody else.")
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return connect()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise
            if not server.is_up(var):
                server.ensure_running(var, getattr(settings, "EMBEDDED_POSTGRES_OPTIONS", None))
            elif any(word in str(error) for word in BUSY_WORDS):
                time.sleep(0.2)
            else:
                raise


class StartingConnection(psycopg.Connection[Any]):
    """For pools, whose callers never see a refusal: they only wait."""

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> "StartingConnection":
        """As psycopg's."""
        return connecting(lambda: super(StartingConnection, cls).connect(conninfo, **kwargs))

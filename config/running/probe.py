"""Asks the database how things are on a connection of its own, quickly and whatever state it is in.

A connection that is open already says nothing of whether new ones can be made: after its programs
were replaced, a server serves the old ones and fails the new. And a web process that waits ten
seconds for its answer is, to whoever asks, as good as dead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections

from config.postgres.backend.pooling import refuse_shared
from config.workspace.health import status
from config.workspace.work.reasons import reason_of

CONNECT_SECONDS, ANSWER_MS = 2, 2000
DROPPED = ("cursor_factory", "context", "prepare_threshold")  # Django's own needs


@contextmanager
def cursor() -> Iterator[psycopg.Cursor[Any]]:
    """A read-only cursor; nothing starts the embedded server for it. Raises psycopg.Error."""
    params = connections["default"].get_connection_params()
    given = {name: value for name, value in params.items() if name not in DROPPED}
    given |= {"connect_timeout": CONNECT_SECONDS, "autocommit": True}
    with psycopg.connect(**given) as connection:
        refuse_shared(connection, lambda: psycopg.connect(**given))
        with connection.transaction():
            connection.execute("SET TRANSACTION READ ONLY")
            # LOCAL: a pooler hands the session on to others
            connection.execute(f"SET LOCAL statement_timeout = {ANSWER_MS}")
            with connection.cursor() as made:
                yield made


def ask() -> tuple[status.Health | None, str]:
    """The health, or None and why it could not be asked for."""
    try:
        with cursor() as made:
            return status.read(made), ""
    except psycopg.Error as error:
        return None, reason_of(error)

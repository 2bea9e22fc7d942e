"""The databases of benchmarks, dropped again."""

import time
from typing import Any

import psycopg
from django.db import Error, connection

TRIES = 20


def drop(cursor: Any, name: str) -> None:
    """With force, since what is ended by a signal may still sit in it; again while a vacuum does.

    A vacuum is the server's own, which nobody of ours may end.
    """
    for attempt in range(TRIES):
        try:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            return
        except (Error, psycopg.Error):
            if attempt == TRIES - 1:
                raise
            time.sleep(1)


def drop_as_owner(name: str) -> None:
    """The same, beside Django's connection."""
    with connection.owner(), connection._nodb_cursor() as cursor:
        drop(cursor, name)

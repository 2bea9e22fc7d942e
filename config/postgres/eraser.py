"""Acting as the role that may change ledgers, for as long as an erasure's statement takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import sql

from config.postgres.role_names import role_names


@contextmanager
def as_eraser(cursor: Any) -> Iterator[None]:
    """What is run on this cursor meanwhile may empty what a ledger holds of a person.

    Inside a transaction; the role before is taken again at the end, by a failed one too, since the
    role is set for the transaction alone.
    """
    cursor.execute("SELECT current_database()::text, current_user::text")
    database, before = cursor.fetchone()
    _take(cursor, role_names(database).eraser)
    yield
    _take(cursor, before)


@contextmanager
def as_login(cursor: Any) -> Iterator[None]:
    """What is run on this cursor meanwhile is asked by the log-in itself; inside a transaction."""
    cursor.execute("SELECT current_user::text")
    [before] = cursor.fetchone()
    cursor.execute("SET LOCAL ROLE NONE")
    yield
    _take(cursor, before)


def _take(cursor: Any, role: str) -> None:
    cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))

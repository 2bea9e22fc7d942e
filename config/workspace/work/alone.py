"""Work that one process does at a time, on however many machines there are."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether this process is the one that does it; nobody else is until the block ends.

    By an advisory lock of the session: whoever is killed gives it back with the connection, and the
    work inside may be as many transactions as it likes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [f"rapport.{name}"])
        is_ours = bool(cursor.fetchone()[0])
        try:
            yield is_ours
        finally:
            if is_ours:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [f"rapport.{name}"])

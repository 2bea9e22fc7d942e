"""How many connections the database gives this installation, and how many its processes may need.

The workers come first: their processes hold few, and nothing is worked off without them. What the
threads of the web server may hold together is what is left (`room`); where that is less than they
are, requests wait for each other.
"""

import time
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.backends.signals import connection_created

from config.postgres import broker
from config.postgres.room import ROOM

WEB: Final = 27  # threads of the web server that ask (config.web.areas)
QUEUE: Final = 1  # of a process that reads from or sends to the broker in the database
BELL: Final = 1  # of a worker's main process, which hears that something was sent
HEAD: Final = 2  # of a worker's main process: the tick, a note of a killed run
RESERVE: Final = 3  # commands, a backup, somebody who looks
LEAST_SHARE: Final = 3  # of the web server, whatever is left: calls are taken in
ASKED_EVERY_SECONDS: Final = 60.0
# of one value; `least` passes over what is not limited, older servers know no reserved_connections
ALLOWED: Final = """
SELECT least(current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int
             - coalesce(current_setting('reserved_connections', true)::int, 0),
             nullif(d.datconnlimit, -1), nullif(r.rolconnlimit, -1))
FROM pg_database d, pg_roles r
WHERE d.datname = current_database() AND r.rolname = session_user
"""


@dataclass(frozen=True)
class Capacity:
    """Connections: what the database allows (a setting may allow less), what may be needed."""

    allowed: int
    needed: int

    @property
    def is_short(self) -> bool:
        """May somebody have to wait for one?"""
        return self.allowed < self.needed

    @property
    def share(self) -> int:
        """What the threads of the web server may hold together."""
        return max(self.allowed - (self.needed - WEB), LEAST_SHARE)


def of(allowed: int) -> Capacity:
    """Of a database that allows so many; no query."""
    most: int = settings.DATABASE_CONNECTIONS
    queue, bell = (QUEUE, BELL) if broker.is_embedded() else (0, 0)
    processes = settings.CELERY_CONCURRENCY + settings.DELIVERY_CONCURRENCY
    workers = 2 * (HEAD + 2 * queue + bell) + (1 + queue) * processes
    return Capacity(min(allowed, most or allowed), WEB + queue + workers + RESERVE)


def ask(cursor: Any) -> Capacity:
    """One query, through Django's cursor or psycopg's."""
    cursor.execute(ALLOWED)
    return of(cursor.fetchone()[0])


def in_english(capacity: Capacity) -> str:
    """What is to be said of one that is short: for the terminal."""
    return (
        f"The database takes {capacity.allowed} connections of this installation, whose processes "
        f"may need {capacity.needed}: the web server keeps to {capacity.share} and its requests "
        "wait for each other. Raise max_connections, or lower CELERY_CONCURRENCY and "
        "DELIVERY_CONCURRENCY."
    )


class _Asked:
    until = 0.0


def leave_room_for_workers() -> None:
    """From now on the threads of this process keep to their share. For the web server."""
    connection_created.connect(_keep_within, dispatch_uid="config.postgres.capacity")


def _keep_within(connection: Any, **_more: Any) -> None:
    """The server may allow another number after its restart; asked at most once a minute."""
    now = time.monotonic()
    if now < _Asked.until:
        return
    with connection.cursor() as cursor:
        found = ask(cursor)
    _Asked.until = now + ASKED_EVERY_SECONDS
    ROOM.most = found.share if found.is_short else None

"""Celery's way to the embedded broker: kombu's PGMQ transport on Django's own connection settings.

kombu writes its connection string without quoting (a blank in a path breaks it) and drops options
such as sslmode; and its pool waits 30 seconds for a server that is down.
"""

import logging
from typing import Any

from django.db import connections
from kombu.transport import TRANSPORT_ALIASES, pgmq
from pgmq import PGMQueue
from psycopg_pool import ConnectionPool

from config.postgres.capacity import QUEUE
from config.postgres.starting import CheckedConnection

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it warns at each attempt
SCHEME = "rapportpgmq"
WAIT_SECONDS, SHORTLY_SECONDS = 3.0, 0.5
DROPPED = ("cursor_factory", "context", "prepare_threshold")  # Django's own needs


class Transport(pgmq.Transport):
    """As kombu's, with a connection pool made from `DATABASES["default"]`, acting as the owner."""

    def _create_pgmq_client(self) -> PGMQueue:
        params = connections["default"].get_connection_params()
        pool: Any = ConnectionPool(
            kwargs={name: value for name, value in params.items() if name not in DROPPED},
            connection_class=CheckedConnection,
            min_size=1,
            max_size=QUEUE,  # one thread at a time reads, and one sends
            timeout=WAIT_SECONDS,
            reconnect_timeout=WAIT_SECONDS,
            check=ConnectionPool.check_connection,
            open=True,
        )
        client: Any = self.client
        visibility = int(client.transport_options["visibility_timeout"])
        return PGMQueue(host="given-by-pool", pool=pool, vt=visibility, init_extension=False)

    def drain_events(self, connection: Any, timeout: Any = None, **_: Any) -> None:
        """Wait but shortly: the worker looks for signals only in between."""
        shortly = min(timeout or SHORTLY_SECONDS, SHORTLY_SECONDS)
        super().drain_events(connection, timeout=shortly)  # type: ignore[no-untyped-call]

    def close_connection(self, connection: Any) -> None:
        """The pool is ours, so that its client leaves it open."""
        client = self._pgmq_client
        pool = client.pool if client is not None else None
        super().close_connection(connection)
        if pool is not None:
            pool.close(timeout=1)


def register() -> str:
    """Make the transport known to kombu; the broker's address to give to Celery."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
    return f"{SCHEME}://database"

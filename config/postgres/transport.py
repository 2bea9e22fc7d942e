"""Celery's way to the embedded broker: kombu's PGMQ transport on Django's own connection settings.

kombu writes its connection string without quoting (a blank in a path breaks it) and drops options
such as sslmode; its pool waits 30 seconds for a server that is down; and it asks the queues ten
times a second, where the database can say that something was sent.
"""

import logging
import select
import time
from queue import Empty
from typing import Any

import psycopg
from django.db import connections
from kombu.transport import TRANSPORT_ALIASES, pgmq
from pgmq import PGMQueue
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from config.postgres.broker import QUEUES, SENT
from config.postgres.capacity import QUEUE
from config.postgres.starting import CheckedConnection

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it warns at each attempt
SCHEME = "rapportpgmq"
WAIT_SECONDS, SHORTLY_SECONDS = 3.0, 0.5
LOOK_SECONDS = 5.0  # between looks at a queue of which nothing was heard
FULL_SECONDS = 0.1  # until somebody may have taken what was read
_SEND = """
SELECT pgmq.send(queue_name => %s::text, msg => %s::jsonb, headers => %s::jsonb), pg_notify(%s, %s)
"""
DROPPED = ("cursor_factory", "context", "prepare_threshold")  # Django's own needs


class Bell:
    """Hears that something was sent: a connection that listens. Silent where there is none."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None

    def open(self) -> None:
        """Listen from here on. Raises psycopg.Error."""
        if self._connection is None:
            self._connection = CheckedConnection.connect(**_params(), autocommit=True)
            self._connection.execute(f"LISTEN {SENT}")

    def rings(self, queues: set[str], seconds: float) -> bool:
        """Wait so long at most; whether something was sent to one of these queues."""
        if self._connection is None:
            time.sleep(seconds)
            return False
        deadline = time.monotonic() + seconds
        try:
            while True:
                left = max(deadline - time.monotonic(), 0.0)
                heard = list(self._connection.notifies(timeout=left, stop_after=1))
                if not heard:
                    return False
                if heard[0].payload in queues:
                    return True
        except (psycopg.Error, OSError):
            self.close()
            return False

    def close(self) -> None:
        """Hear nothing more."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class QueueChannel(pgmq.Channel):
    """As kombu's, which asks for the list of queues at each hint that it sends."""

    def _has_queue(self, queue: str, **kwargs: Any) -> bool:
        """Ours were made by `migrate`."""
        return queue in QUEUES or bool(super()._has_queue(queue, **kwargs))  # type: ignore[no-untyped-call]

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        """Into the queue, and said to whoever listens: in one transaction."""
        given = self._pgmq_send_kwargs(message)
        if "delay" in given:
            super()._put(queue, message, **kwargs)  # type: ignore[no-untyped-call]
            return
        name: str = self._queue_name(queue)
        headers = Jsonb(given["headers"]) if "headers" in given else None
        pool: Any = self.pgmq.pool
        with pool.connection() as link:
            link.execute(_SEND, [name, Jsonb(message), headers, SENT, name])


class Transport(pgmq.Transport):
    """As kombu's, with a connection pool made from `DATABASES["default"]`, acting as the owner."""

    Channel = QueueChannel

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)  # type: ignore[no-untyped-call]
        self._bell = Bell()
        self._is_empty, self._looked_at = False, 0.0

    def _create_pgmq_client(self) -> PGMQueue:
        pool: Any = ConnectionPool(
            kwargs=_params(),
            connection_class=CheckedConnection,
            min_size=1,
            max_size=QUEUE,  # one thread at a time reads, and one sends
            timeout=WAIT_SECONDS,
            reconnect_timeout=WAIT_SECONDS,
            check=check_where_it_spoke,
            open=True,
        )
        client: Any = self.client
        visibility = int(client.transport_options["visibility_timeout"])
        return PGMQueue(host="given-by-pool", pool=pool, vt=visibility, init_extension=False)

    def drain_events(self, connection: Any, timeout: Any = None, **_: Any) -> None:
        """Take what is there; where nothing is, wait but shortly: the worker looks for signals only
        in between. Raises TimeoutError where nothing came, as kombu asks for it.
        """
        shortly = min(timeout or SHORTLY_SECONDS, SHORTLY_SECONDS)
        is_late = time.monotonic() - self._looked_at >= LOOK_SECONDS
        if self._is_empty and not is_late and not self._bell.rings(self._queues(), shortly):
            raise TimeoutError
        self._bell.open()  # before the look, so that nothing comes in between
        self._looked_at = time.monotonic()
        try:
            cycle: Any = self.cycle
            cycle.get(self._deliver, timeout=shortly)
        except Empty:
            self._is_empty = self._is_open()
            if not self._is_empty:
                time.sleep(FULL_SECONDS)
            raise TimeoutError from None
        if self._is_empty and is_late:  # unheard: the other end may be gone without a word
            self._bell.close()
        self._is_empty = False

    def verify_connection(self, connection: Any) -> bool:
        """The pool looks at each connection that it hands out; asking once more tells nothing."""
        return True

    def close_connection(self, connection: Any) -> None:
        """The pool is ours, so that its client leaves it open."""
        client = self._pgmq_client
        pool = client.pool if client is not None else None
        self._bell.close()
        super().close_connection(connection)
        if pool is not None:
            pool.close(timeout=1)

    def _channels(self) -> list[Any]:
        channels: list[Any] = self.channels
        return [channel for channel in channels if channel._consumers]

    def _queues(self) -> set[str]:
        return {queue for channel in self._channels() for queue in channel._active_queues}

    def _is_open(self) -> bool:
        """Could what is there be taken? Else there may be more than was found."""
        return all(channel.qos.can_consume() for channel in self._channels())


def check_where_it_spoke(link: psycopg.Connection[Any]) -> None:
    """A server that went away leaves the end of the stream to read; asking costs a transaction.

    Raises psycopg.OperationalError where nobody is there any more.
    """
    poll = select.poll()
    poll.register(link.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(link)


def _params() -> dict[str, Any]:
    """As Django connects, but acting as the owner."""
    params = connections["default"].get_connection_params()
    return {name: value for name, value in params.items() if name not in DROPPED}


def register() -> str:
    """Make the transport known to kombu; the broker's address to give to Celery."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
    return f"{SCHEME}://database"

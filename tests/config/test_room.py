"""The connections that the threads of a web process hold together; one that stands still."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.core.signals import request_finished
from django.db import OperationalError, connection, connections

from config.postgres import capacity, room
from config.postgres.backend import base
from config.postgres.capacity import WEB
from config.postgres.room import NoRoom, Room
from config.workspace.work.faults import is_crowded, is_outage
from config.workspace.work.reasons import reason_of

pytestmark = pytest.mark.django_db(transaction=True)


def connect() -> psycopg.Connection:
    given = connections["default"].get_connection_params()
    return psycopg.connect(**{name: given[name] for name in ("dbname", "user", "host")})


@pytest.fixture
def few(monkeypatch):
    """A room of three places for all connections of this process."""
    made = Room(3)
    monkeypatch.setattr(base, "ROOM", made)
    connection.close()
    yield made
    connection.close()


def test_threads_share_few_connections_and_wait_for_one_another(few):
    most, lock = [0], threading.Lock()

    def request(n: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s, count(*) FROM pg_stat_activity", [n])
            with lock:
                most[0] = max(most[0], few._taken())
        request_finished.send(None)  # as after each answer
        return n

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(request, range(60))) == list(range(60))
    assert most[0] <= 3
    assert few._taken() <= 2, "one place is free while nobody does anything"


def test_who_finds_no_place_is_told_as_by_the_server(few, monkeypatch):
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.05)
    held = [few.connecting(connect) for _ in range(3)]
    with pytest.raises(OperationalError) as caught, connection.cursor():
        pass
    error = caught.value
    assert isinstance(error.__cause__, NoRoom)
    assert is_outage(error) and is_crowded(error)
    assert reason_of(error) == "OperationalError: too many connections"
    held.pop().close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    for one in held:
        one.close()


def test_a_connection_that_fails_takes_no_place(few):
    def fail() -> psycopg.Connection:
        raise psycopg.OperationalError("connection refused")

    for _ in range(5):
        with pytest.raises(psycopg.OperationalError):
            few.connecting(fail)
    assert few._taken() == 0


def test_the_share_is_what_the_workers_leave(settings):
    settings.DATABASE_CONNECTIONS = 0
    plenty = capacity.of(1000)
    assert not plenty.is_short and not capacity.of(plenty.needed).is_short
    short = capacity.of(plenty.needed - 10)
    assert short.is_short and short.share == WEB - 10
    assert capacity.of(5).share == 3, "calls are taken in all the same"
    settings.DATABASE_CONNECTIONS = 30
    assert capacity.of(1000).allowed == 30, "a pooler, or a server that is shared"
    settings.CELERY_CONCURRENCY += 5
    assert capacity.of(1000).needed > plenty.needed


def test_a_limit_of_the_role_or_the_database_counts():
    with connection.cursor() as cursor:
        before = capacity.ask(cursor).allowed
        cursor.execute("SELECT current_database()")
        (name,) = cursor.fetchone()
    with connection.owner(), connection.cursor() as cursor:
        try:
            cursor.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 7')
            assert capacity.ask(cursor).allowed == 7 < before
        finally:
            cursor.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')


def test_a_server_that_stands_still_holds_nobody_for_ever(monkeypatch):
    """kill -STOP: the connection is open, and nobody answers on it."""
    monkeypatch.setattr(base, "USABLE_SECONDS", 0.2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    assert connection.is_usable()
    os.kill(pid, signal.SIGSTOP)
    try:
        assert not connection.is_usable()
    finally:
        os.kill(pid, signal.SIGCONT)
    connection.close()
    assert not connection.is_usable()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connection.is_usable()

"""A pooler that gives a session to several clients is refused in words; one of sessions is used."""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection, connections

from config import paths
from config.postgres.backend.pooling import KeptSessions, SharedSessions, refuse_shared

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/bin")
INI = """
[databases]
{name} = host={host} port=5432 user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
{more}
"""


def connect() -> psycopg.Connection:
    given = connections["default"].get_connection_params()
    return psycopg.connect(**{name: given[name] for name in ("dbname", "user", "host")})


class Behind:
    """What a client of a pooler holds: a number of the pooler's, and whichever session it gives."""

    info = SimpleNamespace(backend_pid=-1)

    def __init__(
        self, session: psycopg.Connection, *, forgets: bool = False, is_reset: bool = False
    ) -> None:
        self.session, self.forgets, self.is_reset = session, forgets, is_reset
        self.execute = session.execute

    @contextmanager
    def transaction(self):
        with self.session.transaction():
            yield
        if self.forgets:
            self.session.execute("RESET ALL")
            self.session.commit()

    def close(self) -> None:
        if self.is_reset:
            self.session.execute("RESET ALL")
            self.session.commit()


@pytest.fixture
def sessions():
    """Two of the server."""
    with connect() as one, connect() as other:
        yield one, other


def test_a_session_that_another_client_is_given_too_is_refused(sessions):
    one, _other = sessions
    with pytest.raises(SharedSessions):
        refuse_shared(Behind(one), lambda: Behind(one))


def test_a_session_that_forgets_what_it_was_told_is_refused(sessions):
    one, other = sessions
    with pytest.raises(SharedSessions):
        refuse_shared(Behind(one, forgets=True), lambda: Behind(other))


def test_a_session_that_comes_as_the_client_before_left_it_is_refused(sessions):
    one, other = sessions
    with pytest.raises(KeptSessions):
        refuse_shared(Behind(one), lambda: Behind(other))


def test_a_session_of_its_own_is_used_behind_a_pooler_and_without(sessions):
    one, other = sessions
    refuse_shared(Behind(one), lambda: Behind(other, is_reset=True))

    def never():
        raise AssertionError("a second connection is made where nothing is in between")

    refuse_shared(one, never)


@pytest.fixture
def pooled(tmp_path):
    """The test database behind a pooler of its own: an address by the mode."""
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed")
    started = []

    def start(mode: str, more: str = "") -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        given = connection.settings_dict
        ini = tmp_path / f"{mode}.ini"
        ini.write_text(
            INI.format(
                name=given["NAME"],
                host=given["HOST"],
                user=given["USER"],
                port=port,
                mode=mode,
                more=more,
            )
        )
        user = ["-u", paths.service_user().pw_name] if os.geteuid() == 0 else []
        started.append(
            subprocess.Popen(
                [PGBOUNCER, "-q", *user, ini],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
        )  # fmt: skip
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return f"postgres://{given['USER']}@127.0.0.1:{port}/{given['NAME']}"
            time.sleep(0.1)
        raise AssertionError("pgbouncer does not listen")

    yield start
    for process in started:
        process.kill()
        process.wait()


def run(url: str, var: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(var)}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=paths.BASE_DIR, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", [("migrate",), ("up", "--port", "0")])
def test_a_pooler_of_transactions_ends_every_command_in_a_sentence(pooled, tmp_path, words):
    ended = run(pooled("transaction"), tmp_path, *words)
    assert ended.returncode == 1
    assert "pool_mode = session" in ended.stderr and ended.stderr.count("\n") == 1, ended.stderr


def test_the_deploy_check_and_readiness_name_a_pooler_of_transactions(pooled, tmp_path):
    url = pooled("transaction")
    assert "rapport.W011" in run(url, tmp_path, "check", "--deploy").stderr
    ask = "from config.running import probe; print(probe.ask())"
    assert "one session to several clients in turn" in run(url, tmp_path, "shell", "-c", ask).stdout


def test_a_pooler_of_sessions_is_worked_with(pooled, tmp_path):
    ask = (
        "from django.db import connection as c; q = c.cursor();"
        "q.execute('SELECT current_user'); print(q.fetchone()[0])"
    )
    ended = run(pooled("session"), tmp_path, "shell", "-c", ask)
    assert ended.returncode == 0 and "rapport_app_" in ended.stdout, ended.stderr


RESETS_NOTHING = "server_reset_query ="


def test_a_pooler_that_resets_nothing_is_refused_in_a_sentence(pooled, tmp_path):
    url = pooled("session", RESETS_NOTHING)
    ended = run(url, tmp_path, "migrate")
    assert ended.returncode == 1
    assert "server_reset_query = DISCARD ALL" in ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert "rapport.W012" in run(url, tmp_path, "check", "--deploy").stderr

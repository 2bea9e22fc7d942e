"""A server that takes few connections: the web server's threads leave the workers theirs."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from config import paths
from config.postgres import capacity, server
from config.running import leftovers
from tests.campaigns.delivery.test_killed_worker import wait_for
from tests.profiles.installation import SETUP, Installation, begin, end, is_taken

pytestmark = pytest.mark.slow
ALLOWED = 20  # of 23: three are for superusers
SECONDS = 300  # of patience: the machine may be busy
LOG_IN = "/console/login/"
ADDRESSES = ("/api/segments", "/console/people/", LOG_IN)
# whoever is asked who they are waits here, in a thread with a connection of its own
LOCK = "LOCK TABLE source, api_key, django_session IN ACCESS EXCLUSIVE MODE"
CLAIMS = {"Cookie": "sessionid=made-up", "Authorization": "Bearer made-up"}  # to be looked up
LIMIT = "ALTER DATABASE rapport CONNECTION LIMIT {}"
END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rapport'"
LOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
WAITING = "SELECT count(*), count(*) FILTER (WHERE failed_at IS NOT NULL) FROM inbox"


@pytest.fixture
def installation(tmp_path):
    tmp_path.chmod(0o755)
    made = Installation(tmp_path)
    made.environment |= {"WAKE_BY_CELERY": "true", "PYTHONUNBUFFERED": "1", "BASE_URL": made.url}
    begin(tmp_path)
    try:
        server.ensure_running(tmp_path, {"max_connections": str(ALLOWED + 3), "fsync": "off"})
        made._start("up", "manage.py", "up", "--port", str(made.port))
        assert wait_for(lambda: ask(made, "/health/live")[0] == 200, SECONDS)
        made.python(SETUP)
        assert wait_for(lambda: ask(made, "/health/ready")[0] == 200, SECONDS)
        yield made
    finally:
        if up := made.processes.pop("up", None):
            up.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                up.wait(SECONDS)
            up.kill()
        end(tmp_path)


def ask(installation: Installation, path: str) -> tuple[int, str]:
    try:
        request = urllib.request.Request(installation.url + path, headers=CLAIMS)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def readiness(installation: Installation) -> dict:
    """Empty where no answer came."""
    return json.loads(ask(installation, "/health/ready")[1] or "{}")


def send(installation: Installation, n: int) -> bool:
    calls = [{"type": "track", "event": "x", "userId": f"u{n}", "messageId": f"m{n}"}]
    body = json.dumps({"batch": calls, "writeKey": "sdk-write-key"})
    return is_taken(installation.port, body, seconds=30)


def log_of(installation: Installation) -> str:
    return (installation.var / "up.log").read_text()


def replace_workers(installation: Installation) -> None:
    """They have to connect anew, as after any restart."""
    for pid in leftovers.processes(installation.var):
        with suppress(OSError):
            if "celery" in Path(f"/proc/{pid}/cmdline").read_text():
                os.kill(pid, signal.SIGKILL)


@contextmanager
def shut_out(installation: Installation) -> Iterator[None]:
    """Somebody else has all connections: who had one loses it, and nobody gets another."""
    with psycopg.connect(
        host=str(paths.socket_dir(installation.var)), user=server.SUPERUSER, autocommit=True
    ) as database:
        try:
            database.execute(LIMIT.format(0))
            database.execute(END_ALL)
            yield
        finally:
            database.execute(LIMIT.format(-1))


def fill(installation: Installation, pool: ThreadPoolExecutor) -> list[Future]:
    """Let every thread of the web server ask the database while the workers come anew."""
    share = capacity.of(ALLOWED).share
    with psycopg.connect(
        host=str(paths.socket_dir(installation.var)), user="rapport", dbname="rapport"
    ) as lock:
        lock.execute(LOCK)
        replace_workers(installation)
        asked = [pool.submit(ask, installation, ADDRESSES[n % 3]) for n in range(30)]
        asked += [pool.submit(send, installation, n) for n in range(30)]
        # asked elsewhere: within a transaction the answer stays what it was
        assert wait_for(lambda: installation.rows(LOCKED)[0][0] >= share, SECONDS)
    return asked


def is_crowded(installation: Installation) -> bool:
    """Do page and readiness say why, and readiness when a worker was last heard of?"""
    page, ready = ask(installation, LOG_IN)[1], readiness(installation)
    why = ("database", "OperationalError: too many connections")
    is_said = (ready.get("unit"), ready.get("reason")) == why and "worker" in ready
    return is_said and "takes no more connections" in page


def test_few_connections_hold_up_no_work_and_are_said(installation):
    with ThreadPoolExecutor(60) as pool:
        for one in fill(installation, pool):
            one.result()
        sent = [n for n in range(100) if wait_for(lambda n=n: send(installation, n), SECONDS)]
    assert len(sent) == 100
    assert wait_for(lambda: installation.rows(WAITING) == [(0, 0)], SECONDS)
    assert installation.rows("SELECT count(DISTINCT message_id) FROM event") == [(100,)]
    needed = capacity.of(ALLOWED).needed
    log = log_of(installation)
    assert (
        f"takes {ALLOWED} connections of this installation, whose processes may need {needed}"
        in log
    )
    assert wait_for(lambda: ask(installation, "/health/ready")[0] == 200, SECONDS)
    assert "connections" in readiness(installation)["work"]
    assert f"rapport_database_connections_needed {needed}" in ask(installation, "/metrics")[1]

    # somebody else takes all that there are: nothing goes on, nothing is lost, and it is said
    with shut_out(installation):
        replace_workers(installation)
        for sign in installation.var.glob("*worker.json"):
            sign.unlink()  # those who come anew have never ticked
        said = wait_for(lambda: is_crowded(installation), SECONDS)
        assert said, (readiness(installation), log_of(installation))
        taken = [n for n in range(100, 110) if send(installation, n)]
        assert is_crowded(installation)
    taken += [n for n in range(110, 120) if wait_for(lambda n=n: send(installation, n), SECONDS)]
    assert wait_for(lambda: installation.rows(WAITING) == [(0, 0)], SECONDS), "none set aside"
    stored = installation.rows("SELECT count(DISTINCT message_id) FROM event")
    assert stored[0][0] >= 100 + len(taken)
    assert wait_for(lambda: ask(installation, "/health/ready")[0] == 200, SECONDS)

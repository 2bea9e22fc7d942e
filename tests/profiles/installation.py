"""A second installation for tests that need real processes: own database server, web, workers."""

import fcntl
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
from django.conf import settings

from config import paths
from config.postgres import server
from config.web.command import command

KEY = "sdk-write-key"
LONGEST_RUN = 7200  # seconds
WORKER = """
import django; django.setup()
import time
from django.db import connection
from profiles.ingest import processor
while True:
    try:
        handled = processor.work()
    except Exception as error:
        print(type(error).__name__, error, flush=True)
        connection.close()
        handled = 0
    if not handled:
        time.sleep(0.02)
"""
SETUP = """
import django; django.setup()
from config.workspace.digests import key_digest
from profiles.models import Source
Source.objects.create(name="sdk", kind="server", write_key_digest=key_digest("sdk-write-key"))
"""


def is_taken(port: int, body: str, *, seconds: float) -> bool:
    """Was this batch answered with 200, within so many seconds?"""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        link.request("POST", "/v1/batch", body, {"Content-Type": "application/json"})
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


class Installation:
    """Processes of one installation in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.var = folder
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "CONN_MAX_AGE")
        } | {
            "VAR_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "WAKE_BY_CELERY": "false",
            "PYTHONWARNINGS": "ignore",
        }
        self.processes: dict[str, subprocess.Popen] = {}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def set_up(self) -> None:
        """Database, tables, one source; then web and one worker."""
        begin(self.var)
        self.manage("dbserver", "start")
        self.python(SETUP)
        self.start_web()
        self.start_worker("worker")

    def python(self, script: str) -> None:
        """Run a script to its end."""
        subprocess.run(
            [sys.executable, "-c", script], env=self.environment, cwd=paths.BASE_DIR,
            check=True, timeout=120,
        )  # fmt: skip

    def manage(self, *arguments: str) -> str:
        """Run a management command; its standard output."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], env=self.environment, cwd=paths.BASE_DIR,
            check=True, timeout=120, capture_output=True, text=True,
        ).stdout  # fmt: skip

    def start_web(self) -> None:
        """The web server, ready when this returns."""
        self._start("web", *command("127.0.0.1", self.port)[1:])
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError("the web server does not answer")

    def start_worker(self, name: str) -> None:
        """A process that works the inbox off for ever."""
        self._start(name, "-c", WORKER)

    def kill(self, name: str) -> None:
        """kill -9, with whatever it has started."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def kill_postgres(self) -> None:
        """kill -9 of the server's main process; then it is started again, as `up` does."""
        self.rows("SELECT 1")  # it is up
        found = re.search(r"process (\d+)", self.manage("dbserver", "status"))
        assert found
        os.kill(int(found[1]), signal.SIGKILL)
        while "does not run" not in self.manage("dbserver", "status"):
            time.sleep(0.1)
        self.manage("dbserver", "start")

    def rows(self, query: str, *parameters: object) -> list[tuple]:
        """Ask the database, also while it is coming back."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(
                    host=str(paths.socket_dir(self.var)), user="rapport", dbname="rapport",
                    connect_timeout=5,
                ) as database:  # fmt: skip
                    return database.execute(query, parameters).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def settle(self, seconds: float = 60) -> None:
        """Wait until the inbox is worked off."""
        deadline = time.monotonic() + seconds
        query = (
            "SELECT (SELECT count(*) FROM inbox WHERE failed_at IS NULL),"
            " (SELECT count(*) FROM merge_pending)"
        )
        while self.rows(query) != [(0, 0)]:
            if time.monotonic() > deadline:
                raise TimeoutError("the inbox is not worked off")
            time.sleep(0.05)

    def stop(self) -> None:
        """End everything that was started here."""
        for name in list(self.processes):
            self.kill(name)
        end(self.var)

    def _start(self, name: str, *arguments: str) -> None:
        with (self.var / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.environment,
                cwd=paths.BASE_DIR,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begin(var: Path) -> None:
    """Lay the data of a migrated installation under `var`, where no server runs yet.

    Made once a run and copied from then on: a `migrate` from nothing takes a quarter of a minute.
    It makes its own keys. Raises CalledProcessError where migrating fails.
    """
    made = paths.database_home(_made())
    home = paths.database_home(var)
    home.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(made / "postgres"), str(home / "postgres")], check=True)


def end(var: Path) -> None:
    """Stop the server of the installation in `var`, and leave none of its data outside of it."""
    server.stop(var)
    home = paths.database_home(var)
    if home != var:
        shutil.rmtree(home, ignore_errors=True)


def _made() -> Path:
    """The folder of the one that is copied, made by whoever asks first in this run."""
    places = Path(settings.VAR_DIR) / "beginnings"
    places.mkdir(exist_ok=True)
    places.chmod(0o755)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    place, ready = places / run, places / f"{run}.ready"
    with (places / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            _clear(places)
            _make(place)
            ready.touch()
    return place


def _clear(places: Path) -> None:
    """Away with those of runs that are over."""
    for older in places.glob("*.ready"):
        if time.time() - older.stat().st_mtime > LONGEST_RUN:
            home = paths.database_home(older.with_suffix(""))
            shutil.rmtree(home, ignore_errors=True)
            shutil.rmtree(older.with_suffix(""), ignore_errors=True)
            older.unlink()


def _make(place: Path) -> None:
    place.mkdir()
    try:
        Installation(place).manage("migrate", "--verbosity=0")
    finally:
        server.stop(place)

"""The installation that a round of the soak runs: a folder, its `up`, its processes."""

import http.client
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from config import paths
from config.running import leftovers
from tests.profiles.installation import free_port
from tests.scale.soak_counts import Violation


class Installation:
    """A folder, and the `up` that runs it."""

    def __init__(self, var: Path, mail_url: str) -> None:
        self.var, self.port = var, free_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = kept | {
            "VAR_DIR": str(var), "EMAIL_URL": mail_url, "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "tests.scale.soak_settings", "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        self.up: subprocess.Popen[bytes] | None = None
        self.signalled = False

    def start(self) -> None:
        """`manage.py up`."""
        self.signalled = False
        with (self.var / "up.log").open("a") as log:
            self.up = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port)],
                cwd=paths.BASE_DIR, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

    def keep_up(self) -> None:
        """Start it again if it ended. Raises Violation where nobody told it to."""
        if self.up is None or self.up.poll() is not None:
            if self.up is not None and not self.signalled:
                raise Violation(f"up ended by itself with {self.up.returncode}")
            self.start()

    def signal(self, number: signal.Signals) -> None:
        """To `up`, or the supervisor that it became."""
        assert self.up is not None
        self.signalled = True
        self.up.send_signal(number)
        if number == signal.SIGKILL:
            self.up.wait()

    def python(self, script: str, timeout: float = 300) -> int:
        """Run a script to its end."""
        with (self.var / "up.log").open("a") as log:
            return subprocess.run(
                [sys.executable, "-c", script], env=self.environment, cwd=paths.BASE_DIR,
                timeout=timeout, stdout=log, stderr=log, check=False,
            ).returncode  # fmt: skip

    def manage(self, *arguments: str) -> None:
        """Run a management command."""
        with (self.var / "up.log").open("a") as log:
            subprocess.run(
                [sys.executable, "manage.py", *arguments], env=self.environment, check=True,
                cwd=paths.BASE_DIR, timeout=300, stdout=log, stderr=log,
            )  # fmt: skip

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Raises psycopg.OperationalError."""
        host = str(paths.socket_dir(self.var))
        with psycopg.connect(
            host=host, user="rapport", dbname="rapport", connect_timeout=5
        ) as link:
            return link.execute(query).fetchall()

    def processes(self, *words: str) -> list[int]:
        """Of this installation, whose command line has one of these words."""
        found = []
        for pid in leftovers.processes(self.var):
            with suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_text()
                if any(word in command for word in words) or not words:
                    found.append(pid)
        return found

    def answers(self) -> bool:
        """Does its web server?"""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            link.request("GET", "/health/live")
            return link.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def is_supervised(self) -> bool:
        """Has `up` become the supervisor?"""
        with suppress(OSError):
            return (
                self.up is not None
                and "config.running.supervisor" in Path(f"/proc/{self.up.pid}/cmdline").read_text()
            )
        return False

    def postmaster(self) -> int | None:
        """Its number."""
        file = paths.database_home(self.var) / "postgres" / "postmaster.pid"
        with suppress(OSError, ValueError):
            return int(file.read_text().split("\n", 1)[0])
        return None


def clear(made: Installation) -> None:
    """After a violation: nothing of a round meets the next."""
    if made.up is not None and made.up.poll() is None:
        made.up.kill()
        made.up.wait()
    leftovers.clear(made.var)
    with suppress(Exception):
        made.manage("dbserver", "stop")


def command_of(pid: int) -> str:
    """ "" where it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def parent(pid: int) -> int:
    """0 where it is gone."""
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return 0


def children(pid: int) -> list[int]:
    """Direct ones."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found

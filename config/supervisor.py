"""Runs the processes of an installation and keeps them running; `manage.py up` turns into this.

It imports no Django, to stay small. It is given the number of an open file
that holds one JSON object (see `Plan`).
"""

import ctypes
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.postgres import server, symptoms
from config.postgres.binaries import NoServer

LOOK_SECONDS = 0.25
TERM_SECONDS = 8.0
QUICK_DEATH_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 10.0
RESTART_SECONDS = 600.0  # between restarts for a sign of a broken server
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Plan:
    """What to run: commands by name; the page that tells that all is up; the database's folder."""

    commands: dict[str, list[str]]
    url: str
    port: int
    database: str | None = None  # VAR_DIR of an embedded server to watch
    stop_database: bool = False
    words: list[str] = field(default_factory=list)  # printed once the page answers


class Child:
    """One process with a session of its own, started again when it ends."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name, self.command = name, command
        self.pause, self.started_at, self.due_at = 0.5, 0.0, 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def keep_running(self) -> None:
        """Start it, or start it again: at once, then after ever longer pauses."""
        now = time.monotonic()
        if self.process and self.process.poll() is not None:
            self.kill_group()
            quick = now - self.started_at < QUICK_DEATH_SECONDS
            self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS) if quick else 0.5
            self.due_at = now + self.pause
            code = self.process.returncode
            say(f"{self.name} ended ({code}); started again in {self.pause:.0f} s")
            self.process = None
        if self.process is None and now >= self.due_at:
            self.started_at = now
            self.process = subprocess.Popen(
                self.command,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - we have no threads
            )

    def is_running(self) -> bool:
        """Has it been started, and not ended?"""
        return self.process is not None and self.process.poll() is None

    def terminate(self) -> None:
        """Ask it to end. Only the parent: it knows how to end its own children."""
        if self.process and self.is_running():
            self.process.terminate()

    def kill_group(self) -> None:
        """End whatever is left of it, its children too."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """The main loop."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.children = [Child(name, command) for name, command in plan.commands.items()]
        self.signals = 0
        self.looked_at_database = 0.0
        self.restarted_at = -RESTART_SECONDS

    def run(self) -> None:
        """Until TERM, INT or HUP; then everything is stopped."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        waiting = True
        while not self.signals:
            self._watch_database()
            for child in self.children:
                child.keep_running()
            if waiting and self._answers():
                waiting = False
                say("\n".join(self.plan.words))
            time.sleep(LOOK_SECONDS)
        self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1

    def _stop(self) -> None:
        """TERM, wait, KILL; a second Ctrl-C ends the waiting. The database goes last."""
        for child in self.children:
            child.terminate()
        deadline = time.monotonic() + TERM_SECONDS
        while time.monotonic() < deadline and self.signals == 1:
            if not any(child.is_running() for child in self.children):
                break
            time.sleep(0.05)
        for child in self.children:
            child.kill_group()
        if self.plan.stop_database and self.plan.database:
            server.stop(Path(self.plan.database))
        say("stopped")

    def _watch_database(self) -> None:
        """Celery's broker side cannot start a server that died; we can."""
        if not self.plan.database or time.monotonic() - self.looked_at_database < 1:
            return
        var = Path(self.plan.database)
        try:
            if not server.is_up(var):
                server.ensure_running(var)
            elif server.programs_were_replaced(var) or self._is_broken(var):
                self.restarted_at = time.monotonic()
                version = server.restart(var)
                say(f"the database server's programs were replaced: restarted as {version}")
        except (server.ServerError, NoServer) as error:
            say(str(error))
        self.looked_at_database = time.monotonic()

    def _is_broken(self, var: Path) -> bool:
        """Somebody met a library that does not fit. One restart; more would not help."""
        found = symptoms.take(var)
        return found and time.monotonic() - self.restarted_at >= RESTART_SECONDS

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.plan.port, timeout=2)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _end_with_parent() -> None:
    """Have the kernel send TERM should we die without a word (kill -9)."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def say(words: str) -> None:
    """To the person in front of it."""
    print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    with os.fdopen(int(sys.argv[1])) as given:
        made = Plan(**json.load(given))
    Supervisor(made).run()

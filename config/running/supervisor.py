"""Runs the processes of an installation and keeps them running; `manage.py up` turns into this.

It imports no Django, to stay small, has no threads, and waits for nothing while it watches. It is
given the number of an open file that holds one JSON object (see `Plan`).
"""

import ctypes
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

from config import disk
from config.postgres import server, symptoms
from config.running import leftovers
from config.running.children import STOPPING, Child, Web, Worker
from config.workspace.health import restarts

LOOK_SECONDS = 0.25
SLEPT_SECONDS = 5.0  # between two looks: we stood still, and so may everybody else have
TERM_SECONDS = 8.0
DISK_SECONDS = 5.0  # between looks at the room that is left
RESTART_SECONDS = 600.0  # between restarts for a sign of a broken server
LONGEST_PAUSE_SECONDS = 10.0
PR_SET_CHILD_SUBREAPER = 36
KEPT_TIMES = 10
TRIES = 4  # of a process that ends by itself before it has begun
SOON_SECONDS = 15.0  # for workers to begin, once the page answers: what stands still is said later
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class RunPlan:
    """What to run: commands by name; where the page is; the database's folder."""

    commands: dict[str, list[str]]
    url: str
    port: int
    host: str = "127.0.0.1"
    var: str = ""
    database: str | None = None  # VAR_DIR of an embedded server to watch
    words: list[str] = field(default_factory=list)  # printed once the page answers


class Database:
    """The embedded server, started again when it ends. Nobody waits for it here."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.starting: subprocess.Popen[str] | None = None
        self.pause, self.due_at, self.said = 0.5, 0.0, ""
        self.restarted_at = -RESTART_SECONDS
        self.is_for_up = server.is_for_up(var)

    def look(self, now: float) -> None:
        """Once a second: start it, or restart it on its new programs."""
        if self.starting is not None:
            self._end_start(self.starting, now)
        elif now >= self.due_at:
            self.due_at = now + 1
            if not server.is_up(self.var):
                self._begin("start")
            elif server.programs_were_replaced(self.var) or self._is_broken(now):
                self.restarted_at = now
                self._begin("restart")
            elif self.is_for_up:
                server.keep_for_up(self.var)

    def stop(self) -> None:
        """Stop it where an `up` started it, this one or an earlier one: a file says so."""
        if self.starting is not None:
            self._let_it_appear(self.starting)
        if not self.is_for_up and not server.is_for_up(self.var):
            return
        try:
            server.stop(self.var)
        except (server.ServerError, OSError) as error:
            say(str(error))

    def _begin(self, action: str) -> None:
        self.starting = subprocess.Popen(
            [sys.executable, "-m", "config.postgres.start", action, str(self.var)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _end_start(self, starting: subprocess.Popen[str], now: float) -> None:
        """Say what it said, unless it says it again and again."""
        if starting.poll() is None:
            return
        said = starting.communicate()[0].strip()
        if said and said != self.said:
            say(said)
        failed = starting.returncode != 0
        self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS) if failed else 0.5
        self.said, self.starting, self.due_at = said if failed else "", None, now + self.pause

    def _let_it_appear(self, starting: subprocess.Popen[str]) -> None:
        """A start under way: only what has a number can be stopped."""
        deadline = time.monotonic() + TERM_SECONDS
        while starting.poll() is None and time.monotonic() < deadline:
            if server.is_up(self.var):
                break
            time.sleep(0.05)
        starting.kill()
        starting.communicate()

    def _is_broken(self, now: float) -> bool:
        """Somebody met a library that does not fit. One restart; more would not help."""
        found = symptoms.take(self.var)
        return found and now - self.restarted_at >= RESTART_SECONDS


class Disk:
    """Says when it fills up, when it is full, and when there is room again."""

    def __init__(self, var: Path, embedded: bool) -> None:
        self.var, self.embedded = var, embedded
        self.fault, self.due_at = "", 0.0

    def look(self, now: float) -> None:
        """Every few seconds; a line where something has changed."""
        if now < self.due_at:
            return
        self.due_at = now + DISK_SECONDS
        worst = disk.trouble(self.var, embedded=self.embedded)
        fault = worst.fault if worst else ""
        if fault != self.fault:
            say(disk.in_english(worst) if worst else "the disk has room again")
        self.fault = fault


class Supervisor:
    """The main loop."""

    def __init__(self, plan: RunPlan) -> None:
        self.plan, self.var = plan, Path(plan.var)
        self.children = [self._child(name, command) for name, command in plan.commands.items()]
        self.database = Database(Path(plan.database)) if plan.database else None
        self.disk = Disk(self.var, embedded=self.database is not None)
        self.signals, self.said = 0, ""
        self.times: dict[str, list[float]] = {child.name: [] for child in self.children}

    def run(self) -> int:
        """Until TERM, INT or HUP; then everything is stopped. 1 where a process cannot start."""
        self._take_signals()
        restarts.write(self.var, {})
        is_told, looked_at = False, time.monotonic()
        while not self.signals:
            now = time.monotonic()
            slept, looked_at = now - looked_at > SLEPT_SECONDS, now
            self._look_around(now)
            for child in self.children:
                self._watch(child, now, slept)
            if hopeless := self._hopeless():
                say(hopeless)
                self._stop()
                return 1
            if not is_told and self._answers(now):
                is_told = True
                say("\n".join(self.plan.words))
            self._reap()
            time.sleep(LOOK_SECONDS)
        self._stop()
        return 0

    def _take_signals(self) -> None:
        """Those that came since `up` began to turn into us have waited. nohup's HUP stays ignored.

        Whoever loses its parent below us becomes our child, so that we see it.
        """
        for number in STOPPING:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def _child(self, name: str, command: list[str]) -> Child:
        if name == "web":
            return Web(name, command, self.var, self.plan.host, self.plan.port)
        return (Child if name == "mailbox" else Worker)(name, command, self.var)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1

    def _look_around(self, now: float) -> None:
        """At the database and the disk. What the system denies us now is no reason to end."""
        try:
            if self.database:
                self.database.look(now)
            self.disk.look(now)
        except OSError as error:
            said = f"the database and the disk cannot be looked at: {error.strerror or error}"
        else:
            said = ""
        if said and said != self.said:
            say(said)
        self.said = said

    def _watch(self, child: Child, now: float, slept: bool) -> None:
        """Keep it running; say and note when it has to be started again."""
        before = sum(child.restarts.values())
        try:
            child.look(now, slept)
            child.keep_running(now)
        except OSError as error:  # no process or file may be made just now
            child.put_off(now)
            say(f"{child.name} cannot be started: {error.strerror}")
        if sum(child.restarts.values()) > before:
            say(f"{child.name} {child.words}; started again in {child.pause:.0f} s")
            self.times[child.name] = [*self.times[child.name], time.time()][-KEPT_TIMES:]
            self._note()

    def _note(self) -> None:
        restarts.write(
            self.var,
            {
                child.name: restarts.Process(
                    child.restarts, child.words, tuple(self.times[child.name])
                )
                for child in self.children
            },
        )

    def _answers(self, now: float) -> bool:
        """The page does, and the workers have begun, or have lived for so long that they may."""
        return any(isinstance(child, Web) and child.answers for child in self.children) and all(
            child.has_begun or (child.is_running() and now - child.started_at > SOON_SECONDS)
            for child in self.children
            if isinstance(child, Worker)
        )

    def _hopeless(self) -> str:
        """What cannot start, in a sentence; "" for nothing. A full disk is waited for."""
        for child in self.children:
            if child.in_vain >= TRIES and not self.disk.fault:
                return (
                    f"{child.name} cannot start ({child.words}, {child.in_vain} times): what it "
                    "wrote above says why. Mend that and start again."
                )
        return ""

    def _reap(self) -> None:
        """End those below us whose parent died: nobody else would. (The database carries no mark.)

        What still belongs to the session of a living child ends with that.
        """
        known = {child.process.pid for child in self.children if child.process}
        known |= {self.database.starting.pid} if self.database and self.database.starting else set()
        for pid in _children() - known:
            with suppress(OSError):
                if os.waitpid(pid, os.WNOHANG) == (0, 0) and os.getsid(pid) not in known:
                    leftovers.kill(pid, self.var)

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
        leftovers.clear(self.var)
        if self.database:
            self.database.stop()
        leftovers.clear_files(self.var)
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # one more would be how we ended
        say("stopped")


def _children() -> set[int]:
    """Of our own, those that were left to us too."""
    with suppress(OSError):
        return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))
    return set()


def say(words: str) -> None:
    """To the person in front of it, if there still is one and the log has room."""
    with suppress(OSError):
        print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    with os.fdopen(int(sys.argv[1])) as given:
        made = RunPlan(**json.load(given))
    sys.exit(Supervisor(made).run())

"""One process of an installation: started, watched, ended with all that it has started."""

import os
import resource
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from config.running import leftovers
from config.running.watchdog import ASK_SECONDS, BUSY, WELL, Beats, HealthRequest, Patience
from config.workspace.health import restarts
from config.workspace.health.alive import BEATS
from config.workspace.sandbox.parents import end_with

QUICK_DEATH_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 10.0
TRACEBACK_SECONDS = 1.0
ENDED, SILENT = "ended", "silent"  # why it is started again
STOPPING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class Child:
    """A process with a session of its own, started again when it ends or answers no more."""

    def __init__(self, name: str, command: list[str], var: Path) -> None:
        self.name, self.command, self.var = name, command, var
        self.pause, self.started_at, self.due_at = 0.5, 0.0, 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts: dict[str, int] = {}
        self.words = ""  # of the last restart
        self.has_begun = False  # since we are there, what it is for
        self.in_vain = 0  # times that it gave up before it had

    def keep_running(self, now: float) -> None:
        """Start it, or start it again: at once, then after ever longer pauses."""
        if self.is_running() and now - self.started_at >= QUICK_DEATH_SECONDS:
            self.begins(now)
        if self.process and self.process.poll() is not None:
            code = self.process.returncode
            if code > 0 and not self.has_begun:  # by itself: nobody killed it
                self.in_vain += 1
            self.end(now, ENDED, restarts.ENDED_WORDS % {"code": code})
        if self.process is None and now >= self.due_at:
            self.start(now)

    def start(self, now: float) -> None:
        """At once. It ends with us, whatever becomes of us."""
        self.started_at, us = now, os.getpid()
        environment, handles = self.given()
        self.process = subprocess.Popen(
            self.command,
            start_new_session=True,
            env=environment,
            pass_fds=handles,
            preexec_fn=lambda: _become(us),  # noqa: PLW1509 - we have no threads
        )

    def given(self) -> tuple[dict[str, str], tuple[int, ...]]:
        """Its environment and open files. The tracebacks of one that hangs name code alone."""
        return {**leftovers.marked(self.var), "PYTHONFAULTHANDLER": "1"}, ()

    def begins(self, now: float) -> None:
        """It has been there for a while: nothing else shows that it does what it is for."""
        self.has_begun = True

    def look(self, now: float, slept: bool) -> None:
        """Nothing is asked of it but to be there."""

    def end(self, now: float, reason: str, words: str) -> None:
        """End what is left of it; it is started again after a pause that grows."""
        self.kill_group()
        quick = now - self.started_at < QUICK_DEATH_SECONDS
        self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS) if quick else 0.5
        self.due_at = now + self.pause
        self.restarts[reason] = self.restarts.get(reason, 0) + 1
        self.words = words
        self.process = None

    def put_off(self, now: float) -> None:
        """It could not be started: tried again, ever less often."""
        self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS)
        self.due_at = now + self.pause

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


class Watched(Child):
    """One that has to show that it goes on."""

    kind = "web"

    def __init__(self, name: str, command: list[str], var: Path) -> None:
        super().__init__(name, command, var)
        self.patience = Patience(self.kind)

    def start(self, now: float) -> None:
        """With all patience again."""
        super().start(now)
        self.patience.started(now)

    def look(self, now: float, slept: bool) -> None:
        """Replace it when it has been silent for too long."""
        if slept:
            self.patience.slept(now)
        if self.process is None or not self.is_running():
            return
        self.ask(now)
        self.has_begun = self.has_begun or self.patience.answered
        if self.patience.is_over(now):
            self.patience.in_vain()
            self._show_where(self.process)
            self.end(now, SILENT, restarts.SILENT_WORDS)

    def begins(self, now: float) -> None:
        """It says so itself."""

    def ask(self, now: float) -> None:
        """Find out whether it goes on."""
        raise NotImplementedError

    def _show_where(self, process: subprocess.Popen[bytes]) -> None:
        """Have all its processes write their tracebacks; a stopped one cannot."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGABRT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(TRACEBACK_SECONDS)


class Web(Watched):
    """Asked for /health/live: at every look until it has answered, then every few seconds."""

    def __init__(self, name: str, command: list[str], var: Path, host: str, port: int) -> None:
        super().__init__(name, command, var)
        self.host, self.port = host, port
        self.question: HealthRequest | None = None
        self.ask_at = 0.0

    def start(self, now: float) -> None:
        """What the one before was asked is forgotten."""
        super().start(now)
        self.question, self.ask_at = None, now

    @property
    def answers(self) -> bool:
        """Has it answered since it was started?"""
        return self.is_running() and self.patience.answered

    def ask(self, now: float) -> None:
        """Look for the answer, or ask anew."""
        if self.question is None:
            if now >= self.ask_at:
                self.question = HealthRequest(self.host, self.port, now)
            return
        answer = self.question.answer(now)
        if answer is None:
            return
        self.question = None
        self.ask_at = now + (ASK_SECONDS if self.patience.answered else 0.0)
        if answer == WELL:
            self.patience.heard(now)
        elif answer == BUSY:
            self.patience.busy(now)
        else:
            self.patience.misses += 1

    def terminate(self) -> None:
        """One that has not answered yet hears nothing while it loads, and has nothing to finish."""
        super().terminate() if self.answers else self.kill_group()


class Worker(Watched):
    """Writes to a pipe when it ticks. One that never does is not asked for it."""

    kind = "worker"

    def __init__(self, name: str, command: list[str], var: Path) -> None:
        super().__init__(name, command, var)
        self.beats = Beats()
        self.looked_at = 0.0

    def start(self, now: float) -> None:
        """With a pipe of its own."""
        before, self.beats = self.beats, Beats()
        before.close()
        super().start(now)

    def given(self) -> tuple[dict[str, str], tuple[int, ...]]:
        """And the writing end."""
        environment, handles = super().given()
        handle = self.beats.writing
        return {**environment, BEATS: str(handle)}, (*handles, handle)

    def ask(self, now: float) -> None:
        """Look into the pipe."""
        if self.beats.heard():
            self.patience.heard(now)
        elif now - self.looked_at >= ASK_SECONDS and self.patience.answered:
            self.looked_at = now
            self.patience.misses += 1


def _become(parent: int) -> None:
    """Between fork and exec. No core file: a memory image is full of people."""
    end_with(parent)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

"""Kills by a seed: what, when, and with which signal."""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.scale.soak_counts import Violation
from tests.scale.soak_installation import Installation, children, command_of, parent

STOP_SECONDS = 90.0
RENDERER, RENDER = "config.workspace.sandbox", "render"
LEAST_RENDER, MOST_RENDER = 2, 4  # of those that render, killed in a round
BETWEEN_SECONDS = (4.0, 8.0)
LOOK_SECONDS, LIST_SECONDS = 0.005, 0.5
STARTED_CPU_SECONDS = 0.4  # what it takes to start, twice: to load modules is no rendering
MOSTLY, PATIENCE_SECONDS = 0.7, 30.0
# target -> weight; those that render are hunted beside
TARGETS = {
    "web": 3, "web child": 3, "worker": 3, "worker child": 4, "postgres": 2, "backend": 3,
    "supervisor": 1, "start": 1,
}  # fmt: skip
AT_START = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Killer:
    """Kills by a seed: what, when, and with which signal."""

    def __init__(self, made: Installation, seed: int) -> None:
        self.made, self.dice = made, random.Random(seed)  # noqa: S311 - to be repeated
        self.kills: Counter[str] = Counter()
        self.renderers: set[int] = set()  # that were ever seen
        self.over = threading.Event()
        self.hunt = threading.Thread(target=self._hunt, args=[random.Random(-seed)], daemon=True)

    def run(self, seconds: float) -> None:
        """Until the time is over; a killed supervisor is started again."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            time.sleep(self.dice.uniform(0.1, 3.0))
            self.made.keep_up()
            self.renderers.update(renderers(self.made))
            names, weights = list(TARGETS), list(TARGETS.values())
            self.kill(self.dice.choices(names, weights)[0])

    def kill(self, target: str) -> None:
        """One of its kind, where there is one."""
        made = self.made
        if target in ("supervisor", "start"):
            self._whole(target)
            return
        if target in ("postgres", "backend"):
            if not made.is_supervised():  # who migrates without a database may give up
                return
            pid = made.postmaster()
            pids = [pid] if pid else []
            pids = pids if target == "postgres" else [c for one in pids for c in children(one)]
        else:
            word = "granian" if target.startswith("web") else "celery"
            everyone = made.processes(word)
            heads = [pid for pid in everyone if parent(pid) not in everyone]
            pids = [p for p in everyone if p not in heads] if "child" in target else heads
        if pids:
            with suppress(OSError):
                os.kill(self.dice.choice(sorted(pids)), signal.SIGKILL)
                self.kills[target] += 1

    def _hunt(self, dice: random.Random) -> None:
        """Kill those that render, amid it, until enough are or `over` is said.

        Seconds apart: who dies twice of one mail is told that the mail is at fault.
        """
        pids: list[int] = []
        looked_at = 0.0
        while not self.over.is_set() and self.kills[RENDER] < MOST_RENDER:
            if time.monotonic() - looked_at > LIST_SECONDS:  # a walk over all processes
                pids, looked_at = renderers(self.made), time.monotonic()
                self.renderers.update(pids)
            busy = [pid for pid in pids if is_at_work(pid)]
            if not busy:
                time.sleep(LOOK_SECONDS)
                continue
            with suppress(OSError):
                os.kill(dice.choice(busy), signal.SIGKILL)
                self.kills[RENDER] += 1
            self.over.wait(dice.uniform(*BETWEEN_SECONDS))

    def _whole(self, target: str) -> None:
        """The supervisor; or `up` again in its first seconds, by any signal."""
        self.made.signal(signal.SIGKILL)
        self.kills["supervisor"] += 1
        time.sleep(self.dice.uniform(0.0, 1.0))
        self.made.keep_up()
        if target == "start":
            time.sleep(self.dice.uniform(0.0, 5.0))
            number = self.dice.choice(AT_START)
            self.made.signal(number)
            self.kills["start"] += 1
            assert self.made.up is not None
            try:
                self.made.up.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                raise Violation(f"up is deaf to {number.name} at its start") from None
            self.made.keep_up()
        if self.dice.random() < MOSTLY:  # else the next kill meets it half started
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not self.made.answers() and time.monotonic() < deadline:
                time.sleep(0.2)


def renderers(made: Installation) -> list[int]:
    """Those that render what users wrote; their environment is empty."""
    found = [child for pid in made.processes() for child in children(pid)]
    return [pid for pid in found if RENDERER in command_of(pid)]


def is_at_work(pid: int) -> bool:
    """Does it compute just now, having done more than start? One that waits for work sleeps."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return fields[0] == "R" and used > STARTED_CPU_SECONDS
    return False

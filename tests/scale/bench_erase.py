# ruff: noqa: E501, PLC0415 - SQL by columns; apps are imported once their database is there
"""`manage.py bench erase`: erasures and access archives a second, of people with 1,000 events each.

1. Archives, and erasures with all that belongs to one: the batches, the search through every column
   and file, the certificate. Beside it how much of an erasure is the search, which reads the whole
   database whoever is erased.
2. While they run, every hundredth of a second, whether anybody waits for a lock (pg_stat_activity).
3. A worker that processes calls into the same database, alone and beside erasures. Claim: beside
   them at least half as fast, on a machine with two cores.

Runs in a database of its own, made and dropped here.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from config import paths
from tests.scale.bench_ingest import WORKER, _dsn, _of
from tests.scale.databases import drop_as_owner

CLAIM = 0.5
DATABASE = "bench_erase"
EVENTS = 1_000  # a person
OTHERS = 20  # people beside those who are erased, for each of them
PEOPLE = """
INSERT INTO profile (id, public_id, bucket, state, is_test, display_name, time_zone, locale, country,
                     lifecycle, first_seen, last_seen, traits)
SELECT n, md5('p' || n)::uuid, n %% 10000, 'active', false, 'Person ' || n, '', 'en', 'NL', 'lead',
       now(), now(), jsonb_build_object('first_name', 'Person' || n)
FROM generate_series(1::bigint, %(n)s) AS n;
INSERT INTO identifier (kind, value, raw_value, profile_id, verified_at, first_source_id, first_seen,
                        last_seen, deliverability)
SELECT 'email', 'person' || n || '@example.com', '', n, now(), 1, now(), now(), ''
FROM generate_series(1::bigint, %(n)s) AS n;
INSERT INTO identifier_key (id, kind, value, profile_id)
SELECT id, kind, value, profile_id FROM identifier ORDER BY value COLLATE "C", kind COLLATE "C";
INSERT INTO event (profile_id, message_id, type, name, occurred_at, received_at, source_id,
                   identifier_id, properties, context)
SELECT p, 'm' || p || '-' || n, 'track', 'Product Viewed', now() - n * interval '6 hours', now(), 1, p,
       jsonb_build_object('product_id', n, 'note', md5(p || '-' || n)), '{}'
FROM generate_series(1::bigint, %(n)s) AS p, generate_series(1, %(events)s) AS n;
SELECT setval('profile_id_seq', %(n)s + 1);
VACUUM ANALYZE profile, identifier, event
"""


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures; 1 where the ratio is below its claim."""
    parser = argparse.ArgumentParser(prog="bench erase")
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--calls", type=int, default=20_000)
    options = parser.parse_args(list(argv))
    connection.settings_dict.setdefault("TEST", {})["NAME"] = DATABASE
    name = connection.settings_dict["NAME"]
    dsn = _of(_dsn(), DATABASE)
    drop_as_owner(DATABASE)
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        _fill(options.people * (OTHERS + 1))
        with _watched(dsn) as waits:
            _archives(options.people)
            _erasures(range(1, options.people + 1))
        print(f"  {len(waits)} looks, of which {sum(waits)} saw somebody wait for a lock")
        ratio = _beside(options.people, options.calls, dsn)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        drop_as_owner(DATABASE)
    print(f"claim: ingest beside erasures at least {CLAIM} of ingest alone")
    return int(ratio < CLAIM)


def _fill(people: int) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from profiles import months
    from tests.cast import make_source

    make_source("shop")
    months.ensure(timezone.now() - timedelta(hours=6 * n) for n in range(EVENTS + 1))
    *loading, analyse = PEOPLE.split(";\n")
    with connection.cursor() as cursor:
        for statement in loading:
            cursor.execute(statement, {"n": people, "events": EVENTS})
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute(analyse)
    print(f"{people:,} people with {EVENTS:,} events each")


def _asked(type_: str, person: int) -> Any:
    from consent.privacy import requests

    reference = f"email:person{person}@example.com"
    request = requests.open_request(type_=type_, references=[reference], regulation="other")
    return requests.settle(request)


def _carried_out(type_: str, people: Sequence[int]) -> float:
    """Seconds until all of them are done."""
    from consent.models import PrivacyRequest
    from consent.privacy.due import carry_out_due

    for person in people:
        _asked(type_, person)
    began = time.perf_counter()
    while carry_out_due():
        pass
    seconds = time.perf_counter() - began
    left = PrivacyRequest.objects.filter(type=type_, status="in_progress", result={})
    assert not left.exists(), "all were carried out"
    return seconds


def _archives(people: int) -> None:
    seconds = _carried_out("access", range(1, people + 1))
    print(f"archives: {people / seconds:.1f} a second")


def _erasures(people: Sequence[int]) -> None:
    from consent.privacy.erasure import searching

    spent = [0.0]
    before = searching.search

    def timed(*args: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return before(*args, **more)
        finally:
            spent[0] += time.perf_counter() - began

    searching.search = timed
    try:
        seconds = _carried_out("erasure", people)
    finally:
        searching.search = before
    print(
        f"erasures: {len(people) / seconds:.2f} a second, {spent[0] / seconds:.0%} of it the search;"
        f" without it {len(people) / (seconds - spent[0]):.1f}"
    )


@contextmanager
def _watched(dsn: str) -> Iterator[list[int]]:
    """How many sessions waited for a lock, at each look."""
    seen: list[int] = []
    over = threading.Event()

    def look() -> None:
        with psycopg.connect(dsn, autocommit=True) as watcher:
            while not over.wait(0.01):
                row = watcher.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND datname = current_database()"
                ).fetchone()
                seen.append(row[0] if row else 0)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _beside(people: int, calls: int, dsn: str) -> float:
    """Calls a second that a worker processes beside erasures, over those alone."""
    alone = calls / _processed(calls, "alone", dsn)
    second = range(people + 1, 2 * people + 1)
    over = threading.Event()
    erased = threading.Thread(target=_until, args=(second, over), daemon=True)
    erased.start()
    beside = calls / _processed(calls, "beside", dsn)
    over.set()
    erased.join()
    print(
        f"ingest: {alone:,.0f} calls a second alone, {beside:,.0f} beside erasures;"
        f" ratio {beside / alone:.2f}"
    )
    return beside / alone


def _until(people: Sequence[int], over: threading.Event) -> None:
    """One erasure after the other, until nobody is left or it is enough."""
    try:
        for person in people:
            if over.is_set():
                return
            _carried_out("erasure", [person])
    finally:
        connection.close()


def _processed(calls: int, name: str, dsn: str) -> float:
    """Seconds from the start of a worker until the inbox is empty."""
    from profiles.ingest.inbox import accept
    from profiles.models import Source

    source = Source.objects.get()
    for first in range(0, calls, 500):
        accept(
            source,
            [
                {"type": "track", "userId": f"{name}-{n % 997}", "event": "Product Viewed",
                 "messageId": f"{name}-{n}", "properties": {"n": n}}
                for n in range(first, min(first + 500, calls))
            ],
        )  # fmt: skip
    given = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{given['USER']}@/{DATABASE}?host={given['HOST']}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WAKE_BY_CELERY": "false",
        "VAR_DIR": str(settings.VAR_DIR),
    }
    with psycopg.connect(dsn, autocommit=True) as watcher:
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER], env=environment, cwd=paths.BASE_DIR
        )
        try:
            _wait(watcher, calls - 1)  # the process has started
            began = time.perf_counter()
            _wait(watcher, 0)
            return time.perf_counter() - began
        finally:
            worker.terminate()
            worker.wait()


def _wait(watcher: Any, most: int) -> None:
    """Until at most so many rows wait."""
    while watcher.execute("SELECT count(*) FROM inbox").fetchone()[0] > most:
        time.sleep(0.02)

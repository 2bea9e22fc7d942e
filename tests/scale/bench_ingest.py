"""`manage.py bench ingest`: calls over HTTP to rows in tables, against COPY of the same rows.

Batches of 100 over HTTP from this machine, 20 % new people, 2 % sent twice, 1.8 million identifiers
there already; one web and one worker process. Time runs from the first call until the inbox is
empty. The reference is one process that COPYs the resulting rows of all tables, ready made, in
transactions of 500 rows into a copy of the database with the same indexes. Claim: at least 0.25.
"""

import argparse
import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from queue import Empty, Queue

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from config import paths
from config.web.command import command
from config.workspace.digests import key_digest
from tests.scale.databases import drop

CLAIM = 0.25
BATCH = 100
REFERENCE_ROWS = 500
KEY = "bench-write-key"
TABLES = {
    "profile": "id > %(profile)s",
    "identifier": "id > %(identifier)s",
    "identifier_key": "id > %(identifier)s",
    "profile_trait": "true",
    "event": "true",
    "event_item": "true",
    "event_state": "true",
    "message_claim": "true",
}
PEOPLE = """
INSERT INTO profile (id, public_id, bucket, state, is_test, display_name, time_zone, locale,
                     country, lifecycle, first_seen, last_seen, traits)
SELECT n, md5('p' || n)::uuid, n %% 10000, 'active', false, '', '', '', '', '',
       %(first)s, %(last)s, '{}'
FROM generate_series(1::bigint, %(people)s) AS n;
INSERT INTO identifier (kind, value, raw_value, profile_id, first_source_id, first_seen, last_seen,
                        deliverability)
SELECT 'rapport_id', md5('p' || n)::uuid::text, '', n, 1, %(first)s, %(last)s, ''
FROM generate_series(1::bigint, %(people)s) AS n;
INSERT INTO identifier (kind, value, raw_value, profile_id, first_source_id, first_seen, last_seen,
                        deliverability)
SELECT 'user_id', 'user-' || n, '', n, 1, %(first)s, %(last)s, ''
FROM generate_series(1::bigint, %(people)s) AS n;
INSERT INTO identifier_key (id, kind, value, profile_id)
SELECT id, kind, value, profile_id FROM identifier ORDER BY value COLLATE "C", kind COLLATE "C";
SELECT setval('profile_id_seq', %(people)s + 1);
"""
WORKER = """
import django; django.setup()
import time
from profiles.ingest import processor
while True:
    if not processor.work():
        time.sleep(0.02)
"""


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures; 1 where the ratio is below the claim."""
    parser = argparse.ArgumentParser(prog="bench ingest")
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--identifiers", type=int, default=1_800_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4, help="of the client")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(list(argv))
    base = f"rapport_bench_ingest_{options.identifiers}"
    with connection.owner():  # type: ignore[attr-defined]
        connection.ensure_connection()  # starts the embedded server
    dsn = _dsn()
    with psycopg.connect(dsn, autocommit=True) as server:
        _prepare(server, base, options.identifiers // 2)
        names = [f"{base}_run", f"{base}_reference"]
        for name in names:
            drop(server, name)
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{base}"')
            with _in_database(name):
                call_command("migrate", verbosity=0)  # the roles are named after the database
        try:
            return _compare(dsn, names, options)
        finally:
            for name in names:
                drop(server, name)


def _dsn() -> str:
    given = connection.settings_dict
    host = given["HOST"] or "localhost"
    login = f"user={given['USER']}"
    if given["PASSWORD"]:
        login += f" password={given['PASSWORD']}"
    return f"host={host} {login} dbname={given['NAME']}"


def _of(dsn: str, name: str) -> str:
    return " ".join(
        f"dbname={name}" if part.startswith("dbname=") else part for part in dsn.split()
    )


@contextmanager
def _in_database(name: str) -> Iterator[None]:
    """Django's connection leads to this database."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _prepare(server: psycopg.Connection, base: str, people: int) -> None:
    """A migrated database with so many people, kept between runs."""
    if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [base]).fetchone():
        return
    print(f"making {people:,} people ...", flush=True)
    server.execute(f'DROP DATABASE IF EXISTS "{base}_new"')
    server.execute(f'CREATE DATABASE "{base}_new"')
    with _in_database(f"{base}_new"):
        call_command("migrate", verbosity=0)
        with connection.owner(), connection.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(
                "INSERT INTO source (id, name, kind, trust, write_key_digest, write_key_hint,"
                " public_write_key, is_internal, enabled, created_at)"
                " VALUES (1, 'bench', 'server', 50, %s, '', '', false, true, now())",
                [key_digest(KEY)],
            )
            now = datetime.now(UTC)
            times = {"first": now - timedelta(days=400), "last": now - timedelta(days=30)}
            cursor.execute(PEOPLE, {"people": people, **times})
            cursor.execute("VACUUM ANALYZE")
    server.execute(f'ALTER DATABASE "{base}_new" RENAME TO "{base}"')


def make_batches(events: int, people: int, seed: int) -> list[bytes]:
    """Bodies of 100 messages: views, orders with items, identifies; all of it drawn from `seed`."""
    draw = random.Random(seed)
    now = datetime.now(UTC)
    messages: list[bytes] = []
    for number in range(events):
        if messages and draw.random() < 0.02:
            messages.append(draw.choice(messages[-500:]))
            continue
        is_new = draw.random() < 0.2
        user = (
            f"new-{seed}-{draw.randrange(events)}" if is_new else f"user-{draw.randint(1, people)}"
        )
        messages.append(json.dumps(_message(draw, user, number, now)).encode())
    sent = now.isoformat()
    return [
        b'{"batch":['
        + b",".join(messages[start : start + BATCH])
        + b'],"sentAt":"'
        + sent.encode()
        + b'"}'
        for start in range(0, len(messages), BATCH)
    ]


def _message(draw: random.Random, user: str, number: int, now: datetime) -> dict:
    message = {
        "messageId": str(uuid.UUID(int=draw.getrandbits(128))),
        "userId": user,
        "timestamp": (now - timedelta(seconds=draw.randint(0, 86_400 * 20))).isoformat(),
        "context": {
            "library": {"name": "analytics-python", "version": "2.4.0"},
            "ip": "203.0.113.7",
        },
        "integrations": {},
    }
    kind = draw.random()
    category = draw.choice(["shoes", "hats", "tents", "boots", "bags"])
    if kind < 0.10:
        return message | {
            "type": "identify",
            "traits": {
                "name": f"Person {number}",
                "plan": draw.choice(["free", "pro", "team"]),
                "country": draw.choice(["ID", "SG", "NL", "DE"]),
                "age": draw.randint(18, 80),
            },
        }
    if kind < 0.15:
        price = draw.randint(5, 200)
        products = [
            {
                "product_id": f"p{n}",
                "name": f"Thing {n}",
                "category": category,
                "quantity": 1,
                "price": price,
            }
            for n in range(2)
        ]
        return message | {
            "type": "track",
            "event": "Order Completed",
            "properties": {
                "order_id": f"o{number}",
                "revenue": 2 * price,
                "currency": "EUR",
                "category": category,
                "products": products,
            },
        }
    if kind < 0.45:
        return message | {
            "type": "page",
            "name": "Home",
            "properties": {"url": "https://shop.example/", "title": "Home"},
        }
    return message | {
        "type": "track",
        "event": draw.choice(["Product Viewed", "Product Added", "Cart Viewed"]),
        "properties": {
            "product_id": f"p{draw.randint(1, 500)}",
            "category": category,
            "price": draw.randint(5, 200),
            "position": draw.randint(1, 20),
        },
    }


def _compare(dsn: str, names: Sequence[str], options: argparse.Namespace) -> int:
    run, reference = (_of(dsn, name) for name in names)
    batches = make_batches(options.events, options.identifiers // 2, options.seed)
    with psycopg.connect(run, autocommit=True) as database:
        before = {
            table: database.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
            for table in ("profile", "identifier")
        }
        accepted, took = _ingest(database, names[0], batches, options)
        events = database.execute("SELECT count(*) FROM event").fetchone()[0]
        rejected = database.execute("SELECT count(*) FROM rejection").fetchone()[0]
        rows = _export(database, before)
    copying = _copy(reference, rows)
    total = sum(len(lines) for lines in rows.values())
    sent = len(batches) * BATCH
    ours, theirs = events / took, events / copying
    ratio = ours / theirs
    print(f"{sent:,} events sent in batches of {BATCH}, {events:,} kept, {rejected:,} rejected")
    print(f"accepted            {sent / accepted:>10,.0f} events/s (while being processed)")
    print(f"processed           {ours:>10,.0f} events/s, {options.workers} worker process(es)")
    print(f"COPY of {total:,} rows {theirs:>8,.0f} events/s")
    print(f"ratio               {ratio:>10.2f} (claim: at least {CLAIM})")
    return int(ratio < CLAIM)


def _ingest(
    database: psycopg.Connection, name: str, batches: list[bytes], options: argparse.Namespace
) -> tuple[float, float]:
    """Seconds until everything was accepted, and until everything was processed."""
    with _installation(name, options.workers) as port:
        _post(port, make_batches(200, 1000, options.seed + 99)[:1], 1)  # warm
        _wait_empty(database)
        database.execute("TRUNCATE event, event_item, event_state, profile_trait, message_claim")
        started = time.perf_counter()
        _post(port, batches, options.threads)
        accepted = time.perf_counter() - started
        _wait_empty(database)
        return accepted, time.perf_counter() - started


def _wait_empty(database: psycopg.Connection) -> None:
    query = "SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM merge_pending)"
    while database.execute(query).fetchone()[0]:
        time.sleep(0.05)


@contextmanager
def _installation(name: str, workers: int) -> Iterator[int]:
    """One web process and the workers, on that database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    host = connection.settings_dict["HOST"]
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{connection.settings_dict['USER']}@/{name}?host={host}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WAKE_BY_CELERY": "false",
        "VAR_DIR": str(settings.VAR_DIR),
    }
    web = command("127.0.0.1", port)
    commands = [web] + [[sys.executable, "-c", WORKER]] * workers
    running = [
        subprocess.Popen(one, env=environment, cwd=paths.BASE_DIR, start_new_session=True)
        for one in commands
    ]
    try:
        _wait_port(port)
        yield port
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGTERM)
        for process in running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the web process does not answer")


def _post(port: int, batches: Sequence[bytes], threads: int) -> None:
    waiting: Queue[bytes] = Queue()
    for body in batches:
        waiting.put(body)
    failures: list[str] = []

    def send() -> None:
        client = HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {
            "Authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode(),
            "Content-Type": "application/json",
        }
        while True:
            try:
                body = waiting.get_nowait()
            except Empty:
                return
            client.request("POST", "/v1/batch", body, headers)
            answer = client.getresponse()
            text = answer.read()
            if answer.status != 200:
                failures.append(f"{answer.status} {text[:200]!r}")
                return

    senders = [threading.Thread(target=send) for _ in range(threads)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if failures:
        raise SystemExit(failures[0])


def _export(database: psycopg.Connection, before: dict) -> dict[str, list[bytes]]:
    """The rows that came out, as COPY lines."""
    rows = {}
    for table, where in TABLES.items():
        query = f"COPY (SELECT * FROM {table} WHERE {where % before}) TO STDOUT"
        with database.cursor() as cursor, cursor.copy(query) as source:
            rows[table] = b"".join(source).splitlines(keepends=True)
    return rows


def _copy(dsn: str, rows: dict[str, list[bytes]]) -> float:
    """Seconds to write them, 500 rows a transaction."""
    with psycopg.connect(dsn) as database:
        columns = [
            row[0]
            for row in database.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = 'event'::regclass AND attnum > 0"
                " AND NOT attisdropped ORDER BY attnum"
            )
        ]
        at = columns.index("occurred_at")
        months = {line.split(b"\t")[at][:7] for line in rows["event"]}
        started = time.perf_counter()
        for month in sorted(months):
            database.execute("SELECT rapport_make_month(%s::timestamptz)", [month.decode() + "-02"])
        database.commit()
        for table, lines in rows.items():
            for start in range(0, len(lines), REFERENCE_ROWS):
                with database.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as target:
                    target.write(b"".join(lines[start : start + REFERENCE_ROWS]))
                database.commit()
        return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`manage.py bench permissions`: what it costs to post permissions in batches, whoever they are of.

5,000 permissions in batches of 1,000 through `POST /api/consents/`: of people whom nobody knows,
and again of the same people; each against one SQL statement that copies as many rows of the ledger
(`consent_entry` with its indexes). Claims: at most so many times that, and so many statements of
SQL for a batch. Everything is rolled back.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.api.world import client, new_key
from tests.scale.data import bench_database

RATIO = {"new people": 60.0, "known people": 40.0}
STATEMENTS = 60  # of a batch, whatever its size
BATCH = 1_000
SIZE = (1_000, 1_000)  # of the database that it needs for its tables alone
COPY = """
INSERT INTO copied SELECT g.n, e.* FROM generate_series(1, %s) AS g(n),
    LATERAL (SELECT * FROM consent_entry ORDER BY id DESC LIMIT 1) e
"""


def main(argv: Sequence[str] = ()) -> int:
    """Print the times and ratios; 1 where one is above its claim."""
    parser = argparse.ArgumentParser(prog="bench permissions")
    parser.add_argument("--permissions", type=int, default=5_000)
    options = parser.parse_args(list(argv))
    with (
        bench_database(*SIZE, quiet=True),
        override_settings(ALLOWED_HOSTS=["*"]),
        transaction.atomic(),
    ):
        failed = _measured(options.permissions)
        transaction.set_rollback(True)
    return int(failed)


def _measured(count: int) -> bool:
    api, failed = client(new_key("all")), False
    found = {
        name: (_seconds(lambda: _posted(api, count)), _statements(lambda: _posted(api, BATCH)))
        for name in RATIO
    }
    stored = _stored(count)
    print(f"{count:,} rows like those of the ledger, copied in one statement: {stored:.2f} s")
    for name, (seconds, statements) in found.items():
        ratio = seconds / stored
        failed = failed or ratio > RATIO[name] or statements > STATEMENTS
        print(
            f"  {name:<13} {seconds:6.2f} s  {count / seconds:7,.0f} a second  {ratio:5.1f} times"
            f"  {statements} statements a batch"
        )
    print(f"claims: at most {RATIO} times, {STATEMENTS} statements a batch")
    return failed


def _posted(api: Any, count: int) -> None:
    for start in range(0, count, BATCH):
        body = [
            {
                "person": f"email:person{number}@bench.example",
                "purpose": "marketing",
                "channel": "email",
                "status": "granted",
                "basis": "consent",
                "evidence": {"act": "form"},
            }
            for number in range(start, min(start + BATCH, count))
        ]
        answer = api.post("/api/consents/", body, format="json")
        if answer.status_code != 201:  # noqa: PLR2004 - the status of what was made
            raise RuntimeError(answer.content.decode()[:500])


def _statements(act: Callable[[], None]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def _stored(count: int) -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied AS SELECT 0 AS n, e.* FROM consent_entry e LIMIT 0"
        )
        cursor.execute("CREATE INDEX ON copied (profile_id, id)")
        cursor.execute("CREATE INDEX ON copied (id)")
        return _seconds(lambda: cursor.execute(COPY, [count]))


def _seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began

"""`manage.py bench permissions`: what it costs to post permissions in batches, whoever they are of.

5,000 permissions in batches of 1,000 through `POST /api/consents/`: of people whom nobody knows,
and again of the same people; each against as many posted one by one, of which a few are measured.
Claims: a permission of a batch costs at most so much of one by itself, and a batch so many
statements of SQL. Everything is rolled back.
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

SHARE = 0.25
STATEMENTS = 60  # of a batch, whatever its size
BATCH, ALONE = 1_000, 100
SIZE = (1_000, 1_000)  # of the database that it needs for its tables alone
NAMES = ("new people", "known people")


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
    _posted(api, range(1), 1)  # what a process reads once
    for name in NAMES:
        alone = _seconds(lambda: _posted(api, range(count, count + ALONE), 1)) / ALONE
        each = _seconds(lambda: _posted(api, range(count), BATCH)) / count
        with CaptureQueriesContext(connection) as queries:
            start = 2 * count if name == NAMES[0] else 0
            _posted(api, range(start, start + BATCH), BATCH)
        failed = failed or each / alone > SHARE or len(queries) > STATEMENTS
        print(
            f"{name:<13} {1000 * each:6.2f} ms each, {1000 * alone:6.2f} ms alone"
            f"  {each / alone:.3f}  {len(queries)} statements a batch of {BATCH:,}"
        )
    print(f"claims: at most {SHARE} of one by itself, {STATEMENTS} statements")
    return failed


def _posted(api: Any, numbers: range, size: int) -> None:
    for start in range(0, len(numbers), size):
        body = [
            {
                "person": f"email:person{number}@bench.example",
                "purpose": "marketing",
                "channel": "email",
                "status": "granted",
                "basis": "consent",
                "evidence": {"act": "form"},
            }
            for number in numbers[start : start + size]
        ]
        answer = api.post("/api/consents/", body, format="json")
        if answer.status_code != 201:  # noqa: PLR2004 - the status of what was made
            raise RuntimeError(answer.content.decode()[:500])


def _seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began

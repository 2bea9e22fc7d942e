# ruff: noqa: PLC0415 - apps are imported once their database is there
"""`manage.py bench live`: one person changed, against 10, 40 and 200 segments.

Each segment asks for a trait, an event in a window and a property of an event. Printed: statements
and milliseconds of bringing all segments up to date, and beside them the bare work: a hand-written
query a segment for that person. Claims: with 200 segments as many statements as with 10, and at
most five times as long as the bare queries, which write nothing.

Runs in a database of its own, made and dropped here.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from statistics import median
from typing import Any

from django.db import connection
from django.utils import timezone

from tests.scale import bench_fanout as fanout
from tests.scale.databases import drop_as_owner

CLAIM = 5.0
RUNS = 9
SIZES = (10, 40, 200)
BARE = """
SELECT p.id FROM profile p
WHERE p.id = %(id)s AND p.state <> 'erased' AND (p.traits ->> 'plan') = %(plan)s
  AND EXISTS (SELECT 1 FROM event e WHERE e.profile_id = %(id)s AND e.name = %(event)s
              AND e.occurred_at > %(since)s)
  AND NOT EXISTS (SELECT 1 FROM event e WHERE e.profile_id = %(id)s AND e.name = %(event)s
                  AND (e.properties ->> 'colour') = %(plan)s)
"""


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures; 1 where a claim is missed."""
    parser = argparse.ArgumentParser(prog="bench live")
    parser.add_argument("--people", type=int, default=20_000)
    options = parser.parse_args(argv)
    connection.settings_dict.setdefault("TEST", {})["NAME"] = fanout.DATABASE
    name = connection.settings_dict["NAME"]
    drop_as_owner(fanout.DATABASE)
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        return _measure(options.people)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        drop_as_owner(fanout.DATABASE)


def _measure(people: int) -> int:
    who = _people(people)
    statements, ratios = [], []
    for size in SIZES:
        _segments(size)
        found = _change(who)
        bare = median([_bare(who, size) for _run in range(RUNS)])
        count, spent = found[0], median(found[1])
        statements.append(count)
        ratios.append(spent / bare)
        fanout._say(
            f"{size:>4} segments: {count} statements, {spent:.1f} ms a changed person;"
            f" {size} bare queries {bare:.1f} ms; ratio {ratios[-1]:.2f} (at most {CLAIM})"
        )
    return int(len(set(statements)) > 1 or max(ratios) > CLAIM)


def _people(count: int) -> int:
    from profiles.models import Profile

    now = timezone.now()
    rows = [
        Profile(
            bucket=number % 10_000,
            state="active",
            first_seen=now,
            last_seen=now,
            traits={"plan": "free", "score": number % 100},
        )
        for number in range(count)
    ]
    Profile.objects.bulk_create(rows, batch_size=5_000)
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Profile.objects.order_by("pk").values_list("pk", flat=True)[count // 2]


def _rule(number: int) -> dict[str, Any]:
    event = {"kind": "event", "name": f"Event {number}"}
    colour = {"property": "colour", "op": "eq", "value": f"plan {number}"}
    return {
        "match": "all",
        "conditions": [
            {"kind": "trait", "field": "plan", "op": "eq", "value": f"plan {number}"},
            event | {"window": {"last": {"days": 30}}},
            {"match": "none", "conditions": [event | {"where": [colour]}]},
        ],
    }


def _segments(size: int) -> None:
    from segments import services
    from segments.members.stored import refresh
    from segments.models import Segment

    for number in range(Segment.objects.count(), size):
        segment = services.create_segment(slug=f"s{number}", name=f"S {number}", rule=_rule(number))
        refresh(segment.pk)


def _change(who: int) -> tuple[int, list[float]]:
    """How many statements, and the milliseconds of each run; the first warms."""
    from profiles.changes import announce
    from segments.members.live import process_changes

    counts, spent = [], []
    for _run in range(RUNS + 1):
        announce([who], ["trait:plan"])
        with _counted() as asked:
            began = time.perf_counter()
            process_changes()
            spent.append((time.perf_counter() - began) * 1000)
        counts.append(len(asked))
    return counts[-1], spent[1:]


@contextmanager
def _counted() -> Iterator[list[str]]:
    asked: list[str] = []

    def note(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(statement)
        return execute(statement, params, many, context)

    with connection.execute_wrapper(note):
        yield asked


def _bare(who: int, size: int) -> float:
    since = timezone.now() - timedelta(days=30)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for number in range(size):
            values = {"id": who, "plan": f"plan {number}", "event": f"Event {number}"}
            cursor.execute(BARE, values | {"since": since})
            cursor.fetchall()
    return (time.perf_counter() - began) * 1000

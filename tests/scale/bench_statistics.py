# ruff: noqa: PLC0415 - apps are imported once their database is there
"""`manage.py bench statistics`: a campaign to people who were just loaded, before autovacuum came.

Fan-out of N people on tables that were never analysed: as shipped (it analyses what grew), against
the same once everything is analysed. Claim: at most 2.5 times as long, the analysing included; and
as much where nothing can be analysed, since others hold the tables (cut off after half a minute).

Runs in a database of its own, made and dropped here, with autovacuum off for what it fills.
"""

import argparse
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from django.db import OperationalError, connection

from tests.scale import bench_fanout as fanout
from tests.scale.databases import drop_as_owner

CLAIM = 2.5
CUT_OFF_SECONDS = 30
LOADED = ("profile", "identifier", "consent_entry", "consent_state", "suppression", "membership")


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures; 1 where the ratio is above its claim."""
    parser = argparse.ArgumentParser(prog="bench statistics")
    parser.add_argument("--people", type=int, default=5_000)
    options = parser.parse_args(argv)
    connection.settings_dict.setdefault("TEST", {})["NAME"] = fanout.DATABASE
    name = connection.settings_dict["NAME"]
    drop_as_owner(fanout.DATABASE)
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        bare, shipped, analysed = _times(options.people)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        drop_as_owner(fanout.DATABASE)
    ratio = max(shipped, bare or CUT_OFF_SECONDS) / analysed
    without = f"{bare:.2f} s" if bare is not None else f"more than {CUT_OFF_SECONDS} s"
    fanout._say(
        f"fan-out of {options.people:,} on fresh tables: {shipped:.2f} s; once all is analysed"
        f" {analysed:.2f} s; without analysing {without}; ratio {ratio:.2f} (at most {CLAIM})"
    )
    return int(ratio > CLAIM)


def _times(count: int) -> tuple[float | None, float, float]:
    segment = _people(count)
    bare: float | None = None
    with patch("campaigns.outbox.fanout.refresh_statistics"):
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{CUT_OFF_SECONDS}s'")
        with suppress(OperationalError):
            bare = _time(segment, "bare")
        connection.close()
    shipped = _time(segment, "shipped")
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return bare, shipped, _time(segment, "analysed")


def _time(segment: Any, slug: str) -> float:
    fanout._empty(*fanout.WRITTEN)
    return fanout._fan_out(fanout._campaign(segment, slug), segment)


def _people(count: int) -> Any:
    from segments.models import Segment

    segment = Segment.objects.create(slug="all", name="All", kind="static", status="fresh")
    values = {"n": count, "marketing": fanout._marketing().pk, "segment": segment.pk}
    *loading, _analyse = fanout.PEOPLE.split(";\n")
    with connection.owner(), connection.cursor() as cursor:
        for table in (*LOADED, *fanout.WRITTEN):
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for statement in loading:
            cursor.execute(statement, values)
    fanout._say(f"{count:,} people loaded in {time.perf_counter() - began:.1f} s")
    return segment

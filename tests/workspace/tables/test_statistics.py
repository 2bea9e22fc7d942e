"""Bulk work tells the planner of what it filled; nobody waits for autovacuum."""

from typing import Any

import pytest
from django.db import connection

from campaigns.audience.portions import READ
from campaigns.models import Campaign, Message, MessageChunk
from campaigns.outbox import fanout
from campaigns.outbox.writing import statement_of
from config.postgres.sql import sql
from config.workspace.tables.statistics import (
    Sparing,
    joining_by_hash,
    plan_for_the_unknown,
    refresh_statistics,
)
from consent.models import Purpose
from tests.campaigns.builders import launched, make_segment
from tests.scale.bench_fanout import PEOPLE

pytestmark = pytest.mark.django_db
MANY = 3_000
LOAD = """
INSERT INTO profile (public_id, bucket, state, is_test, display_name, time_zone, locale, country,
                     lifecycle, first_seen, last_seen, traits)
SELECT gen_random_uuid(), n, 'active', false, 'Person ' || n, '', 'en', 'NL', 'lead', now(), now(),
       '{}'
FROM generate_series(1, %s) AS n RETURNING id
"""


def rows_known(table: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return cursor.fetchone()[0]


def load(count: int = MANY) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LOAD, [count])


def test_what_grew_is_analysed_once_and_nothing_else_is():
    load()
    assert refresh_statistics("profile", "pg_authid", "no_such_table") == ["profile"]
    assert refresh_statistics("profile") == []
    assert rows_known("profile") >= MANY
    load(10)
    assert refresh_statistics("profile") == [], "a few more are no other picture"


def test_a_stream_of_portions_rests_after_each_time():
    sparing = Sparing()
    load()
    assert sparing.refresh("profile") == ["profile"]
    load(2 * MANY)
    sparing.rests_until += 60
    assert sparing.refresh("profile") == []
    sparing.rests_until = 0
    assert sparing.refresh("profile") == ["profile"]


def test_a_join_by_hash_leaves_the_plan_as_it_was():
    with connection.cursor() as cursor:
        for before in ("off", "on"):
            cursor.execute("SELECT set_config('enable_nestloop', %s, true)", [before])
            with joining_by_hash():
                cursor.execute("SHOW enable_nestloop")
                assert cursor.fetchone() == ("off",)
            cursor.execute("SHOW enable_nestloop")
            assert cursor.fetchone() == (before,)


def test_each_partition_is_looked_at_by_itself():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rapport_make_month(now())")
        cursor.execute(
            "INSERT INTO event (profile_id, message_id, type, name, occurred_at, original_at,"
            " received_at, source_id, identifier_id, properties, context)"
            " SELECT n, 'm' || n, 'track', 'Seen', now(), now(), now(), 1, 1, '{}', '{}'"
            " FROM generate_series(1, %s) AS n",
            [MANY],
        )
        done = refresh_statistics("event")
    assert len(done) == 1
    assert done[0].startswith("event_20")


def test_fan_out_knows_how_many_they_are(monkeypatch):
    asked: list[tuple[str, ...]] = []

    def noted(*tables):
        asked.append(tables)
        return refresh_statistics(*tables)

    monkeypatch.setattr(fanout, "refresh_statistics", noted)
    load()
    segment = make_segment(slug="all")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO membership (segment_id, profile_id, entered_at)"
            " SELECT %s, id, now() FROM profile",
            [segment.pk],
        )
    launched(segment)
    assert Message.objects.count() >= MANY
    for table in ("membership", "profile", "message"):
        assert rows_known(table) >= MANY, table
    assert [tables for tables in asked if "message" in tables] == [("message",)], "at the end alone"


def loops_over_a_table(plan: dict[str, Any]) -> list[str]:
    """Tables that a nested loop reads anew for each person, not by what that person is."""
    found = []
    for place, part in enumerate(plan.get("Plans", [])):
        found += loops_over_a_table(part)
        if plan["Node Type"] == "Nested Loop" and place == 1 and "Join Filter" in plan:
            found += tables_of(part)
    return found


def tables_of(plan: dict[str, Any]) -> list[str]:
    own = [plan["Relation Name"]] if "Relation Name" in plan else []
    return own + [name for part in plan.get("Plans", []) for name in tables_of(part)]


def assert_each_queued_one_is_in_one_chunk():
    chunks = list(MessageChunk.objects.order_by("id"))
    queued = Message.objects.filter(state="queued").order_by("profile_id")
    pairs = [
        pair for chunk in chunks for pair in zip(chunk.profile_ids, chunk.message_ids, strict=True)
    ]
    assert pairs == list(queued.values_list("profile_id", "id"))
    sizes = [len(chunk.message_ids) for chunk in chunks]
    assert sizes[:-1] == [500] * (len(pairs) // 500)
    assert 0 < sizes[-1] < 500


def test_without_statistics_no_person_is_compared_with_every_other(monkeypatch):
    segment = make_segment(slug="all")
    values = {
        "n": MANY,
        "segment": segment.pk,
        "marketing": Purpose.objects.get(slug="marketing").pk,
    }
    *loading, _sequences, _analyse = PEOPLE.split(";\n")
    plans: list[dict[str, Any]] = []
    write = fanout.write

    def explained(cursor, sending, portion):
        statement = statement_of(sending, portion)
        sql("EXPLAIN (FORMAT JSON) {statement}", statement=statement).on(cursor)
        plans.append(cursor.fetchone()[0][0]["Plan"])
        return write(cursor, sending, portion)

    monkeypatch.setattr(fanout, "write", explained)
    monkeypatch.setattr(fanout, "refresh_statistics", lambda *tables: [])  # all are locked
    with connection.cursor() as cursor:
        for statement in loading:
            cursor.execute(statement, values)
    launched(segment)
    assert Message.objects.count() == MANY
    assert_each_queued_one_is_in_one_chunk()
    assert "consent_state" in tables_of(plans[0])
    assert [loops_over_a_table(plan) for plan in plans] == [[], []]

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = on")
        assert plan_for_the_unknown(cursor, *READ)
        cursor.execute("SET LOCAL enable_nestloop = on")
        refresh_statistics(*READ)
        assert not plan_for_the_unknown(cursor, *READ)
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone() == ("on",), "what is known is planned as ever"
    assert Campaign.objects.get().fanned_out_at

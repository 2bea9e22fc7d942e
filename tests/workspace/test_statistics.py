"""Bulk work tells the planner of what it filled; nobody waits for autovacuum."""

import pytest
from django.db import connection

from campaigns.models import Message
from config.workspace.statistics import refresh_statistics
from tests.campaigns.builders import launched, make_segment

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


def test_fan_out_knows_how_many_they_are():
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
    for table in ("membership", "profile"):
        assert rows_known(table) >= MANY, table

# ruff: noqa: E501 - the statements read better whole
"""A big made-up shop for the benchmarks: N people and M events in a database of its own.

`with bench_database(1_000_000, 20_000_000) as connection:` points Django's default connection at the
database `rapport_bench_<people>_<events>` of the same server, filling it first where that was not
done before. The data are always the same for the same sizes: AS_OF is their "now". They are written
by the server itself (INSERT ... SELECT over generate_series), month by month, indexes last.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.core.management import call_command
from django.db import connection

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
MONTHS = 12
DONE = "filled"
# name, share of the events, has a category, has a revenue
EVENTS = [
    ("Page Viewed", 0.45, False, False),
    ("Product Viewed", 0.25, True, False),
    ("Cart Added", 0.10, True, False),
    ("Email Opened", 0.08, False, False),
    ("Checkout Started", 0.06, False, False),
    ("Order Completed", 0.05, True, True),
    ("App Installed", 0.01, False, False),
]
CATEGORIES = "shoes,hats,tents,boots,bags,jackets,socks,stoves,maps,ropes,skis,bikes"

PEOPLE = """
INSERT INTO profile (public_id, bucket, state, is_test, display_name, time_zone, locale, country,
                     lifecycle, first_seen, last_seen, traits)
SELECT md5('p' || n)::uuid, n %% 10000, 'active', false, 'Person ' || n, 'UTC', 'en', country, 'lead',
       %(as_of)s::timestamptz - make_interval(hours => ((n * 7919) %% 8760)::int),
       %(as_of)s::timestamptz - make_interval(hours => ((n * 31) %% 720)::int),
       jsonb_strip_nulls(jsonb_build_object(
           'email', 'person' || n || '@example.com', 'country', country,
           'plan', (ARRAY['free','free','free','free','free','free','free','pro','pro','team'])[1 + n * 13 %% 10],
           'ltv', CASE WHEN n %% 5 < 3 THEN round(((n * 104729) %% 100000)::numeric / 250, 2) END,
           'age', 18 + (n * 37) %% 60))
FROM (SELECT n, (ARRAY['ID','SG','MY','DE','NL','US','GB','FR','TH','VN','PH','JP','IN','AU','BR','IT',
                       'ES','PL','SE','NO'])[1 + ((n * 2654435761) %% 4294967296 %% 20)::int] AS country
      FROM generate_series(1::bigint, %(people)s) AS n) x
"""
IDENTIFIERS = """
INSERT INTO identifier (kind, value, raw_value, digest, profile_id, verified_at, first_source_id,
                        first_seen, last_seen, deliverability)
SELECT 'email', traits->>'email', '', decode(md5(traits->>'email'), 'hex'), id, first_seen, 1,
       first_seen, last_seen, '' FROM profile;
INSERT INTO identifier_key (id, kind, value, profile_id)
SELECT id, kind, value, profile_id FROM identifier ORDER BY value COLLATE "C", kind COLLATE "C"
"""
CONSENTS = """
WITH entries AS (
    INSERT INTO consent_entry (profile_id, contact_point, purpose_id, channel, status, basis, outcome,
                               actor, at, recorded_at, evidence)
    SELECT p.id, p.traits->>'email', u.id, 'email', CASE WHEN p.id %% 10 < 7 THEN 'granted' ELSE 'withdrawn' END,
           'consent', 'recorded', 'system', p.first_seen, p.first_seen, '{}'
    FROM profile p, purpose u WHERE u.slug = 'marketing' AND p.id %% 10 < 8
    RETURNING profile_id, id, contact_point, purpose_id, channel, status, basis, at)
INSERT INTO consent_state (profile_id, contact_point, purpose_id, channel, topic_key, status, basis, at, entry_id)
SELECT profile_id, contact_point, purpose_id, channel, 0, status, basis, at, id FROM entries
"""
MONTH_OF_EVENTS = """
INSERT INTO event (profile_id, message_id, type, name, occurred_at, received_at, source_id,
                   identifier_id, value, k1, properties, context)
SELECT profile_id, 'm' || %(month)s || '-' || n, 'track', name, at, at, 1, profile_id, revenue, category,
       jsonb_strip_nulls(jsonb_build_object('category', category, 'revenue', revenue)), '{}'
FROM (SELECT n, 1 + floor(power(random(), 1.5) * %(people)s)::bigint AS profile_id, name,
             %(first)s::timestamptz + random() * (%(last)s::timestamptz - %(first)s::timestamptz) AS at,
             CASE WHEN has_category THEN (string_to_array(%(categories)s, ','))[1 + floor(random() * 12)::int] END
                 AS category,
             CASE WHEN has_revenue THEN round((5 + random() * 195)::numeric, 2)::float8 END AS revenue
      FROM unnest(%(names)s::text[], %(counts)s::bigint[], %(cats)s::boolean[], %(revs)s::boolean[])
           AS e(name, count, has_category, has_revenue), generate_series(1, e.count) AS n) x
ORDER BY profile_id, at
"""
INDEXES = [
    "CREATE INDEX event_by_name ON event (name, occurred_at) INCLUDE (profile_id, value)",
    "CREATE INDEX event_by_k1 ON event (name, k1, occurred_at) INCLUDE (profile_id, value) "
    "WHERE k1 IS NOT NULL",
]


@contextmanager
def bench_database(people: int, events: int, *, quiet: bool = False) -> Iterator[Any]:
    """The default connection, pointed at the filled database for as long as the block runs."""
    name = f"rapport_bench_{people}_{events}"
    before = connection.settings_dict["NAME"]
    say = (lambda text: None) if quiet else lambda text: print(text, flush=True)
    _create(name)
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        if not _is_filled():
            _fill(people, events, say)
        yield connection
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _create(name: str) -> None:
    with connection.owner(), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(f"CREATE DATABASE \"{name}\" ENCODING 'UTF8'")


def _is_filled() -> bool:
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description((SELECT oid FROM pg_database "
            "WHERE datname = current_database()), 'pg_database')"
        )
        return cursor.fetchone()[0] == DONE


def _fill(people: int, events: int, say: Any) -> None:
    started = time.monotonic()
    call_command("migrate", verbosity=0, interactive=False)
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute(
            "SET synchronous_commit = off; SET work_mem = '256MB'; "
            "SET maintenance_work_mem = '512MB'; SET jit = off"
        )
        cursor.execute(
            "TRUNCATE event, event_item, profile, identifier, membership, segment_size, "
            "segment_version, segment, consent_entry, consent_state, profile_trait CASCADE"
        )
        cursor.execute(
            "INSERT INTO source (id, name, kind, trust, write_key_hint, public_write_key, "
            "is_internal, enabled, created_at) OVERRIDING SYSTEM VALUE "
            "VALUES (1, 'bench', 'server', 50, '', '', false, true, now()) ON CONFLICT DO NOTHING"
        )
        cursor.execute("SELECT setval(pg_get_serial_sequence('profile', 'id'), 1, false)")
        cursor.execute(PEOPLE, {"people": people, "as_of": AS_OF})
        say(f"{people:,} people after {time.monotonic() - started:.0f} s")
        cursor.execute(IDENTIFIERS)
        cursor.execute(CONSENTS.replace("%%", "%"))
        say(f"identifiers and permissions after {time.monotonic() - started:.0f} s")
        cursor.execute("DROP INDEX IF EXISTS event_by_name, event_by_k1")
        for month in range(MONTHS):
            _fill_month(cursor, month, people, events // MONTHS)
            say(
                f"{(month + 1) * events // MONTHS:,} events after {time.monotonic() - started:.0f} s"
            )
        for index in INDEXES:
            cursor.execute(index)
        cursor.execute(
            "INSERT INTO segment (id, slug, name, kind, description, rule, version, depends_on, "
            "is_timed, count, status, error, failures, counted_in, revision, created_at, updated_at)"
            " OVERRIDING SYSTEM VALUE VALUES (1, 'left-out', 'Left out', 'static', '', '{}', 1, "
            "'{}', false, 0, 'fresh', '', 0, '', 1, now(), now())"
        )
        for table in ("segment", "source"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1000)")
        cursor.execute(
            "INSERT INTO membership (segment_id, profile_id, entered_at) "
            "SELECT 1, id, %s FROM profile WHERE id %% 20 = 0",
            [AS_OF],
        )
        say(f"indexes after {time.monotonic() - started:.0f} s; now VACUUM ANALYZE")
        cursor.execute("VACUUM (ANALYZE) event, profile, membership, identifier, consent_state")
        cursor.execute("SELECT current_database()")
        cursor.execute(f"COMMENT ON DATABASE \"{cursor.fetchone()[0]}\" IS '{DONE}'")
    say(f"filled after {time.monotonic() - started:.0f} s")


def _fill_month(cursor: Any, month: int, people: int, events: int) -> None:
    """One of the twelve months that end at AS_OF (exclusive)."""
    index = AS_OF.year * 12 + AS_OF.month - 1 - MONTHS + month
    first = datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)
    last = datetime((index + 1) // 12, (index + 1) % 12 + 1, 1, tzinfo=UTC)
    cursor.execute("SELECT rapport_make_month(%s)", [first])
    cursor.execute("SELECT setseed(%s)", [month / MONTHS])
    names, shares, cats, revs = zip(*EVENTS, strict=True)
    cursor.execute(
        MONTH_OF_EVENTS,
        {
            "month": month,
            "people": people,
            "first": first,
            "last": last,
            "categories": CATEGORIES,
            "names": list(names),
            "counts": [int(events * share) for share in shares],
            "cats": list(cats),
            "revs": list(revs),
        },
    )

# ruff: noqa: E501, PLC0415 - SQL by columns; apps are imported once their database is there
"""`manage.py bench fanout`: an audience through the gate into messages, and the price of a mail.

1. Fan-out of N people (consent, suppression, counters, ranges, cursor) against the bare
   INSERT ... SELECT of the same rows with the same joins, one statement without any question asked.
   Claim: at most 1.5 times as long. Beside it the CPU of the whole (this process and its backend)
   against a floor: the same people judged by the same gate, written into a table of seven columns
   with one index and no keys. Claim: at most 3 times as much a person.
2. CPU seconds of our worker for each mail (lease, check again, render, hand over, settle) against a
   loop that renders and sends the same bodies to the same local server. Claim: at most 2.
3. The same mails, worker and backend together, at 100,000 suppressed addresses against 250. Claim: no
   dearer but for noise, at most 1.1.

Runs in a database of its own (`bench_fanout`), made and dropped here; alternate runs, median.
"""

import argparse
import os
import smtplib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import override_settings
from django.utils import timezone

from tests.scale.databases import drop_as_owner

CLAIM_ROWS, CLAIM_FLOOR, CLAIM_CPU = 1.5, 3.0, 2.0
CLAIM_SUPPRESSED, FEW, MANY = 1.1, 250, 100_000
DATABASE = "bench_fanout"

PEOPLE = """
INSERT INTO profile (id, public_id, bucket, state, is_test, display_name, time_zone, locale, country,
                     lifecycle, first_seen, last_seen, traits)
SELECT n, md5('p' || n)::uuid, (n * 7919) %% 10000, 'active', false, 'Person ' || n, '', 'en', 'NL',
       'lead', now(), now(), jsonb_build_object('first_name', 'Person' || n, 'plan', 'pro', 'city', 'Utrecht')
FROM generate_series(1::bigint, %(n)s) AS n;
INSERT INTO identifier (kind, value, raw_value, digest, profile_id, verified_at, first_source_id,
                        first_seen, last_seen, deliverability)
SELECT 'email', 'person' || n || '@example.com', '', decode(md5('e' || n), 'hex'), n, now(), 1,
       now(), now(), ''
FROM generate_series(1::bigint, %(n)s) AS n;
INSERT INTO identifier (kind, value, raw_value, profile_id, first_source_id, first_seen, last_seen,
                        deliverability)
SELECT 'rapport_id', md5('p' || n)::uuid::text, '', n, 1, now(), now(), ''
FROM generate_series(1::bigint, %(n)s) AS n;
INSERT INTO identifier_key (id, kind, value, profile_id)
SELECT id, kind, value, profile_id FROM identifier ORDER BY value COLLATE "C", kind COLLATE "C";
INSERT INTO consent_entry (id, profile_id, contact_point, purpose_id, channel, status, basis, outcome,
                           actor, at, recorded_at, evidence)
SELECT n, n, 'person' || n || '@example.com', %(marketing)s, 'email', 'granted', 'consent', 'recorded',
       'person', now(), now(), '{}'
FROM generate_series(1::bigint, %(n)s) AS n;
INSERT INTO consent_state (profile_id, contact_point, purpose_id, channel, topic_key, status, basis,
                           at, entry_id)
SELECT n, 'person' || n || '@example.com', %(marketing)s, 'email', 0,
       CASE WHEN n %% 20 = 0 THEN 'withdrawn' ELSE 'granted' END, 'consent', now(), n
FROM generate_series(1::bigint, %(n)s) AS n;
INSERT INTO suppression (kind, digest, hint, level, reason, detail, created_at)
SELECT 'email', decode(md5('e' || n), 'hex'), '', 'all', 'hard_bounce', '', now()
FROM generate_series(1::bigint, %(n)s, 100) AS n;
INSERT INTO membership (segment_id, profile_id, entered_at)
SELECT %(segment)s, n, now() FROM generate_series(1::bigint, %(n)s) AS n;
SELECT setval('profile_id_seq', %(n)s + 1), setval('consent_entry_id_seq', %(n)s + 1);
VACUUM ANALYZE profile, identifier, consent_entry, consent_state, suppression, membership
"""

# the same rows and joins; nothing is asked, excluded and queued are told apart by the joins alone
LINES = """
WITH lines AS MATERIALIZED (
    SELECT m.profile_id, p.bucket, i.value AS address,
           CASE WHEN x.digest IS NOT NULL THEN 'suppressed'
                WHEN s.status IS DISTINCT FROM 'granted' THEN 'no_permission' ELSE '' END AS reason,
           s.entry_id
    FROM membership m JOIN profile p ON p.id = m.profile_id
    LEFT JOIN identifier i ON i.profile_id = m.profile_id AND i.kind = 'email'
    LEFT JOIN consent_state s ON s.profile_id = m.profile_id AND s.purpose_id = %(purpose)s
         AND s.channel = 'email' AND s.contact_point = i.value AND s.topic_key = 0
    LEFT JOIN suppression x ON x.digest = i.digest
    WHERE m.segment_id = %(segment)s AND m.left_at IS NULL
)
"""
BARE = f"""{LINES}
, written AS (
    INSERT INTO message (public_id, profile_id, enrolment_id, campaign_id, step, visit, lane,
        is_marketing, is_test, purpose_id, channel, address, state, reason, queued_at, due_at,
        expires_at, attempts, content_version_id, locale, variant, consent_entry_id,
        idempotency_key, provider_ref, data)
    SELECT gen_random_uuid(), profile_id, NULL, %(campaign)s,
           'mail', 1, 9, true, false, %(purpose)s, 'email', address,
           CASE WHEN reason = '' THEN 'queued' ELSE 'excluded' END, reason, now(), now(),
           now() + interval '3 days', 0, %(content)s, '', '',
           CASE WHEN reason = '' THEN entry_id END, '', '', '{{}}' FROM lines
    RETURNING profile_id, id, state
), counted AS (
    INSERT INTO contact_count (profile_id, channel, day, n)
    SELECT profile_id, 'email', current_date, 1 FROM written WHERE state = 'queued'
), chunks AS (
    INSERT INTO message_chunk (campaign_id, lane, channel, profile_ids, message_ids, due_at, attempts,
                               created_at)
    SELECT %(campaign)s, 9, 'email', array_agg(profile_id), array_agg(id), now(), 0, now()
    FROM (SELECT profile_id, id, row_number() OVER (ORDER BY profile_id) / 500 AS part
          FROM written WHERE state = 'queued') w GROUP BY part
)
SELECT count(*) FROM written
"""  # noqa: S608 - pieces of ours, values are bound
# what no way of writing an audience down can do without
FLOOR_TABLE = """
CREATE TABLE fanout_floor (
    id bigint GENERATED BY DEFAULT AS IDENTITY, profile_id bigint NOT NULL, campaign_id bigint,
    step text NOT NULL, state text NOT NULL, address text NOT NULL, entry_id bigint);
CREATE INDEX fanout_floor_by_campaign ON fanout_floor (campaign_id, state)
"""
FLOOR = """
WITH people AS MATERIALIZED ({people}), judged AS MATERIALIZED ({judged})
INSERT INTO fanout_floor (profile_id, campaign_id, step, state, address, entry_id)
SELECT profile_id, {campaign}, 'mail', CASE WHEN reason = '' THEN 'queued' ELSE 'excluded' END,
       coalesce(address, ''), CASE WHEN reason = '' THEN entry_id END FROM judged
"""
SINK = """
import asyncio, sys
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler()), "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
BODY = (
    "<html><body><h1>Hello {{ first_name | default: 'you' }}</h1>"
    + "".join(
        f'<p>Tent {n}: light and dry. <a href="https://shop.example/tents/{n}">See it</a></p>'
        for n in range(12)
    )
    + "<p>{{ postal_address }} <a href='{{ unsubscribe_url }}'>Unsubscribe</a></p></body></html>"
)


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures; 1 where a ratio is above its claim."""
    parser = argparse.ArgumentParser(prog="bench fanout")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--mails", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(argv)
    connection.settings_dict.setdefault("TEST", {})["NAME"] = DATABASE
    name = connection.settings_dict["NAME"]
    drop_as_owner(DATABASE)
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        segment = _people(options.people)
        rows, floor = _rows(segment, options.people, options.runs)
        some = _some(options.mails)
        with _sink() as port:
            cpu = _mails(some, port, options.mails, options.runs)
            many = _suppressed(some, options.mails, options.runs)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        drop_as_owner(DATABASE)
    return int(
        rows > CLAIM_ROWS or floor > CLAIM_FLOOR or cpu > CLAIM_CPU or many > CLAIM_SUPPRESSED
    )


def _people(count: int) -> Any:
    from segments.models import Segment

    segment = Segment.objects.create(slug="all", name="All", kind="static", status="fresh")
    began = time.perf_counter()
    values = {"n": count, "marketing": _marketing().pk, "segment": segment.pk}
    *loading, analyse = PEOPLE.split(";\n")
    with connection.cursor() as cursor:
        for statement in loading:
            cursor.execute(statement, values)
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute(analyse)
    _say(f"{count:,} people loaded in {time.perf_counter() - began:.1f} s")
    return segment


def _marketing() -> Any:
    from consent.models import Purpose

    return Purpose.objects.get(slug="marketing")


def _campaign(segment: Any, slug: str) -> Any:
    from campaigns.services.launching import launch

    return launch(_draft(segment, slug))


def _draft(segment: Any, slug: str) -> Any:
    from campaigns.models import Sender
    from campaigns.services.drafts import create_campaign

    Sender.objects.get_or_create(
        address="news@shop.example",
        defaults={"name": "Shop", "postal_address": "Oudegracht 1", "is_default": True},
    )
    step = {
        "id": "mail",
        "kind": "message",
        "channel": "email",
        "content": {"subject": "Tents, {{ first_name }}", "html": BODY},
    }
    entry = {"kind": "segment", "segment": segment.slug}
    return create_campaign({"slug": slug, "name": slug, "entry": entry, "steps": [step]})


def _empty(*tables: str) -> None:
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}")


WRITTEN = ("message_chunk", "message_reference", "contact_count", "enrolment", "message")


def _rows(segment: Any, count: int, runs: int) -> tuple[float, float]:
    """Seconds of ours over the bare statement's; CPU of ours over the floor's."""
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute(FLOOR_TABLE)
        cursor.execute("GRANT ALL ON fanout_floor TO PUBLIC")
    turns = {"ours": _fan_out, "bare": _bare, "floor": _floor}
    walls: dict[str, list[float]] = {name: [] for name in turns}
    cpus: dict[str, list[float]] = {name: [] for name in turns}
    for run in range(runs):
        for name in turns if run % 2 == 0 else reversed(turns):
            _empty(*WRITTEN, "fanout_floor")
            campaign = _campaign(segment, f"{name}-{run}")
            cpu, wall = _cpu(), time.perf_counter()
            turns[name](campaign, segment)
            walls[name].append(time.perf_counter() - wall)
            cpus[name].append(_cpu() - cpu)
    seconds = {name: statistics.median(found) for name, found in walls.items()}
    each = {name: 1e6 * statistics.median(found) / count for name, found in cpus.items()}
    ratio, floor = seconds["ours"] / seconds["bare"], each["ours"] / each["floor"]
    _say(
        f"fan-out of {count:,}: {seconds['ours']:.1f} s; bare INSERT ... SELECT "
        f"{seconds['bare']:.1f} s; ratio {ratio:.2f} (at most {CLAIM_ROWS})"
    )
    _say(
        f"CPU a person: {each['ours']:.1f} µs, floor table {each['floor']:.1f} µs; ratio "
        f"{floor:.2f} (at most {CLAIM_FLOOR}); the bare statement {each['bare']:.1f} µs"
    )
    return ratio, floor


def _cpu() -> float:
    """CPU seconds of this process and of its backend."""
    return time.process_time() + _backend()


def _backend() -> float:
    """CPU seconds of the backend of this connection, which is on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _fan_out(campaign: Any, segment: Any) -> None:
    from campaigns.outbox.fanout import fan_out

    while fan_out(campaign.pk):
        pass


def _bare(campaign: Any, segment: Any) -> None:
    _alone(BARE, campaign, segment)


def _floor(campaign: Any, segment: Any) -> None:
    """The same portions, judged by the same gate; only the writing is another."""
    from django.db import transaction

    from campaigns.audience.portions import next_portion, plan_for_many
    from campaigns.gate.terms import terms_of
    from campaigns.plan import plan_of
    from config.postgres.sql import sql

    after: int | None = 0
    while after is not None:
        with transaction.atomic(), connection.cursor() as cursor:
            plan_for_many(cursor)
            portion = next_portion(cursor, terms_of(plan_of(campaign), now=timezone.now()), after)
            sql(FLOOR, people=portion.people, judged=portion.judged, campaign=campaign.pk).on(
                cursor
            )
            after = portion.end


def _alone(statement: str, campaign: Any, segment: Any) -> None:
    values = {
        "purpose": _marketing().pk,
        "segment": segment.pk,
        "campaign": campaign.pk,
        "content": campaign.current.contents.get().pk,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '64MB'")
        cursor.execute(statement, values)
        cursor.execute("RESET work_mem")


def _some(count: int) -> Any:
    """A segment of so many who may get it."""
    from segments.models import Segment

    segment = Segment.objects.create(slug="some", name="Some", kind="static", status="fresh")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO membership (segment_id, profile_id, entered_at)"
            " SELECT %s, profile_id, now() FROM consent_state WHERE status = 'granted'"
            " AND profile_id %% 100 <> 1 ORDER BY profile_id LIMIT %s",
            [segment.pk, count],
        )
    return segment


@contextmanager
def _sink() -> Iterator[int]:
    """A mail server that takes everything, on this port."""
    port = _free_port()
    sink = subprocess.Popen(
        [sys.executable, "-c", SINK, str(port)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert sink.stdout is not None and sink.stdout.readline().strip() == "ready"
        with override_settings(EMAIL_URL=f"smtp://127.0.0.1:{port}"):
            yield port
    finally:
        sink.kill()
        sink.wait()


def _mails(segment: Any, port: int, count: int, runs: int) -> float:
    """CPU seconds of this process and of its children that write mails, not of any server."""
    ours, bare, walls = [], [], []
    for run in range(runs):
        letters = _queue(segment, f"mails-{run}", count)
        bare.append(_measured(lambda letters=letters: _loop(letters, port))[0])
        cpu, wall = _measured(_deliver)
        ours.append(cpu)
        walls.append(wall)
    ratio = statistics.median(ours) / statistics.median(bare)
    each = 1e3 * statistics.median(ours) / count
    _say(
        f"{count:,} mails: {each:.2f} ms CPU each of our worker, {count / statistics.median(walls):.0f}"
        f" a second; bare loop {1e3 * statistics.median(bare) / count:.2f} ms; ratio {ratio:.2f}"
        f" (at most {CLAIM_CPU})"
    )
    return ratio


def _queue(segment: Any, slug: str, count: int) -> list[Any]:
    _empty(*WRITTEN)
    _fan_out(_campaign(segment, slug), segment)
    return _letters(count)


def _suppressed(segment: Any, count: int, runs: int) -> float:
    """CPU of worker, children and backend for each mail, by how many addresses are suppressed."""
    found: dict[int, list[float]] = {FEW: [], MANY: []}
    for run in range(runs):
        for suppressed in found if run % 2 == 0 else reversed(found):
            _suppress(suppressed)
            _queue(segment, f"suppressed-{suppressed}-{run}", count)
            before = _computed() + _backend()
            _deliver()
            found[suppressed].append(_computed() + _backend() - before)
    few, many = (1e3 * statistics.median(found[n]) / count for n in (FEW, MANY))
    _say(
        f"{count:,} mails, worker and backend: {few:.2f} ms CPU each at {FEW} suppressed addresses, "
        f"{many:.2f} ms at {MANY:,}; ratio {many / few:.2f} (at most {CLAIM_SUPPRESSED})"
    )
    return many / few


def _suppress(count: int) -> None:
    """So many addresses of nobody."""
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE suppression")
        cursor.execute(
            "INSERT INTO suppression (kind, digest, hint, level, reason, detail, created_at)"
            " SELECT 'email', decode(md5('nobody' || n), 'hex'), '', 'all', 'hard_bounce', '', now()"
            " FROM generate_series(1, %s) AS n",
            [count],
        )
        cursor.execute("ANALYZE suppression")


def _measured(work: Callable[[], None]) -> tuple[float, float]:
    cpu, wall = _computed(), time.perf_counter()
    work()
    return _computed() - cpu, time.perf_counter() - wall


def _computed() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _letters(count: int) -> list[Any]:
    from campaigns.delivery.letters import read_letters
    from campaigns.models import MessageChunk

    letters = [
        letter
        for chunk in MessageChunk.objects.order_by("id")
        for letter in read_letters(chunk, timezone.now())
    ]
    assert len(letters) == count, f"{len(letters)} mails instead of {count}"
    return letters


def _loop(letters: list[Any], port: int) -> None:
    """Render and send in this very process, nothing else: the same bodies, one connection."""
    from campaigns.channels.email.writing import headers_of, order_of
    from campaigns.content.sandbox.tasks import TASKS
    from campaigns.delivery.letters import letterhead

    head = letterhead(letters[0].content_version_id)
    write = TASKS["write"]([head.content.to_dict(), head.fixed, headers_of(head)])
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for letter in letters:
            _kind, (content, sender, recipient, _links) = write(order_of(letter, head))
            smtp.sendmail(sender, [recipient], content)


def _deliver() -> None:
    from campaigns.content.sandbox.calls import POOL
    from campaigns.delivery.worker import close_sessions, deliver

    while deliver():
        pass
    close_sessions()
    POOL.end_idle()  # only then is its computing counted


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _say(text: str) -> None:
    print(f"{timezone.now():%H:%M:%S} {text}", flush=True)  # noqa: T201 - a command's answer

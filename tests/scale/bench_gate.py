# ruff: noqa: PLC0415 - apps are imported once their database is there
"""`manage.py bench gate`: an audience through the gate, nothing written, against SQL by hand.

The hand-written statement has the same joins: of several addresses the best, whether that one is
suppressed and what is said of it or of the person, each person's own day, what they got on it. It
knows no policy of a country, no hours, no merge, no second person at an address. Both count people
by reason, and the counts have to be equal. Claim: the gate computes at most 1.3 times as long
(seconds of processor, of this process and of its backend, which work alone: no parallel workers).

Runs in a database of its own, made and dropped here; alternate runs, median.
"""

import argparse
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from tests.scale.bench_fanout import DATABASE, _campaign, _cpu, _marketing, _people, _say
from tests.scale.databases import drop_as_owner

CLAIM = 1.3
BY_HAND = """
SELECT reason, count(*) FROM (
    SELECT CASE WHEN state <> 'active' THEN 'frozen'
                WHEN address IS NULL THEN 'no_address'
                WHEN suppressed THEN 'suppressed'
                WHEN permitted IS NOT TRUE THEN 'no_permission'
                WHEN written >= 1 THEN 'capped' ELSE '' END AS reason
    FROM (
        SELECT DISTINCT ON (m.profile_id) p.state, i.value AS address, c.n AS written,
               x.digest IS NOT NULL OR i.deliverability = 'invalid' AS suppressed,
               coalesce(s.status, g.status) = 'granted' AND coalesce(s.basis, g.basis) = 'consent'
                   AND (g.status IN ('withdrawn', 'denied') AND g.at >= coalesce(s.at, g.at))
                       IS NOT TRUE AS permitted
        FROM membership m JOIN profile p ON p.id = m.profile_id
        LEFT JOIN identifier i ON i.profile_id = m.profile_id AND i.kind = 'email'
             AND i.verified_at IS NOT NULL
        LEFT JOIN source o ON o.id = coalesce(i.verified_source_id, i.first_source_id)
        LEFT JOIN suppression x ON x.digest = i.digest AND x.kind = 'email'
        LEFT JOIN consent_state s ON s.profile_id = m.profile_id AND s.purpose_id = %(purpose)s
             AND s.channel = 'email' AND s.contact_point = i.value AND s.topic_key = 0
        LEFT JOIN consent_state g ON g.profile_id = m.profile_id AND g.purpose_id = %(purpose)s
             AND g.channel = 'email' AND g.contact_point = '' AND g.topic_key = 0
        LEFT JOIN unnest(%(zones)s::text[], %(days)s::date[]) AS z(name, day)
             ON z.name = p.time_zone
        LEFT JOIN contact_count c ON c.profile_id = m.profile_id AND c.channel = 'email'
             AND c.tag = '' AND c.day = coalesce(z.day, %(today)s)
        WHERE m.segment_id = %(segment)s AND m.left_at IS NULL
        ORDER BY m.profile_id, suppressed, permitted DESC NULLS LAST, o.trust DESC,
                 i.last_seen DESC, i.value
    ) best
) judged GROUP BY 1
"""
WRITTEN_TO = """
INSERT INTO contact_count (profile_id, channel, day, n)
SELECT profile_id, 'email', current_date, 1 FROM membership WHERE profile_id % 7 = 0
"""


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures; 1 where the ratio is above its claim."""
    parser = argparse.ArgumentParser(prog="bench gate")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(argv)
    connection.settings_dict.setdefault("TEST", {})["NAME"] = DATABASE
    name = connection.settings_dict["NAME"]
    drop_as_owner(DATABASE)
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        ratio = _compared(_people(options.people), options.runs)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        drop_as_owner(DATABASE)
    _say(f"claim: at most {CLAIM}")
    return int(ratio > CLAIM)


def _compared(segment: Any, runs: int) -> float:
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN_TO)
    with connection.owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE contact_count, message")
    campaign = _campaign(segment, "gate")
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    turns = {"gate": _by_the_gate, "by hand": _by_hand}
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    found: dict[str, Counter[str]] = {}
    for run in range(runs):
        for name in turns if run % 2 == 0 else reversed(turns):
            began = _cpu()
            found[name] = turns[name](campaign, segment)
            seconds[name].append(_cpu() - began)
    assert found["gate"] == found["by hand"], found
    gate, hand = (statistics.median(seconds[name]) for name in turns)
    _say(f"{sum(found['gate'].values()):,} people: {dict(found['gate'])}")
    _say(f"CPU: gate {gate:.2f} s, by hand {hand:.2f} s; ratio {gate / hand:.2f}")
    return gate / hand


def _by_the_gate(campaign: Any, segment: Any) -> Counter[str]:
    """In the portions in which a campaign walks its audience."""
    from campaigns.audience.portions import next_portion, plan_for_many
    from campaigns.gate.terms import terms_of
    from campaigns.plan import plan_of
    from config.postgres.sql import run, sql

    counted: Counter[str] = Counter()
    after: int | None = 0
    while after is not None:
        with transaction.atomic(), connection.cursor() as cursor:
            plan_for_many(cursor)
            portion = next_portion(cursor, terms_of(plan_of(campaign), now=timezone.now()), after)
            rows = run(
                sql(
                    "WITH people AS MATERIALIZED ({people}), judged AS ({judged})"
                    " SELECT reason, count(*) FROM judged GROUP BY 1",
                    people=portion.people,
                    judged=portion.judged,
                )
            )
            counted.update(dict(rows))
            after = portion.end
    return counted


def _by_hand(campaign: Any, segment: Any) -> Counter[str]:
    from campaigns.gate.person_day import elsewhere
    from config.workspace.selectors import workspace

    home, now = ZoneInfo(workspace().time_zone), timezone.now()
    zones, days = zip(*elsewhere(now, home), strict=True)
    values = {
        "purpose": _marketing().pk,
        "segment": segment.pk,
        "zones": list(zones),
        "days": list(days),
        "today": now.astimezone(home).date(),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '64MB'")
        cursor.execute(BY_HAND, values)
        rows = cursor.fetchall()
        cursor.execute("RESET work_mem")
    return Counter(dict(rows))

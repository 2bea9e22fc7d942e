"""What campaigns keep for a time only: who got nothing and why, how often people were written to,
and by what providers name messages."""

from datetime import datetime, timedelta

from django.conf import settings

from campaigns.models.message import MessageReason
from config.postgres.sql import one, sql
from config.workspace.work.pruning import PORTION, PRUNERS, before, deleted
from config.workspace.zones import workspace_zone

# The control group is asked for what it bought, as long as there is a report.
FOLDED = sorted(set(MessageReason.values) - {MessageReason.HOLDOUT})
# Rows go in the order of their key, as whoever else locks them has it. What is chosen is chosen
# once (MATERIALIZED): asked again by a join, it would skip what is gone by then and choose more.
FOLD = """
WITH old AS MATERIALIZED (
    SELECT * FROM (
        SELECT o.profile_id, o.id FROM campaign k CROSS JOIN LATERAL (
            SELECT profile_id, id FROM message
            WHERE campaign_id = k.id AND state = 'excluded' AND reason = ANY(%s) AND NOT is_test
            LIMIT %s) o
        WHERE k.finished_at < %s AND k.status IN ('finished', 'cancelled') LIMIT %s) chosen
    ORDER BY profile_id, id
), gone AS (
    DELETE FROM message m USING old
    WHERE m.profile_id = old.profile_id AND m.id = old.id
    RETURNING m.campaign_id, m.variant, m.reason, m.detail
), counted AS (
    INSERT INTO excluded_count AS c (campaign_id, variant, reason, detail, n)
    SELECT campaign_id, variant, reason, detail, count(*) FROM gone
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (campaign_id, variant, reason, detail) DO UPDATE SET n = c.n + EXCLUDED.n
)
SELECT FROM gone
"""
# a campaign under way may look further back than anybody may ask for today
LONGEST = """
SELECT coalesce(max(days::int), 0) FROM campaign k
JOIN campaign_version v ON v.id = k.current_id
CROSS JOIN LATERAL jsonb_path_query(v.caps, '$.**.per_days') AS days
WHERE k.status IN ('scheduled', 'held', 'running', 'paused')
"""
# by the database's own key: no index leads from an id to its row
COUNTS = """
WITH old AS MATERIALIZED (
    SELECT * FROM (
        SELECT profile_id, channel, day, tag FROM contact_count WHERE day < %s LIMIT %s) chosen
    ORDER BY profile_id, channel, day, tag
)
DELETE FROM contact_count c USING old
WHERE c.profile_id = old.profile_id AND c.channel = old.channel AND c.day = old.day
  AND c.tag = old.tag
"""
REFERENCES = """
WITH old AS MATERIALIZED (
    SELECT * FROM (SELECT digest FROM message_reference WHERE kept_on < %s LIMIT %s) chosen
    ORDER BY digest
)
DELETE FROM message_reference r USING old WHERE r.digest = old.digest
"""

TRANSITIONS = """
WITH old AS MATERIALIZED (
    SELECT * FROM (
        SELECT profile_id, id FROM enrolment_transition WHERE at < %s LIMIT %s) chosen
    ORDER BY profile_id, id
)
DELETE FROM enrolment_transition t USING old
WHERE t.profile_id = old.profile_id AND t.id = old.id
"""


@PRUNERS.register("excluded")
def fold_excluded(now: datetime) -> int:
    """Messages of who got nothing from campaigns that ended long ago: counts take their place."""
    ended = before(now, "EXCLUDED_DAYS")
    return deleted(FOLD, [FOLDED, PORTION, ended, PORTION]) if ended else 0


@PRUNERS.register("transitions")
def prune_transitions(now: datetime) -> int:
    """Which way people took so long ago that nobody asks."""
    happened = before(now, "TRANSITION_DAYS")
    return deleted(TRANSITIONS, [happened, PORTION]) if happened else 0


@PRUNERS.register("contact_counts")
def prune_counts(now: datetime) -> int:
    """Days that no limit of contact frequency looks back to."""
    if not settings.CONTACT_COUNT_DAYS:
        return 0
    (longest,) = one(sql(LONGEST))
    today = now.astimezone(workspace_zone()).date()
    day = today - timedelta(days=max(settings.CONTACT_COUNT_DAYS, longest))
    return deleted(COUNTS, [day, PORTION])  # the day itself, so that the index is planned with


@PRUNERS.register("message_references")
def prune_references(now: datetime) -> int:
    """References of messages that no provider speaks of any more."""
    kept = before(now, "MESSAGE_REFERENCE_DAYS")
    return deleted(REFERENCES, [kept.date(), PORTION]) if kept else 0

"""Contact counts: read and added to under one lock, so that no two sends overshoot a cap.

Sent, delivered, bounced and unknown count. What ended before it left reached nobody, and gives its
place back in the statement that ends it.
"""

from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper

from config.postgres.sql import Sql, sql
from config.workspace.zones import workspace_zone

# `ended` holds the messages that the statement moved out of `queued` or `handing_over`: those were
# counted on the workspace's day of queueing, and are ended once. Of one person it may hold several.
_GIVE_BACK = """
unsent AS (
    SELECT profile_id, channel, (queued_at AT TIME ZONE {zone})::date AS day, count(*) AS n
    FROM ended
    WHERE is_marketing AND NOT is_test AND state IN ('excluded', 'cancelled', 'failed')
    GROUP BY 1, 2, 3
), counts AS (
    SELECT c.profile_id, c.channel, c.day, u.n
    FROM unsent u JOIN contact_count c USING (profile_id, channel, day)
    ORDER BY c.profile_id, c.channel, c.day FOR UPDATE OF c
), given_back AS (
    UPDATE contact_count c SET n = greatest(c.n - k.n, 0) FROM counts k
    WHERE c.profile_id = k.profile_id AND c.channel = k.channel AND c.day = k.day
)
"""
# what it reads of `ended`, which updates `message t`
ENDED = Sql("t.profile_id, t.channel, t.queued_at, t.is_marketing, t.is_test, t.state")


def give_back() -> Sql:
    """Tables of a statement that ends messages, after `ended` among them."""
    return sql(_GIVE_BACK, zone=workspace_zone().key)


def lock_counts(cursor: CursorWrapper, channel: str) -> None:
    """Until the transaction ends nobody else counts and reserves on this channel."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"cap:{channel}"])


def count_one(profile_id: int, channel: str, now: datetime) -> None:
    """One more marketing message to this person, on the workspace's day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contact_count AS c (profile_id, channel, day, n)"
            " VALUES (%s, %s, (%s AT TIME ZONE %s)::date, 1)"
            " ON CONFLICT (profile_id, channel, day) DO UPDATE SET n = c.n + 1",
            [profile_id, channel, now, workspace_zone().key],
        )

"""Contact counts: read and added to under one lock, so that no two sends overshoot a cap."""

from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper

from config.workspace.zones import workspace_zone


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

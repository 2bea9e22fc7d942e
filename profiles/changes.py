"""Tells those who keep something derived which profiles changed, and what about them."""

from collections.abc import Iterable

from django.db import connection

from config.workspace import work

MAX_IDS = 5000


def announce(profile_ids: Iterable[int], names: Iterable[str]) -> None:
    """Write it down in the transaction that made the change.

    `names` is what may matter to a rule: `event:Order Completed`, `trait:plan`, `profile:country`,
    `consent`, `segment:slug`. One statement; wakes the segments' work after commit.
    """
    ids, what = sorted(set(profile_ids)), sorted(set(names))
    if not ids or not what:
        return
    parts = [ids[start : start + MAX_IDS] for start in range(0, len(ids), MAX_IDS)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO profile_change (profile_ids, names, created_at) VALUES (%s, %s, now())",
            [(part, what) for part in parts],
        )
    work.wake("segments")

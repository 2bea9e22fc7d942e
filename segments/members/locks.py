"""One writer at a time for a segment's members; held until the transaction ends."""

from collections.abc import Iterable

from django.db import connection

SPACE = 7_301  # the first key of our advisory locks


def lock_members(segment_ids: Iterable[int]) -> None:
    """Wait for the segments' locks, in one order, so that two who need several never dead-lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, id) FROM unnest(%s::int[]) AS s(id)",
            [SPACE, sorted(segment_ids)],
        )

"""One writer at a time for a segment's members, and for a computed trait's values; held until the
transaction ends.
"""

from collections.abc import Iterable

from django.db import connection

SPACE, VALUES_SPACE = 7_301, 7_302  # the first keys of our advisory locks


def lock_members(segment_ids: Iterable[int]) -> None:
    """Wait for the segments' locks, in one order, so that two who need several never dead-lock."""
    _lock(SPACE, segment_ids)


def lock_values(trait_ids: Iterable[int]) -> None:
    """The same for computed traits."""
    _lock(VALUES_SPACE, trait_ids)


def _lock(space: int, ids: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, id) FROM unnest(%s::int[]) AS s(id)",
            [space, sorted(ids)],
        )

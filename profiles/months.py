"""Months of `event` and `event_item`: made before the first row of a month is written."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection


def first_of_month(moment: datetime) -> datetime:
    """Midnight UTC of the month's first day."""
    at = moment.astimezone(UTC)
    return datetime(at.year, at.month, 1, tzinfo=UTC)


def missing(cursor: Any, moments: Iterable[datetime]) -> list[datetime]:
    """The months among these that have no partition yet. One query of the catalogue."""
    wanted = {
        f"event_item_{month:%Y_%m}": month
        for month in {(m.year, m.month): m for m in moments}.values()
    }
    if not wanted:
        return []
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relname = ANY(%s)",
        [list(wanted)],
    )
    there = {name for (name,) in cursor.fetchall()}
    return sorted(first_of_month(month) for name, month in wanted.items() if name not in there)


def ensure(moments: Iterable[datetime]) -> int:
    """Make the missing months; how many tables were made. Moments are aware, in UTC.

    Outside a transaction each is made in a short one of its own; inside one the maker holds a lock
    until the end, and other makers wait for it. Source: /docs of storage, recipes section A.
    """
    made = 0
    with connection.cursor() as cursor:
        for month in missing(cursor, moments):
            cursor.execute("SELECT rapport_make_month(%s)", [month])
            made += cursor.fetchone()[0]
    return made

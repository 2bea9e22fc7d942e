"""Months of `event` and `event_item`: made before the first row of a month is written, and taken
out as a whole where retention says that all of one goes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection

_EXISTING: Final = """
SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'public.event'::regclass ORDER BY c.relname
"""
_TAKEN: Final = """
SELECT c.relname::text FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relname LIKE 'event\\_taken\\_%' ORDER BY 1
"""


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


def existing() -> list[datetime]:
    """The first moments of the months that events lie in, oldest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_EXISTING)
        return [_month_of(name.removeprefix("event_")) for (name,) in cursor.fetchall()]


def taken_out() -> list[datetime]:
    """Months that were taken out and are not dropped yet. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN)
        return [_month_of(name.removeprefix("event_taken_")) for (name,) in cursor.fetchall()]


def after(month: datetime) -> datetime:
    """The first moment of the next month."""
    years, month_before = divmod(month.month, 12)
    return datetime(month.year + years, month_before + 1, 1, tzinfo=UTC)


def take_out(month: datetime) -> None:
    """Detach a month's tables; their rows are found in `taken_name` alone from the commit on.

    In the caller's transaction. Raises OperationalError where others use the table for longer than
    half a second.
    """
    _call("SELECT rapport_take_month_out(%s)", month)


def drop_taken(month: datetime) -> None:
    """Drop what was taken out. Raises OperationalError as above."""
    _call("SELECT rapport_drop_taken_month(%s)", month)


def taken_name(month: datetime, parent: str = "event") -> str:
    """The table that a month lies in once it is taken out."""
    return f"{parent}_taken_{month:%Y_%m}"


def _call(statement: str, month: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [month])


def _month_of(name: str) -> datetime:
    year, month = map(int, name.split("_"))
    return datetime(year, month, 1, tzinfo=UTC)

"""Whose day it is: the workspace's time zone, the bounds of its days, and zones to choose from.

A date without a time is a day of the workspace wherever a rule, a filter or a report takes one.
"""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from config.workspace.selectors import workspace
from config.workspace.zone_names import zone_of

UTC = ZoneInfo("UTC")
Day = TypeVar("Day", date, datetime)


@cache
def zone_choices() -> list[tuple[str, str]]:
    """The named zones, by region; the old aliases without a region are left out."""
    names = sorted(name for name in available_timezones() if "/" in name and "Etc/" not in name)
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


def workspace_zone() -> ZoneInfo:
    """The workspace's time zone; no query within five seconds."""
    return zone_of(workspace().time_zone) or UTC


@cache
def database_zones() -> frozenset[str]:
    """The names that the database knows, some 600. One query a process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        return frozenset(name for (name,) in cursor.fetchall())


def today(zone: ZoneInfo | None = None) -> date:
    """The day that it is in the workspace (or in `zone`)."""
    return timezone.localdate(timezone=zone or workspace_zone())


def months_later(day: Day, n: int) -> Day:
    """The same date so many months later, or earlier; the last of a month that has no such date.

    Source: Regulation (EEC, Euratom) 1182/71, article 3 (2) (c). PostgreSQL adds months so too.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    last = monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last))


def stamp(moment: datetime) -> str:
    """RFC 3339, UTC, to the second, with `Z`: for programs; it sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def begins(when: date | datetime, zone: ZoneInfo | None = None) -> datetime:
    """The first moment of a day in the workspace (or in `zone`); of a moment itself. Aware."""
    if isinstance(when, datetime):
        return when
    try:
        return datetime.combine(when, time(), zone or workspace_zone()).astimezone(UTC)
    except OverflowError:  # the very first day or the last
        return datetime.combine(when, time(), UTC)


def ends(when: date | datetime, zone: ZoneInfo | None = None) -> datetime:
    """The first moment after a day; of a moment itself."""
    if isinstance(when, datetime):
        return when
    if when == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return begins(when + timedelta(days=1), zone)


def read_when(text: object) -> date | datetime | None:
    """An ISO text as a day, or as an aware time in UTC (without an offset it is UTC); else None."""
    if not isinstance(text, str):
        return None
    try:
        day = parse_date(text)
        found = None if day else parse_datetime(text)
        if day or found is None:
            return day
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def read_exact(text: object) -> datetime | None:
    """An ISO time that says its zone, in UTC; None for anything else, a day too."""
    when = read_when(text)
    if not isinstance(when, datetime) or not isinstance(text, str):
        return None
    return when if (found := parse_datetime(text)) and found.tzinfo else None


def read_moment(text: object) -> datetime | None:
    """An ISO time, or the first moment of a day in the workspace; None for neither."""
    when = read_when(text)
    return None if when is None else begins(when)

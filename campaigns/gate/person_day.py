"""The day that it is for a person: by their own time zone, else by the workspace's.

A zone that a profile only claims is none: the workspace's day then, as for quiet hours.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from campaigns.gate.quiet_hours import named_zones
from config.postgres.sql import Sql, sql

# joins the profile `p`; most people share the workspace's day, and no row of this
_JOIN = """LEFT JOIN unnest({names}::text[], {days}::date[]) AS y(name, day)
 ON y.name = p.time_zone"""


def elsewhere(now: datetime, home: ZoneInfo) -> list[tuple[str, date]]:
    """The named zones where it is another day than at home, and which."""
    today = now.astimezone(home).date()
    days = ((name, now.astimezone(zone).date()) for name, zone in named_zones())
    return [(name, day) for name, day in days if day != today]


def join_day(now: datetime, home: str) -> Sql:
    """For `day_of`."""
    others = elsewhere(now, ZoneInfo(home))
    return sql(_JOIN, names=[name for name, _day in others], days=[day for _name, day in others])


def day_of(now: datetime, home: str) -> Sql:
    """The day of the person at `now`."""
    return sql("coalesce(y.day, {today}::date)", today=now.astimezone(ZoneInfo(home)).date())

"""Times as whole milliseconds since 1970 (UTC), and the calendar of a shop's year."""

# ruff: noqa: PLR2004 - hours and weekdays are their own names

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from random import Random

from config.demo.generator.world.randomness import cumulative, draw

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CELL_DAYS = 28
CELL = CELL_DAYS * DAY
YEAR = 365 * DAY

# how busy each local hour is: a quiet morning, a lunch hump and the evening peak
_MORNING = (1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, 3, 3.5, 4, 4.2)
_HOURS = cumulative((*_MORNING, 4.8, 4.4, 4, 4, 4.2, 5, 6, 7.5, 8.5, 8, 5.5, 3))
_OPENING_HOURS = cumulative((*[0] * 9, *[1] * 8, 2, *[0] * 6))  # 9:00 to 18:00
WEEKDAY_REDRAW = 0.28

# how much people buy in each month, January first
BUYING = (0.9, 0.75, 0.9, 1.1, 1.3, 1.3, 1.1, 0.85, 0.8, 0.9, 1.2, 1.4)


def to_ms(at: datetime) -> int:
    """Milliseconds of `at`, which must be aware."""
    if at.tzinfo is None:
        raise ValueError("a time needs its zone")
    return round(at.timestamp() * 1000)


def to_datetime(ms: int) -> datetime:
    """The aware UTC time of `ms`."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@lru_cache(maxsize=1024)
def _date(day: int) -> datetime:
    return datetime.fromtimestamp(day * 86_400, UTC)


@lru_cache(maxsize=1024)
def date_text(day: int) -> str:
    """`2026-11-22` for a number of days since 1970."""
    return _date(day).date().isoformat()


def month(ms: int) -> int:
    """The month of `ms`, January being 0."""
    return _date(ms // DAY).month - 1


def iso(ms: int) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`."""
    day, rest = divmod(ms, DAY)
    hour, rest = divmod(rest, HOUR)
    minute, rest = divmod(rest, MINUTE)
    second, milli = divmod(rest, SECOND)
    return f"{date_text(day)}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"


def moment(
    rng: Random, first_day: int, days: int, offset_minutes: int, *, till: bool = False
) -> int:
    """A likely moment in `days` days from `first_day` (days since 1970): evenings, weekends.

    `till` keeps to a shop's opening hours. May lie up to a day before or after, by the local clock.
    """
    day = first_day + int(rng.random() * days)
    if (day + 3) % 7 < 5 and rng.random() < WEEKDAY_REDRAW:  # Monday to Friday
        day = first_day + int(rng.random() * days)
    hour = draw(rng, _OPENING_HOURS if till else _HOURS)
    return day * DAY + hour * HOUR - offset_minutes * MINUTE + int(rng.random() * HOUR)

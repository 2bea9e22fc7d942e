"""By when a request is confirmed and answered: the rows of `DeadlineRule`, and their arithmetic.

A period of hours runs from the moment of receipt. Longer ones end with the last second of their
last day, in the workspace's time zone. Months: the same date, else the last day of the month
(Regulation (EEC, Euratom) 1182/71, article 3); where a law says so, a last day that is a Saturday,
a Sunday or a public holiday where the workspace is moves to the next working day (same, article
3 (4)). Business days leave those out and do not count the day of receipt.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

import holidays

from config.workspace.selectors import workspace
from config.workspace.zones import ends, months_later, workspace_zone
from consent.models import DeadlineRule
from consent.models.privacy import RequestType

# what asks for nothing but to be left alone acts at once, and needs no proof of who asks
AT_ONCE: Final = (
    RequestType.OBJECTION,
    RequestType.OPT_OUT_OF_SALE,
    RequestType.LIMIT_SENSITIVE,
    RequestType.OPT_OUT_OF_AUTOMATED,
)
SATURDAY: Final = 5
Unit = DeadlineRule.PeriodUnit
FALLBACK = DeadlineRule(due_n=1, due_unit=Unit.MONTH, extend_n=0)


@dataclass(frozen=True)
class RequestTimes:
    """The moments of one request."""

    confirm_by: datetime | None
    due_at: datetime


def rule_of(regulation: str, type_: str) -> DeadlineRule:
    """The row of this law for this type, else its row for all types. One query."""
    rows = DeadlineRule.objects.filter(regulation=regulation, type__in=("", type_))
    found = {row.type: row for row in rows}
    return found.get(type_) or found.get("") or FALLBACK


def clock(regulation: str, type_: str, received_at: datetime) -> RequestTimes:
    """When a request that was received then is to be confirmed and answered."""
    rule = rule_of(regulation, type_)
    confirm = rule.confirm_n and after(received_at, rule.confirm_n, rule.confirm_unit)
    due = after(received_at, rule.due_n, rule.due_unit, moves=rule.moves)
    return RequestTimes(confirm or None, due)


def extended(regulation: str, type_: str, received_at: datetime) -> datetime | None:
    """When it is due once it is extended; None where this law knows no extension.

    The two periods follow each other, and only the last day of both may move.
    """
    rule = rule_of(regulation, type_)
    if not rule.extend_n:
        return None
    if rule.due_unit == rule.extend_unit:
        return after(received_at, rule.due_n + rule.extend_n, rule.due_unit, moves=rule.moves)
    first = after(received_at, rule.due_n, rule.due_unit)
    return after(first, rule.extend_n, rule.extend_unit, moves=rule.moves)


def after(start: datetime, n: int, unit: str, *, moves: bool = False) -> datetime:
    """The end of `n` such units after `start` (module docstring)."""
    if unit == Unit.HOUR:
        return start + timedelta(hours=n)
    day = start.astimezone(workspace_zone()).date()
    last = _LAST_DAY[unit](day, n)
    while moves and not is_working_day(last):
        last += timedelta(days=1)
    return ends(last) - timedelta(seconds=1)


def is_working_day(day: date) -> bool:
    """Neither weekend nor public holiday in the workspace's country."""
    return day.weekday() < SATURDAY and day not in _holidays(workspace().country, day.year)


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> frozenset[date]:
    """Nothing where the country is not known."""
    if country not in holidays.list_supported_countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))


def _days(day: date, n: int) -> date:
    return day + timedelta(days=n)


def _business_days(day: date, n: int) -> date:
    while n:
        day += timedelta(days=1)
        n -= is_working_day(day)
    return day


_LAST_DAY: Final[dict[str, Callable[[date, int], date]]] = {
    Unit.DAY: _days,
    Unit.BUSINESS_DAY: _business_days,
    Unit.MONTH: months_later,
}

"""The figures of Home: few set-based queries, each bounded; the heavier ones are kept for a while.

What is kept says its age. Kept in this process' cache, keyed by nothing personal: only counts.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from profiles.models import EventDefinition

Figure = TypeVar("Figure")
CAP = 100_000  # counts that open a list stop here and say "more than"
EXACT_BELOW = 100_000  # a table the planner thinks smaller is counted
NAMES_AT_MOST = 400
WEEKS = 12
# names of calls that are no track events (design.md section 6)
TYPES = ("identify", "group", "alias", "Page Viewed", "Screen Viewed")


@dataclass(frozen=True)
class Kept:
    """A figure, when it was counted, and for how long it stands."""

    value: Any
    at: datetime


def kept(name: str, seconds: int, count: Callable[[], Figure]) -> Kept:
    """`count()`, or what it gave within `seconds`; a slow one is kept thirty times its own time."""
    found = cache.get(f"home:{name}")
    if isinstance(found, Kept):
        return found
    began = time.monotonic()
    figure = Kept(count(), timezone.now())
    cache.set(f"home:{name}", figure, max(seconds, int(30 * (time.monotonic() - began))))
    return figure


def rows(sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def one(sql: str, parameters: Any = ()) -> tuple[Any, ...]:
    """The first row of a query that has one."""
    return rows(sql, parameters)[0]


def people_known() -> tuple[int, bool]:
    """(how many people, is it an estimate): exact while the table is small."""
    (guess,) = one("SELECT reltuples::bigint FROM pg_class WHERE oid = 'profile'::regclass")
    if guess >= EXACT_BELOW:
        return int(guess), True
    (count,) = one("SELECT count(*) FROM profile WHERE state <> 'erased'")
    return int(count), False


def new_people(since: datetime) -> int:
    """First seen since then, at most CAP + 1. Index-only on profile_by_first_seen."""
    (count,) = one(
        "SELECT count(*) FROM (SELECT 1 FROM profile WHERE first_seen >= %s LIMIT %s) AS capped",
        [since, CAP + 1],
    )
    return int(count)


def refused(since: datetime) -> int:
    """Calls refused since then, among the newest thousand."""
    (count,) = one(
        "SELECT count(*) FROM (SELECT received_at FROM rejection ORDER BY id DESC "
        "LIMIT 1000) AS capped WHERE received_at >= %s",
        [since],
    )
    return int(count)


def _names() -> list[str]:
    return [*EventDefinition.objects.values_list("name", flat=True)[:NAMES_AT_MOST], *TYPES]


def events_of_two_weeks() -> dict[str, Any]:
    """Calls and revenue of this week and the one before; index-only on event_by_name."""
    now = timezone.now()
    week, fortnight = now - timedelta(days=7), now - timedelta(days=14)
    money = list(
        EventDefinition.objects.filter(is_money=True, is_conversion=True).values_list(
            "name", flat=True
        )
    )
    now_in, before_in = one(
        "SELECT count(*) FILTER (WHERE occurred_at >= %s), "
        "count(*) FILTER (WHERE occurred_at < %s) FROM event "
        "WHERE name = ANY(%s) AND occurred_at >= %s AND occurred_at <= %s",
        [week, week, _names(), fortnight, now],
    )
    revenue, revenue_before, buyers = one(
        "SELECT coalesce(sum(value) FILTER (WHERE occurred_at >= %s), 0), "
        "coalesce(sum(value) FILTER (WHERE occurred_at < %s), 0), "
        "count(DISTINCT profile_id) FILTER (WHERE occurred_at >= %s) "
        "FROM event WHERE name = ANY(%s) AND occurred_at >= %s AND occurred_at <= %s",
        [week, week, week, money, fortnight, now],
    )
    return {
        "now": now_in,
        "before": before_in,
        "revenue": revenue,
        "revenue_before": revenue_before,
        "buyers": buyers,
        "has_revenue": bool(money),
    }


def messages_of_two_weeks() -> dict[str, Any]:
    """What went out and what came back, this week and before: one scan of message_by_time."""
    now = timezone.now()
    week, fortnight = now - timedelta(days=7), now - timedelta(days=14)
    names = (
        "out",
        "out_before",
        "kept_back",
        "engaged",
        "engaged_before",
        "bounced",
        "stopped",
        "converted",
    )
    found = one(
        "SELECT count(*) FILTER (WHERE sent_at IS NOT NULL AND queued_at >= %(week)s), "
        "count(*) FILTER (WHERE sent_at IS NOT NULL AND queued_at < %(week)s), "
        "count(*) FILTER (WHERE state = 'excluded' AND queued_at >= %(week)s), "
        "count(DISTINCT profile_id) FILTER "
        "(WHERE clicked_at IS NOT NULL AND queued_at >= %(week)s), "
        "count(DISTINCT profile_id) FILTER "
        "(WHERE clicked_at IS NOT NULL AND queued_at < %(week)s), "
        "count(*) FILTER (WHERE bounced_at IS NOT NULL AND queued_at >= %(week)s), "
        "count(*) FILTER (WHERE unsubscribed_at IS NOT NULL AND queued_at >= %(week)s), "
        "count(DISTINCT profile_id) FILTER "
        "(WHERE converted_at IS NOT NULL AND queued_at >= %(week)s) "
        "FROM message WHERE queued_at >= %(fortnight)s AND NOT is_test",
        {"week": week, "fortnight": fortnight},
    )
    return dict(zip(names, found, strict=True))


def lags() -> dict[str, float]:
    """How old the oldest waiting work is, in seconds, by station. Small local tables only."""
    names = ("collect", "unify", "segment", "decide", "send")
    found = one(
        "SELECT (SELECT min(received_at) FROM inbox WHERE failed_at IS NULL), "
        "(SELECT min(created_at) FROM alias_pending), "
        "(SELECT min(created_at) FROM profile_change), "
        "(SELECT min(due_at) FROM enrolment WHERE ended_at IS NULL AND due_at IS NOT NULL "
        " AND due_at <= now()), "
        "(SELECT min(due_at) FROM message_chunk WHERE due_at <= now())"
    )
    now = timezone.now()
    return {
        name: max((now - at).total_seconds(), 0) if at else 0.0
        for name, at in zip(names, found, strict=True)
    }


def due_steps() -> tuple[int, int]:
    """(people inside campaigns, at most CAP + 1; their steps that are due now)."""
    inside, due = one(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM enrolment WHERE ended_at IS NULL "
        " LIMIT %s) AS a), "
        "(SELECT count(*) FROM (SELECT 1 FROM enrolment WHERE ended_at IS NULL "
        " AND due_at IS NOT NULL AND due_at <= now() LIMIT %s) AS b)",
        [CAP + 1, CAP + 1],
    )
    return int(inside), int(due)


def week_starts(today: date) -> list[date]:
    """The Mondays of the last twelve weeks, this one last."""
    monday = today - timedelta(days=today.weekday())
    return [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]


def new_people_by_week(mondays: list[date], zone: str) -> list[int]:
    """First seen in each week. Index-only on profile_by_first_seen."""
    found = dict(
        rows(
            "SELECT date_trunc('week', first_seen AT TIME ZONE %s)::date, count(*) FROM profile "
            "WHERE first_seen >= %s::timestamp AT TIME ZONE %s GROUP BY 1",
            [zone, mondays[0], zone],
        )
    )
    return [int(found.get(monday, 0)) for monday in mondays]


def reachable_by_week(mondays: list[date]) -> dict[str, list[int]]:
    """Who may be written to now, by channel and by when they said yes: running totals."""
    edges = [
        timezone.make_aware(datetime.combine(m + timedelta(weeks=1), datetime.min.time()))
        for m in mondays
    ]
    found = rows(
        "SELECT s.channel, width_bucket(s.at, %s::timestamptz[]) AS week, "
        "count(DISTINCT s.profile_id) "
        "FROM consent_state s JOIN purpose p ON p.id = s.purpose_id AND p.class = 'marketing' "
        "WHERE s.status = 'granted' AND s.topic_key = 0 AND s.channel = ANY(%s) GROUP BY 1, 2",
        [edges, ["email", "sms", "push"]],
    )
    totals: dict[str, list[int]] = {}
    for channel, week, count in found:
        line = totals.setdefault(channel, [0] * len(mondays))
        for at in range(week, len(mondays)):
            line[at] += int(count)
    return totals


def revenue_by_week(now: datetime) -> list[float]:
    """Sum of `event.value` of money-type conversions in each seven days up to now, oldest first."""
    money = list(
        EventDefinition.objects.filter(is_money=True, is_conversion=True).values_list(
            "name", flat=True
        )
    )
    found = dict(
        rows(
            "SELECT floor(extract(epoch FROM %s - occurred_at) / 604800)::int, sum(value) "
            "FROM event WHERE name = ANY(%s) AND occurred_at > %s AND occurred_at <= %s GROUP BY 1",
            [now, money, now - timedelta(weeks=WEEKS), now],
        )
    )
    return [float(found.get(n) or 0) for n in reversed(range(WEEKS))]

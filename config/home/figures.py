"""The figures of Home: few set-based queries, each bounded; the heavier ones are kept for a while.

What is kept says its age. Kept in this process' cache, keyed by nothing personal: only counts. Two
parts of the page that show one figure take it from one kept value, so that they never differ.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from campaigns.outcomes.figures import FIGURES, counted_messages
from consent.reach.growth import reachable_over_time
from profiles.models import EventDefinition
from profiles.people.lineage import living
from profiles.selectors import revenue

Figure = TypeVar("Figure")
CAP = 100_000  # counts that open a list stop here and say "more than"
EXACT_BELOW = 100_000  # a table the planner thinks smaller is counted
NAMES_AT_MOST = 400
WEEKS = 12
# names of calls that are no track events
TYPES = ("identify", "group", "alias", "Page Viewed", "Screen Viewed")


@dataclass(frozen=True)
class Kept:
    """A figure, when it was counted, and for how long it stands."""

    value: Any
    at: datetime


_counting: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def kept(name: str, seconds: int, count: Callable[[], Figure]) -> Kept:
    """`count()`, or what it gave within `seconds`; a slow one is kept thirty times its own time.

    Of several that ask at once, as the parts of a page do, one counts and the others wait for it.
    """
    with _counting[name]:
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
    (count,) = one(f"SELECT count(*) FROM profile p WHERE {living()}")  # noqa: S608 - ours
    return int(count), False


def new_people(since: datetime) -> int:
    """First seen since then, at most CAP + 1. Whoever was joined to another is nobody new."""
    (count,) = one(
        "SELECT count(*) FROM (SELECT 1 FROM profile p WHERE first_seen >= %s "  # noqa: S608 - ours
        f"AND {living()} LIMIT %s) AS capped",
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
    names = EventDefinition.objects.order_by("-is_proven", "name").values_list("name", flat=True)
    return [*names[:NAMES_AT_MOST], *TYPES]


def events_of_two_weeks() -> dict[str, Any]:
    """Calls of this week and the one before; index-only on event_by_name."""
    now = timezone.now()
    week, fortnight = now - timedelta(days=7), now - timedelta(days=14)
    now_in, before_in = one(
        "SELECT count(*) FILTER (WHERE occurred_at >= %s), "
        "count(*) FILTER (WHERE occurred_at < %s) FROM event "
        "WHERE name = ANY(%s) AND occurred_at >= %s AND occurred_at <= %s",
        [week, week, _names(), fortnight, now],
    )
    return {"now": now_in, "before": before_in}


@dataclass(frozen=True)
class Sales:
    """Revenue of each seven days up to now, oldest first, and who bought in the last seven.

    Both as `profiles.selectors.revenue` defines them.
    """

    by_week: list[float]
    buyers: int

    @property
    def revenue(self) -> float:
        """Of the last seven days."""
        return self.by_week[-1]


def sales() -> Kept:
    """The one `Sales` that every part of the page shows, counted at most once a minute."""
    return kept("sales", 60, _sales)


def _sales() -> Sales:
    now = timezone.now()
    weeks = revenue.revenue_by_week(now - timedelta(weeks=WEEKS), now)
    by_week = [weeks.get(n, 0.0) for n in reversed(range(WEEKS))]
    return Sales(by_week, revenue.count_buyers(now - timedelta(weeks=1), now))


def messages_of_two_weeks() -> dict[str, Any]:
    """What was queued this week and before, and what came of it: one scan of message_by_time.

    Mails for what was done with them, people for what they did; as the log of messages counts.
    """
    now = timezone.now()
    week, fortnight = now - timedelta(days=7), now - timedelta(days=14)
    late, early = Q(queued_at__gte=week), Q(queued_at__lt=week)

    def mails(figure: str, when: Q) -> Count:
        return Count("id", filter=FIGURES[figure] & when)

    def people(figure: str, when: Q) -> Count:
        return Count("profile_id", filter=FIGURES[figure] & when, distinct=True)

    return (
        counted_messages()
        .filter(queued_at__gte=fortnight)
        .aggregate(
            out=mails("sent", late),
            out_before=mails("sent", early),
            kept_back=mails("excluded", late),
            engaged=people("clicked", late),
            engaged_before=people("clicked", early),
            bounced=mails("bounced", late),
            stopped=mails("unsubscribed", late),
            converted=people("converted", late),
        )
    )


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
    """First seen in each week; whoever was joined to another is nobody new."""
    found = dict(
        rows(
            "SELECT date_trunc('week', first_seen AT TIME ZONE %s)::date, count(*)"  # noqa: S608
            " FROM profile p WHERE first_seen >= %s::timestamp AT TIME ZONE %s"
            f" AND {living()} GROUP BY 1",
            [zone, mondays[0], zone],
        )
    )
    return [int(found.get(monday, 0)) for monday in mondays]


def reachable_by_week(mondays: list[date]) -> dict[str, list[int | None]]:
    """Who could be written to at the end of each week, and now for the one that runs."""
    ends = [
        timezone.make_aware(datetime.combine(monday, datetime.min.time())) for monday in mondays[1:]
    ]
    lines = reachable_over_time(ends)
    return {channel: line for channel, line in lines.items() if any(line)}

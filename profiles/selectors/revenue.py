"""Revenue, and the orders that stand: each defined once, for every screen, API and export.

- **Revenue** is the sum of `event.value` of the revenue events: workspace currency, at the rate of
  the event's day, refunds and cancellations negative on the day they happen.
- A **revenue event** is one whose definition is both money and a conversion. One whose values count
  up is a sale; one whose values count down (`value_sign` below 0) is a reversal.
- An order (one `order_id` of one person, or an event without one) **stands** until reversals have
  taken all of it back: they add up to its value, or one of them names neither an amount nor
  products, which means the whole of it (Segment's "Order Refunded"); an "Order Cancelled" whose
  amount cannot be told does so too.
- A **buyer** is a person with an order that stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from profiles.models import EventDefinition

CANCELLED: Final = "Order Cancelled"
AMOUNTS: Final = ("revenue", "total", "products")  # a reversal with one of these says how much
PENNY: Final = 0.005  # what is left of an order below this is rounding


@dataclass(frozen=True)
class RevenueEvents:
    """Names of the events that carry revenue."""

    sales: list[str]
    reversals: list[str]

    @property
    def all(self) -> list[str]:
        """Both: their values add up to the revenue."""
        return [*self.sales, *self.reversals]


def revenue_events() -> RevenueEvents:
    """The names in use; one small query."""
    rows = EventDefinition.objects.filter(is_money=True, is_conversion=True)
    signs = dict(rows.values_list("name", "value_sign"))
    return RevenueEvents(
        [name for name, sign in signs.items() if sign >= 0],
        [name for name, sign in signs.items() if sign < 0],
    )


def takes_all_back(name: str, value: float | None, properties: Mapping[str, Any]) -> bool:
    """Whether a reversal takes back the whole order; `WHOLE` is the same in SQL."""
    if value is not None:
        return False
    return name == CANCELLED or not any(amount in properties for amount in AMOUNTS)


# of a row `e` of event
WHOLE: Final = (
    "(e.value IS NULL AND (e.name = 'Order Cancelled'"
    " OR NOT jsonb_exists_any(e.properties, ARRAY['revenue', 'total', 'products'])))"
)
# what makes an order one
KEY: Final = "coalesce(nullif(e.properties->>'order_id', ''), 'id:' || e.message_id)"


def stands(value: str, back: str, whole: str) -> str:
    """SQL: whether an order worth `value` stands after reversals of `back` in all.

    `whole` is true where one of them takes all, null where there was none.
    """
    left = f"({value} IS NULL OR {value} + coalesce({back}, 0) > {PENNY})"
    return f"({whole} IS NULL OR NOT {whole} AND {left})"


# the persons of events whose merge is not rewritten yet are the survivors
_BUYERS = f"""
WITH placed AS (
    SELECT coalesce(a.survivor_id, e.profile_id) AS person, {KEY} AS key, max(e.value) AS value
    FROM event e LEFT JOIN alias_pending a ON a.profile_id = e.profile_id
    WHERE e.name = ANY(%(sales)s) AND e.occurred_at > %(since)s AND e.occurred_at <= %(until)s
    GROUP BY 1, 2
), back AS (
    SELECT coalesce(a.survivor_id, e.profile_id) AS person, {KEY} AS key, sum(e.value) AS value,
           bool_or({WHOLE}) AS whole
    FROM event e LEFT JOIN alias_pending a ON a.profile_id = e.profile_id
    WHERE e.name = ANY(%(reversals)s) AND e.occurred_at > %(since)s AND e.occurred_at <= %(until)s
    GROUP BY 1, 2
)
SELECT count(DISTINCT o.person) FROM placed o LEFT JOIN back b USING (person, key)
WHERE {stands("o.value", "b.value", "b.whole")}
"""  # noqa: S608 - our own pieces, values are bound


def count_buyers(since: datetime, until: datetime) -> int:
    """People who placed an order after `since` that still stands at `until`. One query.

    Who only gave something back in that time bought nothing.
    """
    names = revenue_events()
    values: dict[str, Any] = {
        "sales": names.sales,
        "reversals": names.reversals,
        "since": since,
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BUYERS, values)
        return int(cursor.fetchone()[0])


_BY_WEEK = """
SELECT floor(extract(epoch FROM %(until)s - occurred_at) / 604800)::int, sum(value)
FROM event WHERE name = ANY(%(names)s) AND occurred_at > %(since)s AND occurred_at <= %(until)s
GROUP BY 1
"""


def revenue_by_week(since: datetime, until: datetime) -> dict[int, float]:
    """Revenue of each seven days back from `until`: 0 the last, 1 the one before. One query.

    Index-only on event_by_name.
    """
    values: dict[str, Any] = {"names": revenue_events().all, "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(_BY_WEEK, values)
        return {week: float(total or 0) for week, total in cursor.fetchall()}

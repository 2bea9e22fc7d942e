"""Conversions: a goal event is credited to the last mail that the person clicked before it.

Our default (semantics.md section 9): the last click of a human within the campaign's window (5 days
unless it says otherwise), each event credited once, opens never; refunds and cancellations of the
same order subtract. Runs inside the batch's transaction, set-based.
"""

import operator
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from campaigns.delivery.terms import duration
from campaigns.models import Campaign
from profiles.ingest.hooks import AFTER_BATCH, Batch

WINDOW = timedelta(days=5)
REVERSALS = ("Order Refunded", "Order Cancelled")
ORDER = "Order Completed"
_LIVE = (
    Campaign.Status.RUNNING,
    Campaign.Status.PAUSED,
    Campaign.Status.FINISHED,
    Campaign.Status.CANCELLED,
)

# `data.orders` of the message remembers what it was credited with, so that an event counts once
# and a reversal finds where to subtract
_CREDIT = """
WITH given AS (
    SELECT * FROM unnest(%(profiles)s::bigint[], %(events)s::text[], %(orders)s::text[],
        %(times)s::timestamptz[], %(values)s::float8[], %(campaigns)s::bigint[],
        %(windows)s::interval[])
        AS g(profile_id, event, order_id, at, value, campaign_id, within)
), matched AS (
    SELECT DISTINCT ON (g.profile_id, g.event, g.order_id)
           g.event, g.order_id, g.at, g.value, m.profile_id, m.id
    FROM given g JOIN message m ON m.profile_id = g.profile_id AND m.campaign_id = g.campaign_id
    WHERE m.clicked_at IS NOT NULL AND m.clicked_at <= g.at AND m.clicked_at > g.at - g.within
      AND NOT EXISTS (SELECT 1 FROM message o WHERE o.profile_id = g.profile_id
                      AND o.data->'orders' ? g.order_id)
    ORDER BY g.profile_id, g.event, g.order_id, m.clicked_at DESC, m.id DESC
), summed AS (
    SELECT profile_id, id, min(at) AS at, sum(value) AS value,
           jsonb_object_agg(order_id, coalesce(value, 0)) AS orders
    FROM matched GROUP BY profile_id, id
)
UPDATE message m SET converted_at = least(m.converted_at, s.at),
       revenue = CASE WHEN s.value IS NULL THEN m.revenue ELSE coalesce(m.revenue, 0) + s.value END,
       data = jsonb_set(m.data, '{orders}', coalesce(m.data->'orders', '{}') || s.orders)
FROM summed s WHERE m.profile_id = s.profile_id AND m.id = s.id
"""
_SUBTRACT = """
WITH given AS (
    SELECT DISTINCT ON (profile_id, mark) * FROM unnest(%(profiles)s::bigint[], %(orders)s::text[],
        %(marks)s::text[], %(values)s::float8[]) AS g(profile_id, order_id, mark, value)
), summed AS (
    SELECT m.profile_id, m.id, sum(g.value) AS value, jsonb_object_agg(g.mark, g.value) AS marks
    FROM given g JOIN message m ON m.profile_id = g.profile_id
    WHERE m.data->'orders' ? g.order_id AND NOT m.data->'orders' ? g.mark
    GROUP BY m.profile_id, m.id
)
UPDATE message m SET revenue = coalesce(m.revenue, 0) + s.value,
       data = jsonb_set(m.data, '{orders}', m.data->'orders' || s.marks)
FROM summed s WHERE m.profile_id = s.profile_id AND m.id = s.id
"""


def credit(cursor: Any, batch: Batch) -> None:
    """Credit the goal events of the batch; one query where no campaign has such a goal."""
    names = {message.name for message in batch.messages if not message.is_history}
    if not names:
        return
    goals = [
        (pk, goal)
        for pk, goal in Campaign.objects.filter(
            goal__event__in=sorted(names), status__in=_LIVE
        ).values_list("pk", "current__goal")
        if goal
    ]
    rows = [
        (m.profile_id, m.name, key_of(m), m.occurred_at, _money(m.value), pk, _window(goal))
        for m in batch.messages
        if not m.is_history
        for pk, goal in goals
        if m.name == goal["event"] and holds(goal.get("where") or [], m.properties)
    ]
    if rows:
        cursor.execute(_CREDIT, _columns(rows, _CREDITS))
    if names.intersection(REVERSALS):
        _reverse(cursor, batch)


_CREDITS = ("profiles", "events", "orders", "times", "values", "campaigns", "windows")


def _columns(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    return dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))


def _reverse(cursor: Any, batch: Batch) -> None:
    """`value` of a refund is negative already; a cancellation without one takes all back."""
    rows = []
    for message in batch.messages:
        order = message.properties.get("order_id")
        if message.name in REVERSALS and order is not None:
            mark = f"{message.name}:{message.message_id}"
            rows.append((message.profile_id, str(order), mark, _money(message.value) or 0.0))
    if rows:
        cursor.execute(_SUBTRACT, _columns(rows, ("profiles", "orders", "marks", "values")))


def key_of(message: Any) -> str:
    """What makes an event one: its order, else its message id."""
    order = message.properties.get("order_id")
    return str(order) if order is not None else f"id:{message.message_id}"


def _money(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _window(goal: Mapping[str, Any]) -> timedelta:
    return duration(goal.get("window"), WINDOW)


def holds(where: Sequence[Mapping[str, Any]], properties: Mapping[str, Any]) -> bool:
    """Whether the properties fit all conditions; a missing one fits only `ne` and `not_in`."""
    return all(_one_holds(condition, properties.get(condition["property"])) for condition in where)


def _one_holds(condition: Mapping[str, Any], value: Any) -> bool:
    op, wanted = condition["op"], condition.get("value")
    if op == "is_set":
        return value is not None
    if value is None:
        return op in ("ne", "not_in")
    if op in ("in", "not_in"):
        return bool(value in (wanted or [])) is (op == "in")
    if op == "contains":
        texts = isinstance(value, str) and isinstance(wanted, str)
        return texts and str(wanted).lower() in value.lower()
    if op in ("eq", "ne"):
        return bool(_same_kind(value, wanted) and value == wanted) is (op == "eq")
    ordered = _same_kind(value, wanted) and not isinstance(value, bool)
    return ordered and _compares(op, value, wanted)


def _compares(op: str, value: Any, wanted: Any) -> bool:
    compare = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
    return bool(compare[op](value, wanted))


def _same_kind(one: Any, other: Any) -> bool:
    """jsonb orders across types; a rule must not."""
    numbers = (int, float)
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    if isinstance(one, numbers):
        return isinstance(other, numbers)
    return isinstance(one, str) and isinstance(other, str)


AFTER_BATCH.register("campaigns.conversions")(credit)

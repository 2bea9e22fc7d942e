"""Conversions: a goal event is credited to the last mail that the person clicked before it.

Our default: the last click of a human within the campaign's window (5 days unless it says
otherwise), each event credited once, opens never. Refunds and cancellations of the
same order subtract, whichever of the two comes in first; once an order does not stand any more
(`profiles.selectors.revenue`), it is no conversion. Runs inside the batch's transaction, set-based.

What a campaign's message was credited with is kept in its `data`:
`orders: {order: {"value", "at", "back": {reversal: its value, or null for all of it}}}`. From it
follow `converted_at` (the first order that stands, or null) and `revenue` (net, or null where no
order has a value), which every figure of conversions and attributed revenue reads.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from campaigns.gate.terms import window_of
from campaigns.models import Campaign
from campaigns.people.announcing import announce_status
from campaigns.people.whose import messages_by
from config.postgres.sql import FALSE, Sql, every
from profiles.calls.limits import MAX_AMOUNT
from profiles.ingest.hooks import AFTER_BATCH, WrittenBatch
from profiles.language.events import PropertyTest, matching, read_where
from profiles.language.question import Question
from profiles.language.reading.reader import Reader
from profiles.people.lineage import ever
from profiles.selectors.revenue import PENNY, WHOLE, revenue_events, takes_all_back

log = logging.getLogger(__name__)


def _summable(number: str) -> str:
    """SQL: the number; NULL where it is too large for sums, as orders of long ago may be."""
    return f"CASE WHEN abs({number}) <= {MAX_AMOUNT} THEN {number} END"


LIVE = (
    Campaign.Status.RUNNING,
    Campaign.Status.PAUSED,
    Campaign.Status.FINISHED,
    Campaign.Status.CANCELLED,
)

# the campaigns' messages of those who did something, whoever they were when it was written
_GIVEN = Sql("(SELECT DISTINCT profile_id FROM given)")
OF_CREDIT = "m.profile_id, m.id, m.campaign_id, m.clicked_at, m.data->'orders' AS orders"
_THEIRS = f"""
theirs AS MATERIALIZED (
    SELECT m.* FROM {messages_by(_GIVEN, OF_CREDIT).text} m
    WHERE m.campaign_id IS NOT NULL AND (m.clicked_at IS NOT NULL OR m.orders IS NOT NULL)
)"""  # noqa: S608 - our own pieces, values are bound
_CREDIT = f"""
WITH given AS (
    SELECT * FROM unnest(%(profiles)s::bigint[], %(events)s::text[], %(orders)s::text[],
        %(times)s::timestamptz[], %(values)s::float8[], %(campaigns)s::bigint[],
        %(windows)s::interval[])
        AS g(profile_id, event, order_id, at, value, campaign_id, within)
), {_THEIRS}, matched AS (
    SELECT DISTINCT ON (g.profile_id, g.event, g.order_id)
           g.order_id, g.at, g.value, g.profile_id AS person, m.profile_id, m.id
    FROM given g JOIN theirs m ON m.person_id = g.profile_id AND m.campaign_id = g.campaign_id
    WHERE m.clicked_at <= g.at AND m.clicked_at > g.at - g.within
      AND NOT EXISTS (SELECT 1 FROM theirs o WHERE o.person_id = g.profile_id
                      AND o.orders ? g.order_id)
    ORDER BY g.profile_id, g.event, g.order_id, m.clicked_at DESC, m.id DESC, g.at
), summed AS (
    SELECT profile_id, id, min(person) AS person, array_agg(order_id) AS keys,
           jsonb_object_agg(order_id, jsonb_build_object('value', value, 'at', at)) AS orders
    FROM matched GROUP BY profile_id, id
)
UPDATE message m SET data = jsonb_set(m.data, '{{orders}}', coalesce(m.data->'orders', '{{}}')
                                                            || s.orders)
FROM summed s WHERE m.profile_id = s.profile_id AND m.id = s.id
RETURNING m.profile_id, m.id, s.person, s.keys
"""  # noqa: S608 - our own pieces, values are bound
# a reversal that came in before the order that it takes back
_EARLIER = f"""
WITH given AS (
    SELECT * FROM unnest(%(people)s::bigint[], %(keys)s::text[]) AS g(profile_id, key)
)
SELECT w.person_id, e.properties->>'order_id', e.name || ':' || e.message_id, e.value, {WHOLE}
FROM {ever(_GIVEN).text} w
JOIN given g ON g.profile_id = w.person_id
JOIN event e ON e.profile_id = w.profile_id AND e.name = ANY(%(reversals)s)
 AND e.properties->>'order_id' = g.key
"""  # noqa: S608 - our own pieces, values are bound
_REVERSE = f"""
WITH given AS (
    SELECT profile_id, order_id, mark, CASE WHEN NOT whole THEN coalesce(value, 0) END AS value
    FROM unnest(%(profiles)s::bigint[], %(orders)s::text[], %(marks)s::text[],
                %(values)s::float8[], %(wholes)s::boolean[])
         AS g(profile_id, order_id, mark, value, whole)
), {_THEIRS}, backs AS (
    SELECT profile_id AS person_id, order_id, jsonb_object_agg(mark, value) AS back
    FROM given GROUP BY 1, 2
), summed AS (
    SELECT m.profile_id, m.id, jsonb_object_agg(b.order_id, b.back) AS backs
    FROM backs b JOIN theirs m ON m.person_id = b.person_id AND m.orders ? b.order_id
    GROUP BY 1, 2
)
UPDATE message m SET data = jsonb_set(m.data, '{{orders}}', (
    SELECT jsonb_object_agg(o.key, CASE WHEN s.backs ? o.key
        THEN o.value || jsonb_build_object('back',
                                           coalesce(o.value->'back', '{{}}') || (s.backs->o.key))
        ELSE o.value END)
    FROM jsonb_each(m.data->'orders') o))
FROM summed s WHERE m.profile_id = s.profile_id AND m.id = s.id
RETURNING m.profile_id, m.id
"""  # noqa: S608 - our own pieces, values are bound
# `left` of an order: its value less what came back; nothing where all of it did
_RECKON = f"""
UPDATE message m SET
    converted_at = (SELECT min(o.at) FROM ({{orders}}) o WHERE NOT o.whole
                     AND (o.value IS NULL OR o.back = 0 OR o.value + o.back > {PENNY})),
    revenue = (SELECT sum(CASE WHEN o.whole THEN 0 ELSE o.value + o.back END)
               FROM ({{orders}}) o WHERE o.value IS NOT NULL)
FROM unnest(%(profiles)s::bigint[], %(messages)s::bigint[]) AS g(profile_id, id)
WHERE m.profile_id = g.profile_id AND m.id = g.id
RETURNING coalesce(m.owner_id, m.profile_id)
"""  # noqa: S608 - our own pieces, values are bound
_ORDERS = f"""
    SELECT (x.value->>'at')::timestamptz AS at,
           {_summable("(x.value->>'value')::float8")} AS value,
           coalesce((SELECT sum({_summable("b.value::float8")})
                     FROM jsonb_each_text(x.value->'back') b), 0) AS back,
           EXISTS (SELECT 1 FROM jsonb_each(x.value->'back') b WHERE b.value = 'null') AS whole
    FROM jsonb_each(m.data->'orders') x"""  # noqa: S608 - our own pieces
Reversal = tuple[int, str, str, float | None, bool]  # profile, order, mark, value, all of it


def credit(cursor: Any, batch: WrittenBatch) -> None:
    """Credit the goal events of the batch; two queries where no campaign has such a goal."""
    names = {message.name for message in batch.messages if not message.is_history}
    given = {message.name for message in batch.messages}
    reversals = revenue_events().reversals
    back = _reversals(batch, reversals) if given.intersection(reversals) else []
    rows = _goals_met(batch, names) if names else []
    write_credits(cursor, rows, back, reversals)


def write_credits(
    cursor: Any,
    rows: Sequence[tuple[Any, ...]],
    back: list[Reversal],
    reversals: Sequence[str],
    changed: Sequence[tuple[int, int]] = (),
) -> None:
    """Credit `rows` (of `credit_row`) and take back what came back; reckon these and `changed`."""
    touched = list(changed)
    if rows:
        cursor.execute(_CREDIT, _columns(rows, _CREDITS))
        credited = cursor.fetchall()
        touched += [row[:2] for row in credited]
        if credited:
            back = back + _earlier(cursor, credited, reversals)
    if back:
        cursor.execute(_REVERSE, _columns(sorted(set(back), key=str), _BACK))
        touched += cursor.fetchall()
    if touched:
        keys = sorted(set(touched))
        cursor.execute(_RECKON.format(orders=_ORDERS), _columns(keys, ("profiles", "messages")))
        announce_status([owner for (owner,) in cursor.fetchall()], "converted")


def _goals_met(batch: WrittenBatch, names: set[str]) -> list[tuple[Any, ...]]:
    goals = [
        (pk, goal)
        for pk, goal in Campaign.objects.filter(
            goal__event__in=sorted(names), status__in=LIVE
        ).values_list("pk", "current__goal")
        if goal
    ]
    return [
        credit_row(m, m.profile_id, pk, goal)
        for pk, goal in goals
        for m in fitting(goal, batch.messages)
    ]


def credit_row(event: Any, person: int, campaign: int, goal: Mapping[str, Any]) -> tuple[Any, ...]:
    """An event that met a campaign's goal, as `write_credits` takes it."""
    at, value = event.occurred_at, _money(event.value)
    return (person, event.name, key_of(event), at, value, campaign, window_of(goal).text)


_CREDITS = ("profiles", "events", "orders", "times", "values", "campaigns", "windows")
_BACK = ("profiles", "orders", "marks", "values", "wholes")


def _columns(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    return dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))


def _reversals(batch: WrittenBatch, names: Sequence[str]) -> list[Reversal]:
    """Those of the batch that name an order; the value of a refund is negative already."""
    return [
        (
            message.profile_id,
            key_of(message),
            f"{message.name}:{message.message_id}",
            _money(message.value),
            takes_all_back(message.name, message.value, message.properties),
        )
        for message in batch.messages
        if message.name in names and message.properties.get("order_id") not in (None, "")
    ]


def _earlier(cursor: Any, credited: Iterable[Any], names: Sequence[str]) -> list[Reversal]:
    pairs = [(person, key) for _profile, _id, person, keys in credited for key in keys]
    values = _columns(pairs, ("people", "keys")) | {"reversals": list(names)}
    cursor.execute(_EARLIER, values)
    return list(cursor.fetchall())


def key_of(message: Any) -> str:
    """What makes an event one: its order, else its message id; `KEY` is the same in SQL."""
    order = message.properties.get("order_id")
    return str(order) if order not in (None, "") else f"id:{message.message_id}"


def _money(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def fitting(goal: Mapping[str, Any], messages: Sequence[Any]) -> list[Any]:
    """Those that are the goal's event and pass its conditions, which segments compare by.

    One query where there are conditions. A goal that was saved before they were checked and that
    cannot be read is nobody's.
    """
    named = [m for m in messages if m.name == goal["event"] and not m.is_history]
    if not named or not goal.get("where"):
        return named
    where = _conditions(goal)
    if where is None:
        return []
    stored = [(m.profile_id, m.occurred_at, m.event_id) for m in named]
    found = matching(goal["event"], where, stored)
    return [m for m in named if m.event_id in found]


def _conditions(goal: Mapping[str, Any]) -> Sequence[PropertyTest] | None:
    reader = Reader(goal, "goal")
    where = read_where(reader)
    reader.notes.look_up()
    if reader.problems:
        log.warning("goal %s: %s", goal["event"], reader.problems[0].path)
        return None
    return where


def fitting_sql(goal: Mapping[str, Any]) -> Sql:
    """`fitting` as a test on the row `e` of event."""
    where = _conditions(goal)
    context = Question(as_of=timezone.now())
    return FALSE if where is None else every(t.test(context, goal["event"]) for t in where)


AFTER_BATCH.register("campaigns.conversions")(credit)

"""Conversions of people who were merged or taken apart: as if it had been known all along.

What one did and another had clicked is one person's after a merge: it is credited now. What came to
a message by an event that is another's after people were taken apart is taken from it. Nothing else
is looked at, so that an order stays credited whose event is no longer kept.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import Campaign
from campaigns.outcomes.conversions import (
    LIVE,
    OF_CREDIT,
    credit_row,
    fitting,
    key_of,
    write_credits,
)
from campaigns.people.whose import messages_by
from config.postgres.sql import sql
from config.postgres.wire import loads
from profiles.models import Source
from profiles.people.lineage import ever, given_people
from profiles.selectors.revenue import revenue_events

_THEIRS = """
SELECT m.* FROM {messages} m
WHERE m.campaign_id IS NOT NULL AND (m.clicked_at IS NOT NULL OR m.orders IS NOT NULL)
"""
# events still lie under whom they came to, until they are rewritten; files have no live effects
_EVENTS = """
SELECT w.person_id, e.profile_id, e.id, e.name, e.occurred_at, e.message_id, e.value, e.properties
FROM {ever} w
JOIN event e ON e.profile_id = w.profile_id AND e.name = ANY({names})
 AND e.occurred_at >= {since}
JOIN source s ON s.id = e.source_id AND s.kind <> {files}
ORDER BY e.occurred_at, e.id
"""
_TAKE = """
UPDATE message m SET data = jsonb_set(m.data, '{orders}', (m.data->'orders') - g.orders::text[])
FROM (SELECT profile_id, id, array_agg(order_id) AS orders
      FROM unnest(%(profiles)s::bigint[], %(messages)s::bigint[], %(orders)s::text[])
           AS g(profile_id, id, order_id) GROUP BY 1, 2) g
WHERE m.profile_id = g.profile_id AND m.id = g.id
"""


@dataclass(frozen=True)
class Stored:
    """A kept event, as far as conversions look at it. `profile_id` is where it lies."""

    person_id: int
    profile_id: int
    event_id: int
    name: str
    occurred_at: datetime
    message_id: str
    value: float | None
    properties: Mapping[str, Any]
    is_history: bool = False


def recredit(cursor: Any, people: Sequence[int]) -> None:
    """Put right what these people, as they are today, are credited with.

    One query where none of them ever clicked in a campaign.
    """
    sql(_THEIRS, messages=messages_by(given_people(people), OF_CREDIT)).on(cursor)
    theirs = [Clicked(*row) for row in cursor.fetchall()]
    goals = _goals({one.campaign_id for one in theirs})
    if not goals:
        return
    sql(
        _EVENTS,
        ever=ever(given_people(people)),
        names=sorted({goal["event"] for goal in goals.values()}),
        since=min(one.since for one in theirs),
        files=Source.Kind.IMPORT,
    ).on(cursor)
    stored = [_stored(row) for row in cursor.fetchall()]
    touched = _take_what_is_anothers(cursor, theirs, stored)
    clicked = {(one.person_id, one.campaign_id) for one in theirs if one.clicked_at}
    rows = [
        credit_row(event, event.person_id, campaign, goal)
        for campaign, goal in goals.items()
        for event in fitting(goal, stored)
        if (event.person_id, campaign) in clicked
    ]
    write_credits(cursor, rows, [], revenue_events().reversals, touched)


@dataclass(frozen=True)
class Clicked:
    """A campaign's message that was clicked, or has been credited with orders."""

    person_id: int
    profile_id: int
    id: int
    campaign_id: int
    clicked_at: datetime | None
    orders_json: Any

    @property
    def orders(self) -> Mapping[str, Any]:
        """By key, what it is credited with."""
        return _read(self.orders_json) if self.orders_json else {}

    @property
    def since(self) -> datetime:
        """Nothing that matters to it happened before."""
        times = [datetime.fromisoformat(one["at"]) for one in self.orders.values()]
        return min([*times, *([self.clicked_at] if self.clicked_at else [])])


def _goals(campaigns: set[int]) -> dict[int, Mapping[str, Any]]:
    rows = Campaign.objects.filter(pk__in=campaigns, status__in=LIVE) if campaigns else ()
    found = dict(rows.values_list("pk", "current__goal")) if rows else {}
    return {number: goal for number, goal in found.items() if goal}


def _take_what_is_anothers(
    cursor: Any, theirs: Sequence[Clicked], stored: Sequence[Stored]
) -> list[tuple[int, int]]:
    owners: dict[str, set[int]] = defaultdict(set)
    for event in stored:
        owners[key_of(event)].add(event.person_id)
    wrong = [
        (one.profile_id, one.id, key)
        for one in theirs
        for key in one.orders
        if owners.get(key) and one.person_id not in owners[key]
    ]
    if wrong:
        profiles, messages, orders = (list(column) for column in zip(*wrong, strict=True))
        given = {"profiles": profiles, "messages": messages, "orders": orders}
        cursor.execute(_TAKE, given)
    return [(profile, message) for profile, message, _key in wrong]


def _stored(row: Sequence[Any]) -> Stored:
    person, place, number, name, at, message_id, value, properties = row
    return Stored(person, place, number, name, at, message_id, value, _read(properties))


def _read(value: Any) -> Any:
    return loads(value) if isinstance(value, str) else value

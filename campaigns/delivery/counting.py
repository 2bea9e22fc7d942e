"""The gate as counts: what fan-out would write, in the same ranges, without writing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.utils import CursorWrapper

from campaigns.delivery.fanout import (
    BETWEEN,
    BORROWERS,
    BORROWS,
    PEOPLE,
    _cuts,
    _high,
    without_borrowers,
)
from campaigns.delivery.gate import BUCKETS, Terms, judged
from campaigns.delivery.terms import Plan, shuffle_of
from campaigns.selectors.earlier import GOT, LATELY, SAME, WOULD_GET, values_of

SAMPLE = 5


@dataclass
class Counted:
    """People by reason ("" would be sent), by variant, and some who would be sent to."""

    reasons: Counter[str] = field(default_factory=Counter)
    variants: dict[str, int] = field(default_factory=dict)
    sample: list[int] = field(default_factory=list)
    same: Counter[str] = field(default_factory=Counter)  # got the same mail before
    lately: Counter[str] = field(default_factory=Counter)  # got marketing lately


_COUNT = """
WITH people AS MATERIALIZED ({people}), judged AS ({judged})
SELECT reason, width_bucket(((bucket * %(arm_a)s::bigint + %(arm_b)s) %% {buckets})::int,
                            %(cuts)s::int[]) AS arm, count(*), min(j.profile_id),
       count(*) FILTER (WHERE {again} AND {same}), count(*) FILTER (WHERE {again} AND {lately})
FROM judged j GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Portion:
    """Some of an audience and what the gate says of each: `people` and `judged` over it, as SQL."""

    people: str
    judged: str
    parameters: Mapping[str, Any]


def own_portion(terms: Terms, low: int, high: int) -> Portion:
    """Everyone of a range with an address of their own, or none."""
    query = judged(terms, "people", narrow=BETWEEN)
    values = {**query.parameters, "segment": terms.segment_id, "low": low, "high": high}
    return Portion(PEOPLE, without_borrowers(query.sql), values)


def borrowing_portion(terms: Terms) -> Portion:
    """The few who have only another person's address: the owner would get it, if the gate lets
    them.
    """
    owners = judged(terms, "owners")
    taken = (
        "r.owner_id IN (WITH owners AS (SELECT o.profile_id FROM identifier o"  # noqa: S608 - pieces of ours, values are bound
        " JOIN membership w ON w.profile_id = o.profile_id AND w.segment_id = %(segment)s"
        " AND w.left_at IS NULL WHERE o.kind = %(kind)s AND o.value IN (SELECT"
        " lower(btrim(b.traits->>%(kind)s)) FROM people x JOIN profile b ON b.id = x.profile_id))"
        f" SELECT profile_id FROM ({owners.sql}) g WHERE g.reason = '')"
    )
    query = judged(terms, "people", borrowed=True, taken=taken)
    people = BORROWERS.format(borrows=BORROWS)
    return Portion(people, query.sql, {**query.parameters, "segment": terms.segment_id})


def portions(cursor: CursorWrapper, terms: Terms, size: int = 0) -> Iterator[Portion]:
    """The whole audience, so many (or RANGE) at a time; each person is in one of them."""
    low = 0
    while (high := _high(cursor, terms.segment_id, low, size)) is not None:
        yield own_portion(terms, low, high)
        low = high
    yield borrowing_portion(terms)


def count_audience(cursor: CursorWrapper, terms: Terms, plan: Plan) -> Counted:
    """Everyone in the segment, by what the gate says of them."""
    found = Counted()
    asked = values_of(plan, terms)
    for portion in portions(cursor, terms):
        _count(cursor, found, plan, portion, asked)
    return found


def _count(
    cursor: CursorWrapper, found: Counted, plan: Plan, portion: Portion, asked: Mapping[str, Any]
) -> None:
    names = [name for name, _share in plan.variants]
    arm_a, arm_b = shuffle_of(f"variant:{plan.campaign.slug}:{plan.step['id']}")
    cursor.execute(
        _COUNT.format(
            people=portion.people,
            judged=portion.judged,
            buckets=BUCKETS,
            again=WOULD_GET,
            same=GOT[SAME],
            lately=GOT[LATELY],
        ),
        {
            **portion.parameters,
            **asked,
            "cuts": _cuts([share for _name, share in plan.variants]),
            "arm_a": arm_a,
            "arm_b": arm_b,
        },
    )
    for reason, arm, count, example, same, lately in cursor.fetchall():
        found.reasons[reason] += count
        found.same[reason] += same
        found.lately[reason] += lately
        if not reason:
            found.variants[names[arm]] = found.variants.get(names[arm], 0) + count
            if len(found.sample) < SAMPLE:
                found.sample.append(example)

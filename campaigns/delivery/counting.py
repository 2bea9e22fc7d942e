"""The gate as counts: what fan-out would write, in the same ranges, without writing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.db.backends.utils import CursorWrapper

from campaigns.delivery.fanout import Portion, _cuts, _high, borrowing_portion, own_portion
from campaigns.delivery.gate import BUCKETS, Terms, judged
from campaigns.delivery.terms import Plan, shuffle_of
from campaigns.selectors.earlier import LATELY, SAME, WOULD_GET, got_before
from config.postgres.sql import Sql, sql
from consent.channels import contact_kind

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
SELECT reason, width_bucket(((bucket * {arm_a}::bigint + {arm_b}) %% {buckets})::int,
                            {cuts}::int[]) AS arm, count(*), min(j.profile_id),
       count(*) FILTER (WHERE {again} AND {same}), count(*) FILTER (WHERE {again} AND {lately})
FROM judged j GROUP BY 1, 2
"""


def would_borrow(terms: Terms) -> Portion:
    """The few who have only another person's address: the owner would get it, if the gate lets
    them.
    """
    taken = sql(
        "r.owner_id IN (WITH owners AS (SELECT o.profile_id FROM identifier o"
        " JOIN membership w ON w.profile_id = o.profile_id AND w.segment_id = {segment}"
        " AND w.left_at IS NULL WHERE o.kind = {kind} AND o.value IN (SELECT"
        " lower(btrim(b.traits->>{kind})) FROM people x JOIN profile b ON b.id = x.profile_id))"
        " SELECT profile_id FROM ({owners}) g WHERE g.reason = '')",
        segment=terms.segment_id,
        kind=contact_kind(terms.channel),
        owners=judged(terms, Sql("owners")),
    )
    return borrowing_portion(terms, taken)


def portions(cursor: CursorWrapper, terms: Terms, size: int = 0) -> Iterator[Portion]:
    """The whole audience, so many (or RANGE) at a time; each person is in one of them."""
    low = 0
    while (high := _high(cursor, terms.segment_id, low, size)) is not None:
        yield own_portion(terms, low, high)
        low = high
    yield would_borrow(terms)


def count_audience(cursor: CursorWrapper, terms: Terms, plan: Plan) -> Counted:
    """Everyone in the segment, by what the gate says of them."""
    found = Counted()
    again = got_before(plan, terms)
    for portion in portions(cursor, terms):
        _count(cursor, found, plan, portion, again)
    return found


def _count(
    cursor: CursorWrapper, found: Counted, plan: Plan, portion: Portion, again: Mapping[str, Sql]
) -> None:
    names = [name for name, _share in plan.variants]
    arm_a, arm_b = shuffle_of(f"variant:{plan.campaign.slug}:{plan.step['id']}")
    sql(
        _COUNT,
        people=portion.people,
        judged=portion.judged,
        buckets=Sql(str(BUCKETS)),
        again=WOULD_GET,
        same=again[SAME],
        lately=again[LATELY],
        cuts=_cuts([share for _name, share in plan.variants]),
        arm_a=arm_a,
        arm_b=arm_b,
    ).on(cursor)
    for reason, arm, count, example, same, lately in cursor.fetchall():
        found.reasons[reason] += count
        found.same[reason] += same
        found.lately[reason] += lately
        if not reason:
            found.variants[names[arm]] = found.variants.get(names[arm], 0) + count
            if len(found.sample) < SAMPLE:
                found.sample.append(example)

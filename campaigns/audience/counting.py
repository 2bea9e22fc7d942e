"""The gate as counts: what fan-out would write, in the same portions, without writing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.backends.utils import CursorWrapper

from campaigns.audience.earlier import LATELY, SAME, WOULD_GET, got_before
from campaigns.audience.portions import Portion, walk
from campaigns.gate.expression import Terms, arm_of
from campaigns.gate.terms import shuffle_of
from campaigns.plan import Plan
from config.postgres.sql import Sql, sql

SAMPLE = 5


@dataclass
class Counted:
    """People by reason ("" would be sent), by variant, and some who would be sent to."""

    reasons: Counter[str] = field(default_factory=Counter)
    details: Counter[tuple[str, str]] = field(default_factory=Counter)  # (reason, more of it)
    variants: dict[str, int] = field(default_factory=dict)
    sample: list[int] = field(default_factory=list)
    same: Counter[str] = field(default_factory=Counter)  # got the same mail before
    lately: Counter[str] = field(default_factory=Counter)  # got marketing lately


_COUNT = """
WITH people AS MATERIALIZED ({people}), judged AS ({judged})
SELECT reason, CASE WHEN reason <> '' THEN detail ELSE '' END AS detail, {arm} AS arm, count(*),
       min(j.profile_id),
       count(*) FILTER (WHERE {again} AND {same}), count(*) FILTER (WHERE {again} AND {lately})
FROM judged j GROUP BY 1, 2, 3
"""


def count_audience(cursor: CursorWrapper, terms: Terms, plan: Plan) -> Counted:
    """Everyone in the segment, by what the gate says of them."""
    found = Counted()
    again = got_before(plan, terms)
    for portion in walk(cursor, terms):
        _count(cursor, found, plan, portion, again)
    return found


def _count(
    cursor: CursorWrapper, found: Counted, plan: Plan, portion: Portion, again: Mapping[str, Sql]
) -> None:
    names = [name for name, _share in plan.variants]
    shuffle = shuffle_of(f"variant:{plan.campaign.slug}:{plan.step['id']}")
    sql(
        _COUNT,
        people=portion.people,
        judged=portion.judged,
        again=WOULD_GET,
        same=again[SAME],
        lately=again[LATELY],
        arm=arm_of([share for _name, share in plan.variants], shuffle),
    ).on(cursor)
    for reason, detail, arm, count, example, same, lately in cursor.fetchall():
        found.reasons[reason] += count
        if detail:
            found.details[reason, detail] += count
        found.same[reason] += same
        found.lately[reason] += lately
        if not reason:
            found.variants[names[arm]] = found.variants.get(names[arm], 0) + count
            if len(found.sample) < SAMPLE:
                found.sample.append(example)

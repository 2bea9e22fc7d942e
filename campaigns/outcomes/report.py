"""The report of a campaign: one aggregate over its messages; control and lift beside it.

What each figure means stands in `campaigns.outcomes.figures`.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from campaigns.gate.expression import ORDER
from campaigns.gate.terms import window_of
from campaigns.models import Campaign
from campaigns.models.message import MessageReason
from campaigns.outcomes.conversions import fitting_sql
from campaigns.outcomes.figures import (
    FIGURES,
    by_reason,
    counted_messages,
    counting,
    kept_counts,
    rates_of,
)
from campaigns.outcomes.measured import MeasuredCounts, measured_by_variant
from campaigns.people.entered import people_in
from campaigns.plan import plan_of
from config.postgres.sql import Sql, run, sql
from config.workspace.zones import workspace_zone
from profiles.people.lineage import living
from profiles.selectors.revenue import KEY, WHOLE, revenue_events, stands

Z_95 = 1.959964
FROZEN, HOLDOUT = MessageReason.FROZEN.value, MessageReason.HOLDOUT.value
OBJECTED = MessageReason.OBJECTED.value


def report(campaign: Campaign) -> dict[str, Any]:
    """The API's report, with the bases of its rates. Seven queries, nine with a control group.

    On a way of several steps `audience` are the people who came to its entry, and who was left out
    is counted at each message.
    """
    mine = counted_messages().filter(campaign_id=campaign.pk)
    said = mine.filter(FIGURES["excluded"]).values_list("reason", "detail").annotate(n=Count("id"))
    details = Counter({(reason, detail): n for reason, detail, n in said})
    rows = {row["variant"]: row for row in _counts(mine)}
    for (variant, reason, detail), n in kept_counts(campaign).items():
        details[reason, detail] += n
        rows.setdefault(variant, _nobody(variant))["audience"] += n
    excluded: Counter[str] = Counter()
    for (reason, _detail), n in details.items():
        excluded[reason] += n
    audience = sum(row["audience"] for row in rows.values())
    came = people_in(campaign)
    if came["entered"]:
        audience = came["entered"]
        excluded += Counter(
            {HOLDOUT: came["control"], FROZEN: came["frozen"], OBJECTED: came["objected"]}
        )
    measured = measured_by_variant(campaign, audience)
    is_enrolled = bool(came["entered"])
    held_out = came["control"] if is_enrolled else excluded.get(HOLDOUT, 0)
    control, lift = control_and_lift(campaign, held_out, is_enrolled=is_enrolled)
    return {
        "audience": audience,
        "excluded": {name: excluded[name] for name in ORDER if name in excluded},
        "excluded_details": by_reason(details),
        **_sum(list(rows.values()), sum(measured.values(), MeasuredCounts())),
        "variants": [
            {"name": name, **_sum([rows[name]], measured.get(name, MeasuredCounts()))}
            for name in sorted(rows)
            if name
        ],
        "control": control,
        "lift": lift,
    }


def _nobody(variant: str) -> dict[str, Any]:
    return {"variant": variant, "audience": 0, "revenue": 0} | dict.fromkeys(FIGURES, 0)


def _counts(mine: Any) -> list[dict[str, Any]]:
    counted = counting(name for name in FIGURES if name != "excluded")
    rows = mine.values("variant").annotate(audience=Count("id"), revenue=Sum("revenue"), **counted)
    return list(rows)


def _sum(rows: list[dict[str, Any]], measured: MeasuredCounts) -> dict[str, Any]:
    names = [name for name in FIGURES if name != "excluded"]
    counts: dict[str, Any] = {name: sum(row[name] for row in rows) for name in names}
    counts |= asdict(measured)
    return {
        **counts,
        "revenue": float(sum(row["revenue"] or 0 for row in rows)),
        "rates": rates_of(counts),
    }


@dataclass(frozen=True)
class ArmFigures:
    """People, buyers, goal events and their value in one arm, attributed or not."""

    people: int
    converted: int
    events: int
    revenue: float

    @property
    def rate(self) -> float:
        """Buyers over people."""
        return self.converted / self.people if self.people else 0.0


# All goal events of both arms in the same window count, attributed or not,
# each order once and less what came back, by the goal's own conditions. The written-to arm is
# everybody whose mail was handed over, as `sent` counts them; a person merged since has events
# elsewhere and is left out, with the husk.
_ARMS = """
WITH arms AS ({arms}), done AS (
    SELECT a.profile_id, {key} AS key, max(e.value) AS value
    FROM arms a JOIN event e ON e.profile_id = a.profile_id AND e.name = {event}
     AND e.occurred_at >= a.since AND e.occurred_at < a.since + {within}::interval
    WHERE e.occurred_at >= {began} AND e.occurred_at < {to} AND {holds}
    GROUP BY 1, 2
), back AS (
    SELECT d.profile_id, d.key, sum(e.value) AS value, bool_or({whole}) AS whole
    FROM done d JOIN event e ON e.profile_id = d.profile_id AND e.name = ANY({reversals})
     AND e.properties->>'order_id' = d.key
    WHERE e.occurred_at >= {began}
    GROUP BY 1, 2
), goals AS (
    SELECT d.profile_id, count(*) FILTER (WHERE {stands}) AS n,
           sum(CASE WHEN b.whole THEN 0 ELSE d.value + coalesce(b.value, 0) END) AS value
    FROM done d LEFT JOIN back b USING (profile_id, key) GROUP BY 1
)
SELECT a.control, count(*), count(g.profile_id) FILTER (WHERE g.n > 0), coalesce(sum(g.n), 0),
       coalesce(sum(g.value), 0)::float8
FROM arms a LEFT JOIN goals g USING (profile_id) GROUP BY 1
"""
_WRITTEN_TO = """
    SELECT m.profile_id, m.state = 'excluded' AS control,
           coalesce(m.sent_at, m.bounced_at, m.queued_at) AS since
    FROM message m JOIN profile p ON p.id = m.profile_id AND {living}
    WHERE m.campaign_id = {campaign} AND NOT m.is_test
      AND (m.reason = 'holdout' OR m.state IN ('sent', 'delivered', 'bounced'))
"""
# On a way of several steps both arms count as they entered, from then on; who was kept from its
# marketing by the workspace's own lot, from the beginning or since, is treated in none.
_ENTERED = """
    SELECT e.profile_id, e.arm = 'control' AS control, e.entered_at AS since
    FROM enrolment e JOIN profile p ON p.id = e.profile_id AND {living}
    WHERE e.campaign_id = {campaign} AND e.end_reason NOT IN ('frozen', 'objected', 'merged')
      AND e.arm <> 'general'
      AND e.id NOT IN (SELECT m.enrolment_id FROM message m WHERE m.campaign_id = {campaign}
                       AND m.reason = 'holdout' AND m.enrolment_id IS NOT NULL)
"""


def control_and_lift(
    campaign: Campaign, held_out: int, *, is_enrolled: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The control arm beside those who were written to, and the difference with its interval."""
    goal = plan_of(campaign).goal
    if not held_out or not goal or campaign.launched_at is None:
        return ({"people": held_out} if held_out else {}), {}
    within, zone = window_of(goal), workspace_zone()
    ends = campaign.finished_at or (timezone.now() if is_enrolled else campaign.launched_at)
    for _once in range(2):  # a mail of the last moment, and an event within its window
        ends = within.after_moment(ends, zone)
    query = sql(
        _ARMS,
        arms=sql(
            _ENTERED if is_enrolled else _WRITTEN_TO, living=Sql(living()), campaign=campaign.pk
        ),
        key=Sql(KEY),
        whole=Sql(WHOLE),
        holds=fitting_sql(goal),
        stands=Sql(stands("d.value", "b.value", "b.whole")),
        event=goal["event"],
        within=within.text,
        began=campaign.launched_at,
        to=ends,
        reversals=revenue_events().reversals,
    )
    arms = {control: ArmFigures(*figures) for control, *figures in run(query)}
    control, treated = (
        arms.get(True, ArmFigures(0, 0, 0, 0)),
        arms.get(False, ArmFigures(0, 0, 0, 0)),
    )
    answer = {
        "people": control.people,
        "converted": control.converted,
        "rate": control.rate,
        "revenue": control.revenue,
    }
    return answer, lift_of(treated, control)


def lift_of(treated: ArmFigures, control: ArmFigures) -> dict[str, Any]:
    """Difference of rates with a 95 % interval, change and increments.

    Increments compare with the control scaled to the size of those who were written to. The
    interval is Newcombe's, of Wilson's for each arm: in small arms, and where nobody or everybody
    did it, it stays as wide as what is known.
    Source: Newcombe, Statistics in Medicine 17 (1998), method 10.
    """
    if not treated.people or not control.people:
        return {}
    difference = treated.rate - control.rate
    (least, most), (low, high) = _wilson(treated), _wilson(control)
    below = sqrt((treated.rate - least) ** 2 + (high - control.rate) ** 2)
    above = sqrt((most - treated.rate) ** 2 + (control.rate - low) ** 2)
    scale = treated.people / control.people
    return {
        "people": treated.people,
        "rate": treated.rate,
        "control_rate": control.rate,
        "difference": difference,
        "low": difference - below,
        "high": difference + above,
        "change": difference / control.rate if control.rate else None,
        "incremental_conversions": treated.converted - control.converted * scale,
        "incremental_revenue": treated.revenue - control.revenue * scale,
    }


def _wilson(arm: ArmFigures) -> tuple[float, float]:
    """Between which shares the true one of an arm is, with 95 %."""
    n, rate, square = arm.people, arm.rate, Z_95**2
    middle = rate + square / (2 * n)
    half = Z_95 * sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return (middle - half) / (1 + square / n), (middle + half) / (1 + square / n)

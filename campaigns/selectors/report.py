"""The report of a campaign: one aggregate over its messages; control and lift beside it."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

from django.db import connection

from campaigns.delivery.gate import ORDER
from campaigns.delivery.terms import WINDOW_DAYS, duration
from campaigns.models import Campaign

Z_95 = 1.959964

_COUNTS = """
SELECT variant, state, CASE WHEN state = 'excluded' THEN reason ELSE '' END AS reason, count(*),
       count(*) FILTER (WHERE sent_at IS NOT NULL AND state <> 'bounced'),
       count(*) FILTER (WHERE opened_at IS NOT NULL),
       count(*) FILTER (WHERE opened_at IS NULL AND machine_opened_at IS NOT NULL),
       count(*) FILTER (WHERE clicked_at IS NOT NULL),
       count(*) FILTER (WHERE clicked_at IS NULL AND machine_clicked_at IS NOT NULL),
       count(*) FILTER (WHERE unsubscribed_at IS NOT NULL),
       count(*) FILTER (WHERE complained_at IS NOT NULL),
       count(*) FILTER (WHERE converted_at IS NOT NULL),
       coalesce(sum(revenue), 0)::float8
FROM message WHERE campaign_id = %s AND NOT is_test
GROUP BY 1, 2, 3
"""
NAMES = (
    "delivered",
    "opened",
    "machine_opened",
    "clicked",
    "machine_clicked",
    "unsubscribed",
    "complained",
    "converted",
    "revenue",
)
STATES = ("queued", "handing_over", "sent", "bounced", "failed", "unknown", "cancelled")


def report(campaign: Campaign) -> dict[str, Any]:
    """api.md's report. `sent` counts all that the provider took, bounces included; `delivered` is
    `sent` less bounces. Two queries, four with a control group.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [campaign.pk])
        rows = cursor.fetchall()
    whole = _sum(rows)
    excluded: dict[str, int] = {}
    for _variant, state, reason, count, *_rest in rows:
        if state == "excluded":
            excluded[reason] = excluded.get(reason, 0) + count
    audience = sum(row[3] for row in rows)
    control, lift = control_and_lift(campaign, excluded.get("holdout", 0))
    return {
        "audience": audience,
        "excluded": {name: excluded[name] for name in ORDER if name in excluded},
        **whole,
        "variants": _variants(rows),
        "control": control,
        "lift": lift,
    }


def _sum(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    states = dict.fromkeys(STATES, 0)
    totals: dict[str, Any] = dict.fromkeys(NAMES, 0)
    for _variant, state, _reason, count, *figures in rows:
        if state in states:
            states[state] += count
        elif state == "delivered":
            states["sent"] += count
        for name, figure in zip(NAMES, figures, strict=True):
            totals[name] += figure
    bounced = states["bounced"]
    return {
        "queued": states["queued"] + states["handing_over"],
        "sent": states["sent"] + bounced,
        "delivered": states["sent"],
        **{name: totals[name] for name in NAMES if name != "delivered"},
        "bounced": bounced,
        "failed": states["failed"],
        "unknown": states["unknown"],
        "cancelled": states["cancelled"],
    }


def _variants(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    names = sorted({row[0] for row in rows if row[0]})
    return [{"name": name, **_sum([r for r in rows if r[0] == name])} for name in names]


@dataclass(frozen=True)
class Arm:
    """People, buyers, goal events and their value in one arm, attributed or not."""

    people: int
    converted: int
    events: int
    revenue: float

    @property
    def rate(self) -> float:
        """Buyers over people."""
        return self.converted / self.people if self.people else 0.0


# All goal events of both arms in the same window count, attributed or not (semantics.md section 6);
# a person merged since has events elsewhere and is left out, with the husk.
_ARMS = """
WITH arms AS (
    SELECT m.profile_id, m.state = 'excluded' AS control,
           CASE WHEN m.state = 'excluded' THEN m.queued_at ELSE m.sent_at END AS since
    FROM message m JOIN profile p ON p.id = m.profile_id AND p.state <> 'erased'
    WHERE m.campaign_id = %(campaign)s AND (m.reason = 'holdout' OR m.sent_at IS NOT NULL)
), goals AS (
    SELECT a.profile_id, count(*) AS n, sum(e.value) AS value
    FROM arms a JOIN event e ON e.profile_id = a.profile_id AND e.name = %(event)s
     AND e.occurred_at >= a.since AND e.occurred_at < a.since + %(within)s
    WHERE e.occurred_at >= %(from)s AND e.occurred_at < %(to)s
    GROUP BY 1
)
SELECT a.control, count(*), count(g.profile_id), coalesce(sum(g.n), 0),
       coalesce(sum(g.value), 0)::float8
FROM arms a LEFT JOIN goals g USING (profile_id) GROUP BY 1
"""


def control_and_lift(campaign: Campaign, held_out: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The control arm beside those who were written to, and the difference with its interval."""
    goal = campaign.current.goal if campaign.current else campaign.goal
    if not held_out or not goal or campaign.launched_at is None:
        return ({"people": held_out} if held_out else {}), {}
    within = duration(goal.get("window"), WINDOW_DAYS)
    ends = (campaign.finished_at or campaign.launched_at) + within + within
    values: dict[str, Any] = {
        "campaign": campaign.pk,
        "event": goal["event"],
        "within": within,
        "from": campaign.launched_at,
        "to": ends,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ARMS, values)
        arms = {control: Arm(*figures) for control, *figures in cursor.fetchall()}
    control, treated = arms.get(True, Arm(0, 0, 0, 0)), arms.get(False, Arm(0, 0, 0, 0))
    answer = {
        "people": control.people,
        "converted": control.converted,
        "rate": control.rate,
        "revenue": control.revenue,
    }
    return answer, lift_of(treated, control)


def lift_of(treated: Arm, control: Arm) -> dict[str, Any]:
    """Difference of rates with a 95 % interval (normal approximation), change and increments.

    Increments compare with the control scaled to the size of those who were written to.
    """
    if not treated.people or not control.people:
        return {}
    difference = treated.rate - control.rate
    spread = Z_95 * sqrt(
        treated.rate * (1 - treated.rate) / treated.people
        + control.rate * (1 - control.rate) / control.people
    )
    scale = treated.people / control.people
    return {
        "people": treated.people,
        "rate": treated.rate,
        "control_rate": control.rate,
        "difference": difference,
        "low": difference - spread,
        "high": difference + spread,
        "change": difference / control.rate if control.rate else None,
        "incremental_conversions": treated.converted - control.converted * scale,
        "incremental_revenue": treated.revenue - control.revenue * scale,
    }

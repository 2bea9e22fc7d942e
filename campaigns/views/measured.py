"""The base of every rate of a report: those whose opens and clicks we may measure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from campaigns.models import Campaign
from campaigns.models.message import State
from campaigns.views.reasons import label_of
from consent.models import Purpose
from consent.selectors.reach import judged_addresses
from profiles.selectors.masking import mask_stray

MEASURING = "measuring"
SHOWN = 8
READ = 500  # different words of a provider


@dataclass(frozen=True)
class Measured:
    """`base` may be measured, `unmeasured` were delivered without; the outcomes that went wrong."""

    base: int = 0
    unmeasured: int = 0
    unknown_opens: int = 0
    setbacks: list[tuple[str, str, str, int]] = field(default_factory=list)


_DELIVERED = """
SELECT m.profile_id, m.id, m.address, NULL::bytea AS digest, '' AS deliverability,
       (m.opened_at IS NOT NULL OR m.machine_opened_at IS NOT NULL OR m.clicked_at IS NOT NULL
        OR m.machine_clicked_at IS NOT NULL OR m.data ? 'unknown_open') AS seen,
       (m.data ? 'unknown_open' AND m.opened_at IS NULL AND m.machine_opened_at IS NULL) AS unknown
FROM message m
WHERE m.campaign_id = %(campaign)s AND NOT m.is_test AND m.state IN ('sent', 'delivered')
"""
_BASE = """
SELECT count(*) FILTER (WHERE entry_id IS NOT NULL OR seen), count(*) FILTER (WHERE unknown)
FROM ({}) q
"""
_SETBACKS = """
SELECT state, reason, count(*) FROM message
WHERE campaign_id = %s AND NOT is_test AND state IN ('bounced', 'failed', 'unknown')
GROUP BY 1, 2 ORDER BY 3 DESC LIMIT %s
"""


def measured_of(campaign: Campaign, data: dict[str, Any]) -> Measured:
    """Who may be measured by the permissions of now, and whoever was; at most three queries."""
    if not data["delivered"] and not any(data[name] for name in ("bounced", "failed", "unknown")):
        return Measured()
    base, unknown = _counted(campaign)
    with connection.cursor() as cursor:
        cursor.execute(_SETBACKS, [campaign.pk, READ])
        setbacks = _grouped(cursor.fetchall())
    return Measured(base, max(data["delivered"] - base, 0), unknown, setbacks)


def _grouped(rows: Sequence[tuple[str, str, int]]) -> list[tuple[str, str, str, int]]:
    """By what the provider said; addresses in it are masked, so that they part nothing."""
    counts: Counter[tuple[str, str]] = Counter()
    for state, reason, count in rows:
        counts[state, str(mask_stray(reason))] += count
    return [
        (state, str(State(state).label), str(label_of(word)), count)
        for (state, word), count in counts.most_common(SHOWN)
    ]


def _counted(campaign: Campaign) -> tuple[int, int]:
    purpose = Purpose.objects.filter(slug=MEASURING).first()
    if purpose is None:
        return 0, 0
    query = judged_addresses(_DELIVERED, purpose=purpose, channel="email")
    with connection.cursor() as cursor:
        cursor.execute(_BASE.format(query.sql), {**query.parameters, "campaign": campaign.pk})
        base, unknown = cursor.fetchone()
    return base, unknown

"""What a report shows beside its counts: who could be measured, and what went wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from campaigns.models import Campaign
from campaigns.models.message import MessageReason, MessageState
from campaigns.pages.reasons import label_of
from profiles.selectors.masking import Shown, mask_text

SHOWN = 8
READ = 500  # different words of a provider


@dataclass(frozen=True)
class ReportBase:
    """`base` could be measured, `unmeasured` were delivered without; what went wrong."""

    base: int = 0
    unmeasured: int = 0
    unknown_opens: int = 0
    setbacks: list[tuple[str, str, str, int]] = field(default_factory=list)


_SETBACKS = """
SELECT state, reason, count(*) FROM message
WHERE campaign_id = %s AND NOT is_test AND state IN ('bounced', 'failed', 'unknown')
GROUP BY 1, 2 ORDER BY 3 DESC LIMIT %s
"""


def measured_of(campaign: Campaign, data: dict[str, Any], shown: Shown) -> ReportBase:
    """From the figures of `data`, which is the campaign's report; at most one query."""
    setbacks: list[tuple[str, str, str, int]] = []
    if any(data[name] for name in ("bounced", "failed", "unknown")):
        with connection.cursor() as cursor:
            cursor.execute(_SETBACKS, [campaign.pk, READ])
            setbacks = _grouped(cursor.fetchall(), shown)
    return ReportBase(data["measured"], data["unmeasured"], data["unknown_opened"], setbacks)


def _grouped(rows: Sequence[tuple[str, str, int]], shown: Shown) -> list[tuple[str, str, str, int]]:
    """By what the provider said; addresses in it are masked, so that they part nothing."""
    counts: Counter[tuple[str, str]] = Counter()
    for state, reason, count in rows:
        said = reason if reason in MessageReason.values else shown.said(mask_text(reason))
        counts[state, said] += count
    return [
        (state, str(MessageState(state).label), str(label_of(word)), count)
        for (state, word), count in counts.most_common(SHOWN)
    ]

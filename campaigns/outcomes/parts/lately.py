"""A campaign against the last ten like it: sent before it, on the same channel.

Rates have bases that are the same for all of them whatever people permit to measure: a share of
those who were measured would compare policies, not mails.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from campaigns.models import Campaign
from campaigns.outcomes.figures import RATES, counted_messages, counting
from campaigns.plan import channel_of

LAST: Final = 10
CANDIDATES: Final = 3 * LAST  # looked at, since some were sent on other channels, or to nobody
# rate -> (what is counted, of what): those of the report, and clicks of all who were delivered to
SHARES: Final[dict[str, tuple[str, str]]] = {
    "click": ("clicked", "delivered"),
    **{rate: RATES[rate] for rate in ("unsubscribe", "bounce", "complaint")},
}


@dataclass(frozen=True)
class Standing:
    """A rate of a campaign beside those of others; `usual` is the one in the middle of theirs."""

    rate: str
    value: float
    counted: int
    base: int
    others: Sequence[tuple[Campaign, float]]
    usual: float

    @property
    def place(self) -> int:
        """The how-manieth it is of all, the highest first."""
        return 1 + sum(value > self.value for _campaign, value in self.others)


def standings(campaign: Campaign) -> list[Standing]:
    """Of each rate that it has; none where it was the first of its kind. Two queries."""
    before = Campaign.objects.filter(launched_at__lt=campaign.launched_at)
    rows = before.select_related("current").order_by("-launched_at")[:CANDIDATES]
    alike = [one for one in rows if channel_of(one) == channel_of(campaign)]
    names = {name for pair in SHARES.values() for name in pair}
    asked = counted_messages().filter(campaign_id__in=[campaign.pk, *(one.pk for one in alike)])
    rows_of: Any = asked.values("campaign_id").annotate(**counting(names))
    counts: dict[int, dict[str, int]] = {row["campaign_id"]: row for row in rows_of}
    others = [one for one in alike if counts.get(one.pk, {}).get("sent")][:LAST]
    mine = counts.get(campaign.pk)
    if mine is None or not others:
        return []
    found = []
    for rate, (name, base) in SHARES.items():
        theirs = [
            (one, counts[one.pk][name] / counts[one.pk][base])
            for one in others
            if counts[one.pk][base]
        ]
        if theirs and mine[base]:
            value = mine[name] / mine[base]
            usual = _middle([share for _campaign, share in theirs])
            found.append(Standing(rate, value, mine[name], mine[base], theirs, usual))
    return found


def _middle(values: Sequence[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2

"""The figures of campaigns: each defined here once, for every list, report, log and API answer.

A figure counts messages; in a campaign with one message everybody has one, so they are people too,
and where there are several `campaigns.people.entered` counts the people. Tests
(`is_test`) count nowhere. What is counted:

- `audience`: everybody who was in the segment when the campaign went through it.
- `excluded`: who got nothing, by the one reason why not. Long after the campaign their messages are
  gone, and `kept_counts` has how many they were (`campaigns.pruning`).
- `sent`: handed over and taken by the provider, bounces included.
- `delivered`: `sent` less bounces.
- `measured`: of the delivered, those whose opens and clicks could be measured, since they allowed
  it when the mail left, and whoever was seen to open or click; the base of `open` and `click`.
- `opened`, `clicked`: by a person; `machine_opened`, `machine_clicked`: by machines alone.
- `converted`: the person clicked and then did the goal, and at least one order of it still stands
  (`profiles.selectors.revenue`): what was given back whole is no conversion.
- `revenue`: attributed revenue, the value of those orders less what came back, in workspace
  currency; a person's last click before an order gets it, each order once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet

from campaigns.models import Campaign, ExcludedCount, Message
from campaigns.models.message import MessageState

FIGURES: dict[str, Q] = {
    "sent": Q(state__in=[MessageState.SENT, MessageState.DELIVERED, MessageState.BOUNCED]),
    "delivered": Q(state__in=[MessageState.SENT, MessageState.DELIVERED]),
    "queued": Q(state__in=[MessageState.QUEUED, MessageState.HANDING_OVER]),
    "excluded": Q(state=MessageState.EXCLUDED),
    "bounced": Q(state=MessageState.BOUNCED),
    "failed": Q(state=MessageState.FAILED),
    "unknown": Q(state=MessageState.UNKNOWN),
    "cancelled": Q(state=MessageState.CANCELLED),
    "opened": Q(opened_at__isnull=False),
    "machine_opened": Q(opened_at=None, machine_opened_at__isnull=False),
    "clicked": Q(clicked_at__isnull=False),
    "machine_clicked": Q(clicked_at=None, machine_clicked_at__isnull=False),
    "unsubscribed": Q(unsubscribed_at__isnull=False),
    "complained": Q(complained_at__isnull=False),
    "converted": Q(converted_at__isnull=False),
}
# rate -> (what is counted, of what)
RATES: dict[str, tuple[str, str]] = {
    "open": ("opened", "measured"),
    "click": ("clicked", "measured"),
    "conversion": ("converted", "measured"),
    "unsubscribe": ("unsubscribed", "delivered"),
    "bounce": ("bounced", "sent"),
    "complaint": ("complained", "delivered"),
}


def counting(names: Iterable[str]) -> dict[str, Count]:
    """Aggregates for these figures."""
    return {name: Count("id", filter=FIGURES[name]) for name in names}


def counted_messages() -> QuerySet[Message]:
    """All messages that figures are made of, in no order."""
    return Message.objects.filter(is_test=False).order_by()


def kept_counts(campaign: Campaign) -> Counter[tuple[str, str, str]]:
    """How many got nothing by (variant, reason, more of it), of those whose messages are not kept;
    a query.
    """
    rows = ExcludedCount.objects.filter(campaign=campaign)
    kept = rows.values_list("variant", "reason", "detail", "n")
    return Counter({(variant, reason, detail): n for variant, reason, detail, n in kept})


def by_reason(counts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    """By reason what is known more closely of how many, the most first."""
    found: dict[str, dict[str, int]] = {}
    for (reason, detail), n in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        if detail and n:
            found.setdefault(reason, {})[detail] = n
    return found


def rates_of(counts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`{rate: {"value", "base"}}`; a value is from 0 to 1, or None where its base is nobody."""
    return {
        rate: {
            "value": counts[counted] / counts[base] if counts[base] else None,
            "base": counts[base],
        }
        for rate, (counted, base) in RATES.items()
    }

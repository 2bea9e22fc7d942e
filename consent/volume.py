"""Volume preference: "at most one a week", held by the gate as a contact frequency of one's own."""

import time
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.workspace.frequency import Frequency
from consent.channels import contact_kind
from consent.models import OwnLimit
from profiles.models import Identifier

KEPT_SECONDS = 5.0
# what the preference page offers; any other may come by the API
OFFERED: Final = (Frequency(1, 7), Frequency(1, 30))
MOST_DAYS: Final = 366


@dataclass
class _Kept:
    is_there: bool = False
    until: float = 0.0


_kept = _Kept()


def is_any() -> bool:
    """Whether anybody has one: else the gate asks nothing. One query in five seconds."""
    now = time.monotonic()
    if not _kept.is_there and now >= _kept.until:
        _kept.is_there, _kept.until = OwnLimit.objects.exists(), now + KEPT_SECONDS
    return _kept.is_there


def forget_limits() -> None:
    """Ask again next time (after a change, and between tests)."""
    _kept.is_there, _kept.until = False, 0.0


@transaction.atomic
def set_limit(profile_id: int, channel: str, address: str, limit: Frequency | None) -> None:
    """In place of the one of before; None is as often as we write. Two or three queries."""
    identifier = _identifier(profile_id, channel, address)
    OwnLimit.objects.filter(
        profile_id=profile_id, channel=channel, identifier_id__in=(0, identifier)
    ).delete()
    if limit is not None:
        OwnLimit.objects.create(
            profile_id=profile_id,
            identifier_id=identifier,
            channel=channel,
            count=limit.count,
            per_days=limit.per_days,
            set_at=timezone.now(),
        )
    forget_limits()


def _identifier(profile_id: int, channel: str, address: str) -> int:
    rows = Identifier.objects.filter(
        profile_id=profile_id, kind=contact_kind(channel), value=address
    )
    return rows.values_list("pk", flat=True).first() or 0


def limit_of(profile_id: int, channel: str) -> Frequency | None:
    """The strictest that somebody has on a channel. One query."""
    return limits_of_person(profile_id).get(channel)


def limits_of_person(profile_id: int) -> dict[str, Frequency]:
    """By channel, as the gate holds them. One query."""
    found: dict[str, Frequency] = {}
    for row in OwnLimit.objects.filter(profile_id=profile_id).order_by("channel"):
        known = found.get(row.channel, Frequency(row.count, row.per_days))
        found[row.channel] = Frequency(
            min(known.count, row.count), max(known.per_days, row.per_days)
        )
    return found


def evidence_of(limit: Frequency | None) -> str:
    """As the ledger keeps it: "1/7", "" for no limit."""
    return f"{limit.count}/{limit.per_days}" if limit else ""


def limit_said(kept: str) -> Frequency | None:
    """What `evidence_of` keeps, read again; None where it is none."""
    count, _slash, days = kept.partition("/")
    if not (count.isdigit() and days.isdigit()):
        return None
    return Frequency(int(count), int(days))


def in_words(limit: Frequency) -> str:
    """As the person reads it."""
    if limit == OFFERED[0]:
        return _("At most one a week")
    if limit == OFFERED[1]:
        return _("At most one a month")
    words = ngettext(
        "At most %(n)d within %(days)d days", "At most %(n)d within %(days)d days", limit.count
    )
    return words % {"n": limit.count, "days": limit.per_days}

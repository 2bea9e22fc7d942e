"""Volume preference: "at most one a week", held by the gate as a contact frequency of one's own."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.postgres.sql import sql
from config.workspace.frequency import Frequency
from consent.channels import contact_kind
from consent.models import OwnLimit
from profiles.models import Identifier

KEPT_SECONDS = 5.0
# what the preference page offers; any other may come by the API
OFFERED: Final = (Frequency(1, 7), Frequency(1, 30))
MOST_DAYS: Final = 366
_IDENTIFIER: Final = ("profile_id", "kind", "value", "pk")
_TAKE_BACK: Final = """
DELETE FROM own_limit o
USING unnest({people}::bigint[], {channels}::text[], {identifiers}::bigint[])
      AS g(profile_id, channel, identifier_id)
WHERE o.profile_id = g.profile_id AND o.channel = g.channel
  AND o.identifier_id IN (0, g.identifier_id)
"""


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


@dataclass(frozen=True)
class ChosenLimit:
    """What somebody chose for an address on a channel; None is as often as we write."""

    profile_id: int
    channel: str
    address: str
    limit: Frequency | None


@transaction.atomic
def set_limits(chosen: Sequence[ChosenLimit]) -> None:
    """In place of those of before; of several for one address the last counts. Three queries."""
    if not chosen:
        return
    ids = _identifiers(chosen)
    wanted: dict[tuple[int, str, int], Frequency | None] = {}
    for one in chosen:
        number = ids.get((one.profile_id, contact_kind(one.channel), one.address), 0)
        # what was chosen for no address of theirs ends with any later choice
        wanted.pop((one.profile_id, one.channel, 0), None)
        wanted[one.profile_id, one.channel, number] = one.limit
    people, channels, numbers = (list(column) for column in zip(*sorted(wanted), strict=True))
    with connection.cursor() as cursor:
        sql(_TAKE_BACK, people=people, channels=channels, identifiers=numbers).on(cursor)
    now = timezone.now()
    OwnLimit.objects.bulk_create(
        OwnLimit(
            profile_id=person,
            identifier_id=number,
            channel=channel,
            count=limit.count,
            per_days=limit.per_days,
            set_at=now,
        )
        for (person, channel, number), limit in wanted.items()
        if limit is not None
    )
    forget_limits()


def _identifiers(chosen: Sequence[ChosenLimit]) -> dict[tuple[int, str, str], int]:
    rows = Identifier.objects.filter(
        profile_id__in={one.profile_id for one in chosen},
        value__in={one.address for one in chosen},
    )
    return {(p, kind, value): pk for p, kind, value, pk in rows.values_list(*_IDENTIFIER)}


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

"""Against form bombing: how often an address is asked, and how many a caller has asked.

Whoever fills in other people's addresses, in one form or in a thousand, has our mails annoy them.
So few go to one address and few come from one network, whatever the form; what is not sent is
answered with its reason, and counted for Home.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.postgres.sql import run, sql
from config.workspace.work.pruning import PORTION, PRUNERS, deleted
from config.workspace.zones import today
from consent.models import UnaskedCount
from consent.suppression.suppressing import silenced

A_DAY: Final = 3  # mails to one address
APART: Final = timedelta(minutes=10)  # and no two within
AN_HOUR: Final = 20  # mails that one network caused
TOO_SOON, TOO_MANY, TOO_MANY_BY = "too_soon", "too_many_for_address", "too_many_from_caller"
SUPPRESSED, NO_ADDRESS = "suppressed", "no_address"
REASONS: Final[dict[str, str | Promise]] = {
    TOO_SOON: _("A mail went to this address some minutes ago."),
    TOO_MANY: _("Enough mails went to this address today."),
    TOO_MANY_BY: _("Too many addresses were given from this network."),
    SUPPRESSED: _("This address does not take mails from us."),
    NO_ADDRESS: _("There is no address to ask."),
}
_ASKED = """
SELECT digest, count(*), max(asked_at) FROM confirmation
WHERE digest = ANY({digests}::bytea[]) AND asked_at > {since} GROUP BY 1
"""
_BY_CALLER = """
SELECT caller, count(*) FROM confirmation
WHERE caller = ANY({callers}::bytea[]) AND asked_at > {since} GROUP BY 1
"""
_COUNT = """
INSERT INTO unasked_count AS c (day, reason, n)
SELECT {day}::date, reason, n FROM unnest({reasons}::text[], {numbers}::int[]) AS g(reason, n)
ORDER BY 2 ON CONFLICT (day, reason) DO UPDATE SET n = c.n + excluded.n
"""
_OLD = (
    "DELETE FROM unasked_count WHERE id IN (SELECT id FROM unasked_count WHERE day < %s LIMIT %s)"
)


class AskingLimits:
    """What may still be asked, over a list of addresses and their callers. Three queries."""

    def __init__(self, asked: Sequence[tuple[bytes, bytes | None]], now: datetime) -> None:
        digests = sorted({digest for digest, _caller in asked})
        callers = sorted({caller for _digest, caller in asked if caller})
        self.now = now
        rows = run(sql(_ASKED, digests=digests, since=now - timedelta(days=1)))
        self.counts = Counter({bytes(digest): n for digest, n, _last in rows})
        self.last = {bytes(digest): last for digest, _n, last in rows}
        found = run(sql(_BY_CALLER, callers=callers, since=now - timedelta(hours=1)))
        self.by_caller = Counter({bytes(caller): n for caller, n in found})
        silent = silenced("email", digests).values_list("digest", flat=True)
        self.silent = {bytes(digest) for digest in silent}

    def take(self, digest: bytes, caller: bytes | None) -> str:
        """Why this one is not asked; "" where it is, which is counted."""
        if digest in self.silent:
            return SUPPRESSED
        if self.counts[digest] >= A_DAY:
            return TOO_MANY
        if digest in self.last and self.now - self.last[digest] < APART:
            return TOO_SOON
        if caller and self.by_caller[caller] >= AN_HOUR:
            return TOO_MANY_BY
        self.counts[digest] += 1
        self.last[digest] = self.now
        if caller:
            self.by_caller[caller] += 1
        return ""


def count_unasked(reasons: Iterable[str]) -> None:
    """For Home. One statement, none where nothing was kept back."""
    found = Counter(reasons)
    if found:
        with connection.cursor() as cursor:
            sql(_COUNT, day=today(), reasons=list(found), numbers=list(found.values())).on(cursor)


def unasked_lately(days: int = 1) -> dict[str, int]:
    """How many were not sent today and on the days before, by reason. One query."""
    since = today() - timedelta(days=days)
    rows = UnaskedCount.objects.filter(day__gte=since).values_list("reason", "n")
    found: Counter[str] = Counter()
    for reason, n in rows:
        found[reason] += n
    return dict(found)


@PRUNERS.register("unasked_counts")
def prune(now: datetime) -> int:
    """Counts of a year ago."""
    return deleted(_OLD, [timezone.localdate(now) - timedelta(days=366), PORTION])

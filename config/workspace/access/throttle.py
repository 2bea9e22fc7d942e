"""Tries that are counted in the table of log-ins: beyond a limit one waits, and nothing is done.

Counted before anything is looked at, so that tries at one moment are not all the first one.
"""

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from config.workspace.models import SignInAttempt

WINDOW = timedelta(minutes=15)
COUNT = """
    INSERT INTO sign_in_attempt AS a (kind, digest, failures, since, last_at)
    SELECT kind, digest, 1, %(now)s, %(now)s FROM unnest(%(kinds)s::text[], %(digests)s::bytea[])
        AS one(kind, digest) ORDER BY kind, digest
    ON CONFLICT (kind, digest) DO UPDATE SET last_at = %(now)s,
        failures = CASE WHEN a.since <= %(begin)s THEN 1 ELSE a.failures + 1 END,
        told_at = CASE WHEN a.since <= %(begin)s THEN NULL ELSE a.told_at END,
        since = CASE WHEN a.since <= %(begin)s THEN %(now)s ELSE a.since END
"""


def locked(digests: Collection[bytes]) -> dict[str, SignInAttempt]:
    """The counts of these digests by kind, locked until the transaction ends."""
    rows = SignInAttempt.objects.select_for_update().filter(digest__in=list(digests))
    return {row.kind: row for row in rows.order_by("kind", "digest")}


def count(digests: Mapping[str, bytes], now: datetime) -> None:
    """One more of each."""
    values: dict[str, Any] = {
        "now": now,
        "begin": now - WINDOW,
        "kinds": list(digests),
        "digests": list(digests.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)


def take_back(digests: Collection[bytes]) -> None:
    """One less of each: it did not count."""
    rows = SignInAttempt.objects.filter(digest__in=list(digests)).order_by("kind", "digest")
    for number in rows.values_list("pk", flat=True):
        counted = SignInAttempt.objects.filter(pk=number, failures__gt=0)
        counted.update(failures=F("failures") - 1)


def seconds(left: timedelta) -> int:
    """Whole seconds, at least 0."""
    return max(math.ceil(left.total_seconds()), 0)


@transaction.atomic
def seconds_to_wait(limits: Mapping[str, tuple[bytes, int]]) -> int:
    """0: it is counted under each kind, whose digest and limit in WINDOW are given. Else how long.

    Two statements.
    """
    now, digests = timezone.now(), {kind: digest for kind, (digest, _limit) in limits.items()}
    found = locked(digests.values())
    for kind, (_digest, limit) in limits.items():
        row = found.get(kind)
        if row is not None and row.failures >= limit and row.since > now - WINDOW:
            return seconds(row.since + WINDOW - now)
    count(digests, now)
    return 0

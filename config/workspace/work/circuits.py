"""Which servers of others are left alone for now: rows, so that all workers know.

A server that gave no answer costs the next one who tries as much again. So whoever meets it opens
its circuit: until `retry_at` nobody tries; then one worker tries one thing (half open), which
closes it or makes it wait twice as long. A server that works has no row.
"""

import logging
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from config.workspace.models import Circuit
from config.workspace.work.reasons import provider_word

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 10, 300
FAR_SECONDS = 2 * LONGEST_PAUSE_SECONDS  # no pause is as long: the clock was set back
TRY_SECONDS = 120  # that one try takes at most; whoever tries may have been killed
log = logging.getLogger("rapport.work")


class Turn(Enum):
    """What may be tried at a server."""

    ALL = "all"
    ONE = "one"  # half open: one thing, to see


def is_open(server: str, now: datetime) -> bool:
    """Whether nobody may try before a later moment. One look-up by key."""
    return Circuit.objects.filter(server=server).exclude(_is_over(now)).exists()


def take_turn(server: str, now: datetime) -> Turn | None:
    """ALL at a server that works; at one that failed ONE for whoever tries it, else None."""
    until = now + timedelta(seconds=TRY_SECONDS)
    if Circuit.objects.filter(_is_over(now), server=server).update(retry_at=until):
        return Turn.ONE
    return None if Circuit.objects.filter(server=server).exists() else Turn.ALL


def _is_over(now: datetime) -> Q:
    return Q(retry_at__lte=now) | Q(retry_at__gt=now + timedelta(seconds=FAR_SECONDS))


def retry_at(server: str) -> datetime:
    """When the next one may try; now where nothing speaks against it."""
    found = Circuit.objects.filter(server=server).values_list("retry_at", flat=True).first()
    return found or timezone.now()


def over(channel: str, now: datetime) -> list[str]:
    """The servers of a channel that were left alone for long enough: one may try each."""
    found = Circuit.objects.filter(_is_over(now), channel=channel)
    return list(found.values_list("server", flat=True).order_by("retry_at"))


def give_back(server: str) -> None:
    """The one who was to try had nothing to try with: the next one may."""
    Circuit.objects.filter(server=server).update(retry_at=timezone.now())


# of several who met it at once the first counts, and whoever tried it half open
_OPEN = """
INSERT INTO circuit AS c (server, channel, reason, failures, opened_at, retry_at)
VALUES (%(server)s, %(channel)s, %(reason)s, 1, %(now)s,
        %(now)s::timestamptz + %(first)s * interval '1 second')
ON CONFLICT (server) DO UPDATE SET
    channel = excluded.channel, reason = excluded.reason, failures = c.failures + 1,
    retry_at = %(now)s::timestamptz + interval '1 second'
               * least(%(first)s * power(2, least(c.failures, 20)), %(longest)s)
WHERE %(tried)s OR c.retry_at <= %(now)s
RETURNING retry_at
"""


def failed(server: str, channel: str, word: str, *, turn: Turn) -> None:
    """It does not answer, or takes nothing: `word` says why."""
    values: dict[str, Any] = {
        "server": server,
        "channel": channel,
        "reason": provider_word(word),
        "now": timezone.now(),
        "first": FIRST_PAUSE_SECONDS,
        "longest": LONGEST_PAUSE_SECONDS,
        "tried": turn is Turn.ONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, values)
        opened = cursor.fetchone()
    if opened:
        until = f"{opened[0]:%H:%M:%S} UTC"
        log.warning("nothing is tried at %s until %s: %s", server, until, values["reason"])


def worked(server: str) -> None:
    """It answers again: everybody may try."""
    if Circuit.objects.filter(server=server).delete()[0]:
        log.warning("%s answers again", server)

"""Carries out what was started: one request after the other, each by its type."""

import logging
import time
from collections.abc import Callable
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from config.workspace import audit
from consent.models import PrivacyRequest
from consent.models.privacy import RequestType
from consent.privacy.erasing import erase

log = logging.getLogger("rapport.privacy")
SECONDS: Final = 5.0  # of one run of the work; the next goes on
_LOCK: Final = 0x9E5A


def carry_out_due(seconds: float = SECONDS) -> int:
    """Carry on with requests in progress, the earliest due first; how many were completed.

    One process at a time: a second one finds the first at it, and nothing due.
    """
    if not PrivacyRequest.objects.filter(status=PrivacyRequest.Status.IN_PROGRESS).exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        try:
            return _carry_out(time.monotonic() + seconds)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _carry_out(until: float) -> int:
    done = 0
    rows = PrivacyRequest.objects.filter(
        status=PrivacyRequest.Status.IN_PROGRESS, type__in=DOING
    ).order_by("due_at", "id")
    for request in rows:
        if time.monotonic() > until:
            break
        done += DOING[request.type](request, until)
    return done


def _erase(request: PrivacyRequest, until: float) -> bool:
    return erase(request, stop=lambda: time.monotonic() > until)


DOING: dict[str, Callable[[PrivacyRequest, float], bool]] = {RequestType.ERASURE: _erase}


@transaction.atomic
def complete(request: PrivacyRequest) -> None:
    """Close it as done."""
    request.status, request.completed_at = PrivacyRequest.Status.COMPLETED, timezone.now()
    request.save()
    audit.record("privacy.completed", "privacy_request", str(request.public_id))

"""Calls that tell another system where its request stands: one row a change and address.

They are written in the transaction that changes the request; `consent.opendsr.delivery` makes them.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from config.workspace import audit
from config.workspace.work.due import wake
from config.workspace.work.pruning import PORTION, PRUNERS, before, deleted
from consent.models import PrivacyRequest, StatusCallback

WORK: Final = "opendsr"
# seconds until the next try; as Standard Webhooks have it. After the last it is given up
PAUSES: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
LEASE_SECONDS: Final = 120  # of one call: whoever makes it may have been killed
SHOWN: Final = timedelta(days=14)  # that one which was given up needs somebody
_OPEN: Final = "c.delivered_at IS NULL AND c.failed_at IS NULL"
# what one address was to be told before comes first
_DUE: Final = f"""{_OPEN} AND c.due_at <= statement_timestamp() AND NOT EXISTS (
    SELECT 1 FROM opendsr_callback b WHERE b.request_id = c.request_id AND b.url = c.url
    AND b.id < c.id AND b.delivered_at IS NULL AND b.failed_at IS NULL)"""  # noqa: S608
OLDEST_DUE: Final = (
    f"SELECT c.due_at FROM opendsr_callback c WHERE {_DUE} ORDER BY c.due_at LIMIT 1"  # noqa: S608
)
_CLAIM: Final = f"""
UPDATE opendsr_callback SET attempts = attempts + 1,
    due_at = statement_timestamp() + interval '1 second' * %s
WHERE id = (SELECT c.id FROM opendsr_callback c WHERE {_DUE}
            ORDER BY c.due_at, c.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""  # noqa: S608
_DONE: Final = """
    DELETE FROM opendsr_callback WHERE id IN (
        SELECT id FROM opendsr_callback WHERE created_at < %s
          AND (delivered_at IS NOT NULL OR failed_at IS NOT NULL) LIMIT %s)
"""


@receiver(post_save, sender=PrivacyRequest)
def note_change(instance: PrivacyRequest, created: bool, **kwargs: Any) -> None:
    """A row for each address that is not told of this status yet. None of the first: its answer is.

    A status is never gone back to, so that each is told once.
    """
    if created or not instance.callback_urls or instance.status == PrivacyRequest.Status.PENDING:
        return
    now = timezone.now()
    rows = [
        StatusCallback(request=instance, url=url, status=instance.status, due_at=now)
        for url in instance.callback_urls
    ]
    StatusCallback.objects.bulk_create(rows, ignore_conflicts=True)
    wake(WORK)


def claim() -> StatusCallback | None:
    """One that is due, held for `LEASE_SECONDS`; it is committed before the call is made."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS])
        found = cursor.fetchone()
    if found is None:
        return None
    return StatusCallback.objects.select_related("request").get(pk=found[0])


def delivered(row: StatusCallback) -> None:
    """The other side has taken it."""
    StatusCallback.objects.filter(pk=row.pk).update(delivered_at=timezone.now(), last_error="")


def not_delivered(row: StatusCallback, why: str, *, later: float, is_final: bool = False) -> None:
    """It is tried again after a pause, `later` (0 to 1) tenths of it longer; or it is given up."""
    now = timezone.now()
    if is_final or row.attempts > len(PAUSES):
        change: dict[str, Any] = {"failed_at": now}
    else:
        pause = PAUSES[row.attempts - 1] * (1 + later / 10)
        change = {"due_at": now + timedelta(seconds=pause)}
    StatusCallback.objects.filter(pk=row.pk).update(last_error=why, **change)


def given_up() -> QuerySet[StatusCallback]:
    """Those of the last two weeks, the newest first."""
    since = timezone.now() - SHOWN
    rows = StatusCallback.objects.filter(failed_at__gte=since, created_at__gte=since - SHOWN)
    return rows.select_related("request").order_by("-failed_at")


@transaction.atomic
def call_again(request: PrivacyRequest) -> int:
    """Try what was given up of a request anew, from the first pause on; how many calls."""
    rows = StatusCallback.objects.filter(request=request, failed_at__isnull=False)
    n = rows.update(failed_at=None, attempts=0, due_at=timezone.now())
    if n:
        audit.record("privacy.called_again", "privacy_request", str(request.public_id))
        wake(WORK)
    return n


@PRUNERS.register("opendsr_callbacks")
def prune(now: datetime) -> int:
    """Calls that were made or given up. They are found by the index of those that are done."""
    made = before(now, "WEBHOOK_DELIVERY_DAYS")
    return deleted(_DONE, [made, PORTION]) if made else 0

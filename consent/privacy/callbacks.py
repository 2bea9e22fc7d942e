"""Calls that tell another system where its request stands: one row a change and address.

They are written in the transaction that changes the request; `consent.opendsr.delivery` makes them.
"""

from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from config.workspace import audit
from config.workspace.outgoing import queue
from config.workspace.outgoing.queue import CallQueue
from config.workspace.outgoing.tries import Tried
from config.workspace.work.due import wake
from config.workspace.work.pruning import PRUNERS
from consent.models import PrivacyRequest, StatusCallback

WORK: Final = "opendsr"
# what one address was to be told before comes first
QUEUE: Final = CallQueue(
    "opendsr_callback",
    """NOT EXISTS (SELECT 1 FROM opendsr_callback b
        WHERE b.request_id = c.request_id AND b.url = c.url AND b.id < c.id
          AND b.delivered_at IS NULL AND b.failed_at IS NULL)""",
)
PRUNERS.register("opendsr_callbacks")(QUEUE.prune)


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
    """One that is due; it is committed before the call is made."""
    number = QUEUE.claim()
    rows = StatusCallback.objects.select_related("request")
    return rows.get(pk=number) if number else None


def settle(row: StatusCallback, result: Tried) -> None:
    """Say what came of the try, unless another has it by now."""
    change = queue.after(result, row.attempts, timezone.now())
    StatusCallback.objects.filter(pk=row.pk, attempts=row.attempts).update(**change)


def put_off(row: StatusCallback, until: datetime) -> None:
    """Not tried: its server is left alone until then."""
    rows = StatusCallback.objects.filter(pk=row.pk, attempts=row.attempts)
    rows.update(due_at=until, attempts=row.attempts - 1)


def given_up() -> QuerySet[StatusCallback]:
    """Those of the last two weeks, the newest first."""
    return queue.given_up(StatusCallback.objects.select_related("request"))


@transaction.atomic
def call_again(request: PrivacyRequest) -> int:
    """Try what was given up of a request anew, from the first pause on; how many calls."""
    rows = StatusCallback.objects.filter(request=request, failed_at__isnull=False)
    n = queue.try_again(rows)
    if n:
        audit.record("privacy.called_again", "privacy_request", str(request.public_id))
        wake(WORK)
    return n

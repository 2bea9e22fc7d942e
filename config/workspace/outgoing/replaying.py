"""Dead letters: what was given up, and sending it again."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from config.workspace import audit
from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing import queue
from config.workspace.outgoing.endpoints import ensure_on
from config.workspace.outgoing.notices import WORK
from config.workspace.work.due import wake

# what can be told apart in a list: state -> how it is found
STATES: dict[str, Q] = {
    "waiting": Q(delivered_at=None, failed_at=None),
    "delivered": Q(delivered_at__isnull=False),
    "failed": Q(failed_at__isnull=False, withheld=False),
    "withheld": Q(failed_at__isnull=False, withheld=True),
}


def state_of(row: WebhookDelivery) -> str:
    """One of `STATES`."""
    if row.delivered_at:
        return "delivered"
    if row.failed_at:
        return "withheld" if row.withheld else "failed"
    return "waiting"


def dead_letters(webhook: Webhook | None = None) -> QuerySet[WebhookDelivery]:
    """What was given up and could be sent again: of one webhook, or of all."""
    rows = WebhookDelivery.objects.filter(STATES["failed"])
    return rows.filter(webhook=webhook) if webhook else rows


@transaction.atomic
def replay(delivery: WebhookDelivery) -> None:
    """Send one again, taken or given up, under the same `webhook-id`. Raises IsOff.

    One that waits comes now.
    """
    ensure_on(delivery.webhook)
    rows = WebhookDelivery.objects.filter(pk=delivery.pk)
    _replayed(rows, delivery.webhook)


@transaction.atomic
def replay_all(webhook: Webhook, *, since: datetime | None = None) -> int:
    """Send the dead letters of a webhook again, those of facts since a moment; how many.

    Raises IsOff.
    """
    ensure_on(webhook)
    rows = dead_letters(webhook)
    return _replayed(rows.filter(created_at__gte=since) if since else rows, webhook)


def _replayed(rows: QuerySet[WebhookDelivery], webhook: Webhook) -> int:
    n = queue.try_again(rows, withheld=False)
    if n:
        audit.record("webhook.replayed", "webhook", str(webhook.pk), detail={"messages": n})
        wake(WORK)
    return n

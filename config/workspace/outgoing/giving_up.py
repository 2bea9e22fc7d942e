"""A webhook that nobody listens at any more is switched off; what waits becomes dead letters."""

import logging
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from config.workspace import audit
from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing.kinds import KINDS

log = logging.getLogger("rapport.work")
SWITCHED_OFF: Final = gettext_noop("The webhook was switched off.")
DELETED: Final = gettext_noop("The webhook was deleted.")


def switch_off(webhook: Webhook, because: str) -> None:
    """In the caller's transaction. What waits is given up, and can be replayed later."""
    Webhook.objects.filter(pk=webhook.pk).update(
        enabled=False, off_at=timezone.now(), off_because=because
    )
    n = give_up_open(webhook, SWITCHED_OFF)
    audit.record("webhook.switched_off", "webhook", str(webhook.pk), detail={"reason": because})
    log.warning("webhook %s is switched off (%s); %s calls given up", webhook.pk, because, n)


def give_up_open(webhook: Webhook, why: str) -> int:
    """Everything of it that is not done; how many calls."""
    rows = WebhookDelivery.objects.filter(webhook=webhook, delivered_at=None, failed_at=None)
    asking = [name for name, kind in KINDS if kind.settled]
    told = list(rows.filter(event__in=asking))
    now = timezone.now()
    n = rows.update(failed_at=now, last_error=why)
    for row in told:
        row.failed_at, row.last_error = now, why
    settled(told)
    return n


def settled(rows: list[WebhookDelivery]) -> None:
    """Tell the kinds that want to know of deliveries that were taken or given up."""
    by_kind: dict[str, list[WebhookDelivery]] = {}
    for row in rows:
        by_kind.setdefault(row.event, []).append(row)
    for name, own in by_kind.items():
        kind = KINDS.get(name)
        if kind and kind.settled:
            kind.settled(own)


def is_beyond_hope(webhook: Webhook) -> bool:
    """Whether it took nothing for so long that it is switched off."""
    days: int = settings.WEBHOOK_FAILING_DAYS
    since = webhook.failing_since
    return bool(days and since and timezone.now() - since >= timedelta(days=days))

"""An erasure is passed on to whoever was told of people, and what they answer is kept.

The ids by which others know the person are encrypted until a call is taken, given up and too old,
so that nothing of the person is to be found meanwhile. Source: GDPR art. 19.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.workspace import audit
from config.workspace.access.tokens import seal, unseal
from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing import queue
from config.workspace.outgoing.kinds import KINDS, EventKind
from config.workspace.outgoing.notices import WORK
from config.workspace.work.due import wake
from consent.forwarding.requests import PRIVACY
from consent.models import ErasureReceipt, PrivacyRequest

ERASED: Final = "profile.erased"
WAITING: Final = "waiting"


def pass_on(
    request: PrivacyRequest | None,
    *,
    person: str,
    ids: Collection[str],
    user_ids: Collection[str],
) -> None:
    """Write down who is told, and who is not, in the transaction that takes the person out.

    Without a request (who never confirmed an address is taken away) nobody is to prove anything,
    and there are no receipts. `person` is the public id by which they were known, `ids` with all
    that they had before, and `user_ids` what systems of the workspace's own know them by, for the
    webhooks that may know it: no address is handed on.
    """
    data = {
        "person": person,
        "former": sorted({*ids} - {person}),
        "user_ids": sorted(user_ids),
        "request": str(request.public_id) if request else None,
    }
    told = seal(json.dumps(data).encode())
    receipts, deliveries = [], []
    for webhook in Webhook.objects.order_by("pk"):
        receipt = ErasureReceipt(request=request, destination=str(webhook)[:300])
        if not webhook.enabled:
            receipt.not_told = ErasureReceipt.NotTold.OFF
        elif ERASED not in webhook.events:
            receipt.not_told = ErasureReceipt.NotTold.NOT_CHOSEN
        else:
            delivery = WebhookDelivery(
                webhook=webhook,
                event=ERASED,
                data={"request": data["request"]},
                sealed=told,
                due_at=timezone.now(),
            )
            receipt.message_id = delivery.public_id
            deliveries.append(delivery)
        receipts.append(receipt)
    WebhookDelivery.objects.bulk_create(deliveries)
    if request:
        ErasureReceipt.objects.bulk_create(receipts)
    if deliveries:
        wake(WORK)


def _compose(rows: Sequence[WebhookDelivery]) -> list[Mapping[str, Any] | None]:
    return [_told(row) if row.sealed else None for row in rows]


def _told(row: WebhookDelivery) -> Mapping[str, Any]:
    """Ids of the workspace's own go to those alone that may know them when the call is made."""
    data: dict[str, Any] = json.loads(unseal(bytes(row.sealed or b"")))
    return data if row.webhook.erased_user_ids else {**data, "user_ids": []}


def _answered(rows: Sequence[WebhookDelivery]) -> None:
    for row in rows:
        ErasureReceipt.objects.filter(message_id=row.public_id).update(
            taken_at=row.delivered_at,
            failed_at=row.failed_at,
            status=row.last_status,
            reason=row.last_error,
        )


@transaction.atomic
def tell_again(request: PrivacyRequest) -> int:
    """Try what was given up anew, where its webhook is on; how many calls."""
    lost = ErasureReceipt.objects.filter(request=request, failed_at__isnull=False)
    numbers = [one for one in lost.values_list("message_id", flat=True) if one]
    rows = WebhookDelivery.objects.filter(
        public_id__in=numbers, failed_at__isnull=False, sealed__isnull=False, webhook__enabled=True
    )
    told = list(rows.values_list("public_id", flat=True))
    n = queue.try_again(rows)
    if n:
        lost.filter(message_id__in=told).update(failed_at=None, reason="")
        audit.record("privacy.told_again", "privacy_request", str(request.public_id))
        wake(WORK)
    return n


def given_up(since: datetime) -> QuerySet[ErasureReceipt]:
    """Destinations that were told for days and never took it, the newest first."""
    rows = ErasureReceipt.objects.filter(failed_at__gte=since).select_related("request")
    return rows.order_by("-failed_at")


def receipts_of(request: PrivacyRequest) -> QuerySet[ErasureReceipt]:
    """In the order in which they were written down."""
    return ErasureReceipt.objects.filter(request=request).order_by("id")


def passed_on(request: PrivacyRequest) -> list[dict[str, Any]]:
    """The receipts as a certificate has them: `state` is taken, waiting, given_up or not_told."""
    return [
        {
            "destination": one.destination,
            "state": state_of(one),
            "at": (one.taken_at or one.failed_at or one.created_at).isoformat(),
            "answer": one.status,
            "reason": one.not_told or one.reason,
        }
        for one in receipts_of(request)
    ]


def out_when_certified(request: PrivacyRequest) -> int:
    """How many had not answered when the certificate was made."""
    listed = request.result.get("certificate", {}).get("passed_on", [])
    return sum(one["state"] == WAITING for one in listed)


def state_of(one: ErasureReceipt) -> str:
    """Where a receipt stands."""
    if one.not_told:
        return "not_told"
    if one.taken_at:
        return "taken"
    return "given_up" if one.failed_at else WAITING


KINDS.register(ERASED, order=30)(
    EventKind(
        PRIVACY,
        _("Person erased"),
        _(
            "Erase them too: by the ids that they were told of by, or by your own, which are named "
            "where this webhook may know them. What you answer stands on the request and its "
            "certificate."
        ),
        {
            "person": "6f1c6f0e-5a2b-4c0e-9b1d-0d5f3d7d3a11",
            "former": [],
            "user_ids": ["4711"],
            "request": "b7a1f4a2-6a53-4f1e-a6a0-6a2c8b0a9d33",
        },
        _compose,
        _("Of everybody."),
        _answered,
    )
)

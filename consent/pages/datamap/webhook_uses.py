"""Which field of a person goes to which webhook: for the map of personal data."""

from collections.abc import Iterable, Mapping

from django.urls import reverse

from config.workspace.models import Webhook
from consent.datamap.fields import USES_OF_FIELDS, FieldUse, Name
from consent.forwarding.receipts import ERASED


@USES_OF_FIELDS.register("webhooks")
def uses() -> Mapping[Name, Iterable[FieldUse]]:
    """Those that are told by which ids of the workspace's own somebody was known; ours they all
    get, and nothing else of anybody.
    """
    rows = Webhook.objects.filter(enabled=True, erased_user_ids=True, events__contains=[ERASED])
    told = [
        FieldUse(row.description or row.server, reverse("webhooks:webhook", args=[row.pk]), True)
        for row in rows
    ]
    return {("identifier", "user_id"): told} if told else {}

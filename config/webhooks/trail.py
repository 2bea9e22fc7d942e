"""Webhooks as the audit trail leads to them."""

from django.urls import reverse

from config.workspace.lifecycle.usage import ObjectKind
from config.workspace.models import Webhook
from config.workspace.trail.targets import TARGETS, rows_of
from config.workspace.trail.words import KINDS


def _page_of(row: Webhook) -> str:
    return reverse("webhooks:webhook", args=[row.pk])


_WEBHOOK = ObjectKind(KINDS["webhook"], Webhook, "pk", _page_of)
TARGETS.register("webhook")(rows_of(_WEBHOOK, "webhooks.view"))

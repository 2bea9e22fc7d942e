"""Purposes, topics and suppressions as the audit trail leads to them."""

from django.urls import reverse

from config.workspace.audit_targets import TARGETS, rows_of
from config.workspace.audit_words import KINDS
from config.workspace.usage import Kind
from consent.models import Purpose, Suppression, Topic
from consent.uses import purpose_url, topic_url


def _suppression_url(row: Suppression) -> str:
    return reverse("admin:consent_suppression_change", args=[row.pk])


_PURPOSE = Kind(KINDS["purpose"], Purpose, "pk", purpose_url)
_TOPIC = Kind(KINDS["topic"], Topic, "pk", topic_url)
_SUPPRESSION = Kind(KINDS["suppression"], Suppression, "pk", _suppression_url)
TARGETS.register("purpose")(rows_of(_PURPOSE, "consents.view"))
TARGETS.register("topic")(rows_of(_TOPIC, "consents.view"))
# by its hint, which is masked for everybody
TARGETS.register("suppression")(rows_of(_SUPPRESSION, "suppressions.view"))

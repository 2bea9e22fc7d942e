"""Purposes, topics and suppressions as the audit trail leads to them."""

from config.workspace.lifecycle.usage import ObjectKind, form_of
from config.workspace.trail.targets import TARGETS, rows_of
from config.workspace.trail.words import KINDS
from consent.models import Purpose, Suppression, Topic

_PURPOSE = ObjectKind(KINDS["purpose"], Purpose, "pk", form_of)
_TOPIC = ObjectKind(KINDS["topic"], Topic, "pk", form_of)
_SUPPRESSION = ObjectKind(KINDS["suppression"], Suppression, "pk", form_of)
TARGETS.register("purpose")(rows_of(_PURPOSE, "consents.view"))
TARGETS.register("topic")(rows_of(_TOPIC, "consents.view"))
# by its hint, which is masked for everybody
TARGETS.register("suppression")(rows_of(_SUPPRESSION, "suppressions.view"))

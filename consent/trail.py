"""Purposes, topics and suppressions as the audit trail leads to them."""

from django.urls import reverse

from config.workspace.lifecycle.usage import ObjectKind, form_of
from config.workspace.trail.targets import TARGETS, rows_of
from config.workspace.trail.words import KINDS
from consent.models import (
    Banner,
    BreachClock,
    DeadlineRule,
    ErasureDuty,
    Incident,
    Policy,
    PrivacyRequest,
    ProcessingRecord,
    Purpose,
    RetentionRule,
    SignalMapping,
    Suppression,
    Topic,
    Wording,
)
from consent.retention.words import rule_in_words
from profiles.personal.looks import mask_text

_PURPOSE = ObjectKind(KINDS["purpose"], Purpose, "pk", form_of)
_TOPIC = ObjectKind(KINDS["topic"], Topic, "pk", form_of)
_SUPPRESSION = ObjectKind(KINDS["suppression"], Suppression, "pk", form_of)
TARGETS.register("purpose")(rows_of(_PURPOSE, "consents.view"))
TARGETS.register("topic")(rows_of(_TOPIC, "consents.view"))
# by its hint, which is masked for everybody
TARGETS.register("suppression")(rows_of(_SUPPRESSION, "suppressions.view"))


def _page_of(row: PrivacyRequest) -> str:
    return reverse("consent:request", args=[row.public_id])


def _title_of(row: PrivacyRequest) -> str:
    return row.get_type_display()


_REQUEST = ObjectKind(KINDS["privacy_request"], PrivacyRequest, "public_id", _page_of)
TARGETS.register("privacy_request")(rows_of(_REQUEST, "privacy.view", _title_of))
_DEADLINE = ObjectKind(KINDS["deadlinerule"], DeadlineRule, "pk", form_of)
TARGETS.register("deadlinerule")(rows_of(_DEADLINE, "privacy.view"))
_WORDING = ObjectKind(KINDS["wording"], Wording, "pk", form_of)
TARGETS.register("wording")(rows_of(_WORDING, "consents.view"))
_SIGNAL = ObjectKind(KINDS["signalmapping"], SignalMapping, "pk", form_of)
TARGETS.register("signalmapping")(rows_of(_SIGNAL, "consents.view"))


def _rule_page_of(row: RetentionRule) -> str:
    return reverse("consent:retention_rule", args=[row.pk])


_RETENTION = ObjectKind(KINDS["retention_rule"], RetentionRule, "pk", _rule_page_of)
TARGETS.register("retention_rule")(rows_of(_RETENTION, "privacy.view", rule_in_words))
_DUTY = ObjectKind(KINDS["erasureduty"], ErasureDuty, "pk", form_of)
TARGETS.register("erasureduty")(rows_of(_DUTY, "privacy.view"))


def _policy_page(row: Policy) -> str:
    return reverse("consent:policy", args=[row.slug])


_POLICY = ObjectKind(KINDS["policy"], Policy, "slug", _policy_page)
TARGETS.register("policy")(rows_of(_POLICY, "consents.view"))


def _page_of_banner(row: Banner) -> str:
    return reverse("consent:banner", args=[row.pk])


_BANNER = ObjectKind(KINDS["banner"], Banner, "pk", _page_of_banner)
TARGETS.register("banner")(rows_of(_BANNER, "purposes.edit"))


def _record_page_of(row: ProcessingRecord) -> str:
    return reverse("consent:processing_record", args=[row.purpose.slug])


_RECORD = ObjectKind(KINDS["processing_record"], ProcessingRecord, "pk", _record_page_of)
TARGETS.register("processing_record")(rows_of(_RECORD, "privacy.edit"))


def _incident_page_of(row: Incident) -> str:
    return reverse("consent:incident", args=[row.public_id])


def _incident_title(row: Incident) -> str:
    return mask_text(row.title)  # for everybody: who reads the trail sees no more of people by it


_INCIDENT = ObjectKind(KINDS["incident"], Incident, "public_id", _incident_page_of)
TARGETS.register("incident")(rows_of(_INCIDENT, "privacy.view", _incident_title))
_BREACH = ObjectKind(KINDS["breachclock"], BreachClock, "pk", form_of)
TARGETS.register("breachclock")(rows_of(_BREACH, "privacy.view"))

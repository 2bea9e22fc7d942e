"""Shapes of webhooks over REST."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from config.workspace.api.fields import KnownFields
from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing.replaying import STATES, state_of
from profiles.api.serializers import Shape
from profiles.selectors.masking import Shown

MOST_EVENTS = 100
WEBHOOK_STATES = [(name, name) for name in ("healthy", "failing", "off")]
DELIVERY_STATES = [(name, name) for name in STATES]
AS_THEY_ARE = (
    *(
        "url",
        "events",
        "erased_user_ids",
        "description",
        "enabled",
        "state",
        "failing_since",
        "failures",
    ),
    *("off_at", "off_because", "last_taken_at", "created_at"),
)


class WebhookSerializer(Shape):
    """An address that is told of events."""

    id = serializers.IntegerField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    erased_user_ids = serializers.BooleanField(
        help_text="Whether `profile.erased` names your own ids here."
    )
    description = serializers.CharField(allow_blank=True)
    enabled = serializers.BooleanField()
    state = serializers.ChoiceField(choices=WEBHOOK_STATES)
    failing_since = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField(help_text="Calls in a row that were not taken.")
    off_at = serializers.DateTimeField(allow_null=True)
    off_because = serializers.ChoiceField(choices=["", *Webhook.Off.values])
    last_taken_at = serializers.DateTimeField(allow_null=True)
    former_key_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then the key of before signs beside the present one."
    )
    created_at = serializers.DateTimeField()


class WebhookMadeSerializer(WebhookSerializer):
    """The same with its key, which is answered this once."""

    secret = serializers.CharField()


class _Asked(KnownFields):
    url = serializers.CharField(max_length=2000)
    events = serializers.ListField(
        child=serializers.CharField(max_length=80),
        max_length=MOST_EVENTS,
        help_text="As GET /api/webhooks/events/ lists them.",
    )
    description = serializers.CharField(max_length=200, allow_blank=True, required=False)
    enabled = serializers.BooleanField(required=False)
    erased_user_ids = serializers.BooleanField(
        required=False,
        help_text="Whether `profile.erased` names your own ids here: needs people.personal.",
    )


@extend_schema_serializer(component_name="NewWebhook")
class NewWebhookSerializer(_Asked):
    """What is posted."""


@extend_schema_serializer(component_name="ChangedWebhook")
class ChangeWebhookSerializer(_Asked):
    """What is changed; the rest stays."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "partial": True})


@extend_schema_serializer(component_name="WebhookRotation")
class RotateSerializer(KnownFields):
    """For how long the key of before goes on signing."""

    overlap_hours = serializers.IntegerField(min_value=0, max_value=720, default=24)


@extend_schema_serializer(component_name="WebhookReplay")
class ReplaySerializer(KnownFields):
    """Which dead letters: those of facts since then, else all."""

    since = serializers.DateTimeField(required=False, allow_null=True, default=None)


@extend_schema_serializer(component_name="WebhookReplayed")
class ReplayedSerializer(Shape):
    """How many calls are made again."""

    replayed = serializers.IntegerField()


class WebhookTrySerializer(Shape):
    """One call."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    ms = serializers.IntegerField()


class WebhookDeliverySerializer(Shape):
    """What a webhook was told, or is to be; `id` is the header `webhook-id`."""

    id = serializers.CharField()
    event = serializers.CharField()
    state = serializers.ChoiceField(choices=DELIVERY_STATES)
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="Of one that waits.")
    delivered_at = serializers.DateTimeField(allow_null=True)
    failed_at = serializers.DateTimeField(allow_null=True)
    attempts = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True, help_text="How the last answer began.")
    data_kept = serializers.DictField(help_text="Without the people, who are put in at the call.")
    people = serializers.IntegerField(help_text="How many it is about.")
    tries = WebhookTrySerializer(many=True)


class WebhookEventSerializer(Shape):
    """A kind of event that can be asked for."""

    name = serializers.CharField()
    group = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    forwarded = serializers.CharField(
        allow_blank=True, help_text="Of whom it tells; blank where it names nobody."
    )
    example = serializers.DictField(help_text="`data` of a call.")


class WebhookEventListSerializer(Shape):
    """All of them."""

    results = WebhookEventSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


def webhook_answer(row: Webhook) -> dict[str, Any]:
    """One webhook, without its keys."""
    until: datetime | None = row.former_until if row.former_secret_id else None
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in AS_THEY_ARE},
        "former_key_until": until,
    }


def delivery_answer(row: WebhookDelivery, shown: Shown) -> dict[str, Any]:
    """One delivery with its tries, the newest last."""
    names = ("event", "created_at", "delivered_at", "failed_at", "attempts", "tries")
    state = state_of(row)
    return {
        "id": row.message_id,
        "state": state,
        **{name: getattr(row, name) for name in names},
        "due_at": row.due_at if state == "waiting" else None,
        "status": row.last_status,
        "error": row.last_error,
        "answer": shown.said(row.answer),
        "data_kept": row.data,
        "people": len(row.people),
    }

"""Shapes of campaigns on the wire; their meaning is checked by the services."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.content.kinds import CONTENTS
from campaigns.engine.steps import STEPS as STEP_KINDS
from campaigns.engine.steps import sign_in
from campaigns.models import Campaign, Sender
from campaigns.services.uses import things_of
from config.workspace.api.fields import AsWritten, KnownFields
from profiles.selectors.masking import Shown
from segments.rules.personal import masked_rule


def z(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class SenderSerializer(KnownFields, serializers.ModelSerializer[Sender]):
    """A sender; `default` is the one that a campaign without a sender uses."""

    default = serializers.BooleanField(source="is_default", required=False, default=False)
    reply_to = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    name = AsWritten(max_length=200)
    postal_address = AsWritten(required=False, allow_blank=True, default="")

    class Meta:
        model = Sender
        fields = ("id", "name", "address", "reply_to", "postal_address", "default")


KINDS_OF_CONTENT = [kind.schema() for _name, kind in CONTENTS]
CONTENT = KINDS_OF_CONTENT[0] if len(KINDS_OF_CONTENT) == 1 else {"oneOf": KINDS_OF_CONTENT}
ENTRY = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["segment", "schedule"]},
        "segment": {"type": "string", "description": "Slug."},
        "at": {"type": "string", "format": "date-time"},
    },
    "additionalProperties": True,
    "example": {"kind": "segment", "segment": "newsletter"},
}
sign_in()
STEPS = {
    "type": "array",
    "maxItems": 50,
    "items": {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "kind": {"type": "string", "enum": sorted(STEP_KINDS)},
            "channel": {"type": "string", "enum": CONTENTS.names()},
            "purpose": {"type": "string"},
            "topic": {"type": "string"},
            "content": CONTENT,
            "variants": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "share": {"type": "number", "minimum": 0, "maximum": 1},
                        "content": CONTENT,
                    },
                },
            },
            "expires_in": {"type": "object"},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 10},
            "quiet_hours": {"type": "object"},
            "per_second": {"type": "number"},
            "for": {"type": "object", "example": {"days": 2}},
            "until": {"type": "object", "example": {"time": "09:00", "weekday": "monday"}},
            "branches": {
                "type": "array",
                "maxItems": 10,
                "description": "Each takes the first whose rule `when` holds for them.",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "when": {"type": "object", "description": "A rule, as of segments."},
                        "steps": {"type": "array", "items": {"type": "object"}},
                    },
                },
            },
            "else": {"type": "array", "items": {"type": "object"}},
        },
        "additionalProperties": True,
    },
}
GOAL = {
    "type": "object",
    "nullable": True,
    "properties": {
        "event": {"type": "string"},
        "where": {"type": "array", "items": {"type": "object"}},
        "window": {"type": "object", "example": {"days": 5}},
    },
}


@extend_schema_field(ENTRY)
class EntryField(serializers.DictField):
    """Who enters."""


@extend_schema_field(STEPS)
class StepsField(serializers.ListField):
    """What happens then."""

    child = serializers.DictField()


@extend_schema_field(CONTENT)
class ContentField(serializers.DictField):
    """What the message is made of, by its channel."""


@extend_schema_field(GOAL)
class GoalField(serializers.DictField):
    """What it is for."""


class CampaignBody(KnownFields):
    """What a campaign is made of; deeper shapes are refused with JSON paths by the service."""

    slug = serializers.SlugField(max_length=80)
    name = AsWritten(max_length=300)
    sender = serializers.CharField(required=False, allow_null=True)
    entry = EntryField()
    steps = StepsField(max_length=50)
    exit = serializers.ListField(child=serializers.DictField(), required=False)
    goal = GoalField(required=False, allow_null=True)
    caps = serializers.DictField(required=False, allow_null=True)
    holdout = serializers.JSONField(required=False)


class CampaignFault(serializers.Serializer[Any]):
    """Why a campaign cannot go on; it is tried again, after longer and longer."""

    message = serializers.CharField()
    since = serializers.DateTimeField()
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)


class UsedThing(serializers.Serializer[Any]):
    """A segment, purpose, topic or sender that a campaign uses."""

    kind = serializers.CharField()
    key = serializers.CharField()
    name = serializers.CharField()
    archived = serializers.BooleanField()


class CampaignAnswer(serializers.Serializer[Any]):
    """A campaign as it is answered."""

    id = serializers.IntegerField()
    slug = serializers.SlugField()
    name = serializers.CharField()
    sender = serializers.CharField(allow_null=True)
    exit = serializers.ListField(child=serializers.DictField())
    caps = serializers.DictField(allow_null=True)
    entry = serializers.DictField()
    steps = serializers.ListField(child=serializers.DictField())
    goal = serializers.DictField(allow_null=True)
    status = serializers.ChoiceField(choices=Campaign.Status.choices)
    holdout = serializers.FloatField()
    created_at = serializers.DateTimeField()
    launched_at = serializers.DateTimeField(allow_null=True)
    scheduled_at = serializers.DateTimeField(allow_null=True)
    hold_until = serializers.DateTimeField(allow_null=True)
    revision = serializers.IntegerField(help_text="Goes up with every change of the draft.")
    finished_at = serializers.DateTimeField(allow_null=True)
    pause_reason = serializers.CharField(allow_blank=True)
    uses = UsedThing(many=True, required=False, help_text="Of one campaign, not in lists.")
    fault = CampaignFault(
        allow_null=True, help_text="What keeps it from going on; null while nothing does."
    )
    draft = serializers.DictField(
        allow_null=True,
        help_text="Of the next version of a campaign that runs; a launch lets new people into it.",
    )


class ExpectBody(KnownFields):
    """What was seen of the draft: where it is otherwise, nothing is launched."""

    audience = serializers.IntegerField(required=False, min_value=0, help_text="As rehearsed.")
    recipients = serializers.IntegerField(required=False, min_value=0, help_text="As rehearsed.")
    segment = serializers.CharField(required=False, max_length=80, help_text="Slug.")
    revision = serializers.IntegerField(required=False, min_value=1, help_text="Of the draft.")


class LaunchBody(KnownFields):
    """When, how long it may still be undone (seconds), and what is expected."""

    at = serializers.DateTimeField(required=False, allow_null=True)
    hold = serializers.IntegerField(required=False, min_value=0, max_value=86_400, default=0)
    expect = ExpectBody(required=False, allow_null=True)


class SendBody(KnownFields):
    """One message to one person."""

    person = serializers.CharField(max_length=1000)
    channel = serializers.CharField(max_length=10)
    purpose = serializers.CharField(max_length=60, required=False, default="service")
    content = ContentField(required=False)
    template = serializers.CharField(max_length=80, required=False, default="")
    data = serializers.DictField(required=False)  # type: ignore[assignment]


class MessageAnswer(serializers.Serializer[Any]):
    """A message: what was sent, or why not."""

    id = serializers.UUIDField()
    profile = serializers.UUIDField()
    campaign = serializers.CharField(allow_null=True)
    step = serializers.CharField(allow_blank=True)
    channel = serializers.CharField()
    address = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    reason_detail = serializers.CharField(
        allow_blank=True,
        help_text="More of the reason: `withdrawn`, `never_asked`, `hard_bounce`, `own_limit`, ...",
    )
    reason_at = serializers.DateTimeField(
        allow_null=True, help_text="When what decides was said: the withdrawal, the bounce."
    )
    reason_consent = serializers.IntegerField(
        allow_null=True, help_text="The entry of the ledger that decides."
    )
    provider_word = serializers.CharField(
        allow_blank=True, help_text="What the provider said when it last did not take it."
    )
    consent = serializers.IntegerField(allow_null=True)
    variant = serializers.CharField(allow_blank=True)
    queued_at = serializers.DateTimeField()
    held_until = serializers.DateTimeField(
        allow_null=True,
        help_text="When it leaves that waits for an hour in which its person may be reached.",
    )
    sent_at = serializers.DateTimeField(allow_null=True)
    events = serializers.ListField(child=serializers.DictField())


class WhyNotAnswer(serializers.Serializer[Any]):
    """Why it was not sent, and what shows it."""

    reason = serializers.CharField()
    detail = serializers.CharField(allow_blank=True, help_text="As `reason_detail`.")
    at = serializers.DateTimeField(help_text="When it was said, else when it was decided.")
    evidence = serializers.DictField(
        allow_null=True,
        help_text="`kind` consent (an entry of the ledger) or suppression; null for none, "
        "or for want of the right to see such.",
    )


class OneMessageAnswer(MessageAnswer):
    """One message by its id."""

    why = WhyNotAnswer(allow_null=True, help_text="Null of one that was not kept back.")


class RateAnswer(serializers.Serializer[Any]):
    """A share from 0 to 1 (null where its base is nobody), and of how many."""

    value = serializers.FloatField(allow_null=True)
    base = serializers.IntegerField()


class RatesAnswer(serializers.Serializer[Any]):
    """`open`, `click` and `conversion` are of those who could be measured."""

    open = RateAnswer()
    click = RateAnswer()
    conversion = RateAnswer()
    unsubscribe = RateAnswer(help_text="Of the delivered.")
    bounce = RateAnswer(help_text="Of those handed over.")
    complaint = RateAnswer(help_text="Of the delivered.")


class ReportAnswer(serializers.Serializer[Any]):
    """From audience through each reason to what came of it; `revenue` in workspace currency."""

    audience = serializers.IntegerField()
    excluded = serializers.DictField(child=serializers.IntegerField())
    excluded_details = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="More of some reasons: of `no_permission`, how many had `withdrawn`, ...",
    )
    queued = serializers.IntegerField()
    sent = serializers.IntegerField()
    delivered = serializers.IntegerField()
    opened = serializers.IntegerField()
    machine_opened = serializers.IntegerField()
    clicked = serializers.IntegerField()
    machine_clicked = serializers.IntegerField()
    unsubscribed = serializers.IntegerField()
    bounced = serializers.IntegerField()
    complained = serializers.IntegerField()
    converted = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    revenue = serializers.FloatField(help_text="Attributed revenue, less what came back.")
    measured = serializers.IntegerField(help_text="Delivered, and could be measured.")
    unmeasured = serializers.IntegerField()
    unknown_opened = serializers.IntegerField()
    rates = RatesAnswer()
    variants = serializers.ListField(child=serializers.DictField())
    control = serializers.DictField()
    lift = serializers.DictField()


class EarlierAnswer(serializers.Serializer[Any]):
    """Of those who would get it but for the contact frequency, who got what before."""

    of = serializers.IntegerField()
    same_mail = serializers.IntegerField(help_text="This same mail in the last 30 days.")
    marketing_lately = serializers.IntegerField(
        help_text="Marketing on this channel within the days of the contact frequency."
    )


class RehearsalAnswer(serializers.Serializer[Any]):
    """What a launch at this moment would do; nothing is kept."""

    audience = serializers.IntegerField()
    excluded = serializers.DictField(child=serializers.IntegerField())
    excluded_details = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="More of some reasons: of `no_permission`, how many had `withdrawn`, ...",
    )
    recipients = serializers.IntegerField()
    control = serializers.IntegerField()
    earlier = EarlierAnswer()


class RenderBody(KnownFields):
    """A template with its data."""

    template = serializers.CharField(allow_blank=True, trim_whitespace=False)
    data = serializers.DictField(required=False)  # type: ignore[assignment]
    escape = serializers.BooleanField(required=False)
    templates = serializers.DictField(required=False)


class RenderAnswer(serializers.Serializer[Any]):
    """The rendered text, and which variables it named that the data does not have."""

    result = serializers.CharField(allow_blank=True)
    missing = serializers.ListField(child=serializers.CharField())
    aborted = serializers.CharField(required=False, help_text="Why the template said not to send.")


class MjmlBody(KnownFields):
    """MJML source."""

    mjml = serializers.CharField(allow_blank=True, trim_whitespace=False)


class MjmlProblem(serializers.Serializer[Any]):
    """What is wrong with the source, and where."""

    message = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)
    severity = serializers.ChoiceField(["error", "warning"])


class MjmlAnswer(serializers.Serializer[Any]):
    """The HTML and what is wrong with the source."""

    html = serializers.CharField(allow_blank=True)
    problems = MjmlProblem(many=True)


def campaign_answer(campaign: Campaign, *, shown: Shown) -> dict[str, Any]:
    """The API's shape; `sender` is read through select_related. Operands as the caller may see."""
    goal = campaign.goal
    return {
        "id": campaign.pk,
        "slug": campaign.slug,
        "name": campaign.name,
        "status": campaign.status,
        "sender": campaign.sender.address if campaign.sender else None,
        "entry": campaign.entry,
        "steps": masked_steps(campaign.steps, shown),
        "exit": campaign.exit,
        "goal": masked_rule(goal, shown) if goal else goal,
        "caps": campaign.caps,
        "holdout": campaign.holdout,
        "created_at": z(campaign.created_at),
        "launched_at": z(campaign.launched_at),
        "scheduled_at": z(campaign.scheduled_at),
        "hold_until": z(campaign.hold_until),
        "revision": campaign.revision,
        "finished_at": z(campaign.finished_at),
        "pause_reason": campaign.pause_reason,
        "fault": fault_answer(campaign),
        "draft": _draft(campaign, shown),
    }


def _draft(campaign: Campaign, shown: Shown) -> dict[str, Any] | None:
    """Of the next version of a campaign that runs; its sender by id."""
    if campaign.next is None:
        return None
    draft = dict(campaign.next)
    draft["steps"] = masked_steps(draft["steps"], shown)
    draft["goal"] = masked_rule(draft["goal"], shown) if draft["goal"] else draft["goal"]
    return draft


def masked_steps(steps: Any, shown: Shown) -> Any:
    """The rules of ways without the operands that the caller may not see; contents as they are."""
    if shown.personal:
        return steps
    if isinstance(steps, list):
        return [masked_steps(one, shown) for one in steps]
    if not isinstance(steps, dict):
        return steps
    return {
        name: masked_rule(one, shown) if name == "when" else masked_steps(one, shown)
        for name, one in steps.items()
    }


def uses_answer(campaign: Campaign) -> list[dict[str, Any]]:
    """What a campaign uses, by kind and key."""
    return [
        {"kind": one.kind, "key": one.key, "name": one.name, "archived": one.is_archived}
        for one in things_of(campaign)
    ]


def fault_answer(campaign: Campaign) -> dict[str, Any] | None:
    """What keeps it from going on; null while nothing does."""
    if not campaign.fault_count:
        return None
    return {
        "message": campaign.fault,
        "since": z(campaign.fault_at),
        "attempts": campaign.fault_count,
        "next_attempt_at": z(campaign.retry_at),
    }


class CampaignPatch(CampaignBody):
    """Any part of a draft, and the revision that the change builds on (absent: whatever is)."""

    revision = serializers.IntegerField(required=False, min_value=1)
    slug = serializers.SlugField(max_length=80, required=False)
    name = AsWritten(max_length=300, required=False)
    entry = EntryField(required=False)
    steps = StepsField(max_length=50, required=False)

"""Shapes of permissions, suppressions and purposes (docs/integrators/rest.md)."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from config.workspace.api.fields import AsWritten, KnownFields
from config.workspace.api.usage import UseSerializer
from config.workspace.digests import CONTACT_KINDS
from consent.confirming.asking import REFUSED
from consent.confirming.limits import REASONS
from consent.ledger.recording import LONGEST_LANGUAGE, LONGEST_WORDING
from consent.models import Purpose, Suppression
from consent.models.ledger import Basis, ConsentStatus, Outcome
from consent.volume import MOST_DAYS


class AtMostSerializer(KnownFields):
    """A limit of the person's own, over the marketing on the channel."""

    count = serializers.IntegerField(min_value=1, max_value=MOST_DAYS)
    per_days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS)


class OwnLimitSerializer(AtMostSerializer):
    """One that stands."""

    channel = serializers.CharField()


class OwnLimitsSerializer(serializers.Serializer[Any]):
    """Those of one person."""

    results = OwnLimitSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


@extend_schema_serializer(component_name="ConsentStatement")
class StatementSerializer(KnownFields):
    """One statement as it is posted."""

    person = serializers.CharField(help_text="An id, or kind:value as email:jane@example.com.")
    purpose = serializers.SlugField()
    channel = serializers.CharField(required=False, allow_blank=True, default="")
    topic = serializers.SlugField(required=False, allow_null=True, default=None)
    status = serializers.ChoiceField(choices=ConsentStatus.choices)
    basis = serializers.ChoiceField(choices=Basis.choices, default=Basis.CONSENT)
    evidence = serializers.DictField(required=False, default=dict)
    at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    valid_until = serializers.DateTimeField(required=False, allow_null=True, default=None)
    paused_until = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="With status withdrawn: a pause that the person chose; then the grant is back.",
    )
    at_most = AtMostSerializer(
        required=False,
        allow_null=True,
        help_text="With status granted: how often at most, as the person chose; null ends it.",
    )
    wording = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=LONGEST_WORDING,
        help_text="What the person was shown, or its name at yours; else `evidence.wording`.",
    )
    language = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=LONGEST_LANGUAGE,
        help_text="The language of the wording, as `en`; else `evidence.language`.",
    )


class RecordedSerializer(serializers.Serializer[Any]):
    """What became of a statement."""

    id = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=ConsentStatus.choices, allow_null=True)
    outcome = serializers.ChoiceField(choices=[*Outcome.choices, (REFUSED, "Not asked")])
    asked = serializers.BooleanField(help_text="Whether a mail asks for a double opt-in.")
    reason = serializers.ChoiceField(
        choices=list(REASONS), allow_blank=True, help_text="Why the address was not asked."
    )


class PermissionSerializer(serializers.Serializer[Any]):
    """A current state."""

    id = serializers.IntegerField()
    profile = serializers.UUIDField()
    contact_point = serializers.CharField(allow_blank=True)
    purpose = serializers.CharField()
    channel = serializers.CharField(allow_blank=True)
    topic = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=ConsentStatus.choices)
    basis = serializers.ChoiceField(choices=Basis.choices)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment] # the API's name
    at = serializers.DateTimeField()
    evidence = serializers.DictField()
    wording = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)


class PermissionsSerializer(serializers.Serializer[Any]):
    """A list of them."""

    results = PermissionSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class SuppressSerializer(KnownFields):
    """An address to suppress."""

    kind = serializers.ChoiceField(choices=CONTACT_KINDS)
    value = serializers.CharField(max_length=320)
    reason = serializers.ChoiceField(choices=Suppression.Reason.choices)
    detail = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class SuppressionSerializer(serializers.Serializer[Any]):
    """A suppression; the address itself is not kept."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    address = serializers.CharField()
    level = serializers.CharField()
    reason = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class SuppressionsSerializer(serializers.Serializer[Any]):
    """A list of them."""

    results = SuppressionSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class TopicSerializer(serializers.Serializer[Any]):
    """What people choose inside a purpose."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)


class PurposeSerializer(serializers.Serializer[Any]):
    """A purpose and its topics."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    purpose_class = serializers.CharField()
    double_opt_in = serializers.BooleanField()
    topics = TopicSerializer(many=True)


class NewTopicSerializer(KnownFields):
    """A topic inside a new purpose."""

    slug = serializers.SlugField(max_length=60)
    name = AsWritten(max_length=200)
    description = AsWritten(required=False, allow_blank=True, default="", max_length=5_000)


class NewPurposeSerializer(KnownFields):
    """What a new purpose needs."""

    slug = serializers.SlugField(max_length=60)
    name = AsWritten(max_length=200)
    description = AsWritten(required=False, allow_blank=True, default="", max_length=5_000)
    purpose_class = serializers.ChoiceField(
        Purpose.Class.choices, required=False, default=Purpose.Class.MARKETING
    )
    double_opt_in = serializers.BooleanField(required=False, default=False)
    topics = NewTopicSerializer(many=True, required=False, default=list)


class UsedPurposeSerializer(PurposeSerializer):
    """A purpose with who uses it."""

    used_by = UseSerializer(many=True)


class PurposesSerializer(serializers.Serializer[Any]):
    """A list of them."""

    results = PurposeSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)

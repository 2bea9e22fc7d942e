"""The shapes of computed traits in the API (docs/integrators/rest.md)."""

from typing import Any

from rest_framework import serializers

from config.workspace.api.fields import KnownFields
from config.workspace.api.usage import UseSerializer
from profiles.language.measures import EVERY_AGGREGATE
from segments.models import Segment


class AggregateField(KnownFields):
    """What is worked out of the events."""

    agg = serializers.ChoiceField(list(EVERY_AGGREGATE))
    property = serializers.CharField(required=False, help_text="Which property of the event.")
    per = serializers.CharField(required=False, help_text="Of `ratio`: what it is divided by.")
    where = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Of `share`: which are counted."
    )


class ComputedTraitSerializer(serializers.Serializer[Any]):
    """One computed trait."""

    name = serializers.CharField()
    description = serializers.CharField()
    event = serializers.CharField()
    where = serializers.ListField(child=serializers.DictField(), help_text="As of a rule.")
    window = serializers.DictField(allow_null=True, help_text="As of a rule; null: ever.")
    measure = AggregateField()
    sentence = serializers.CharField()
    people = serializers.IntegerField(help_text="Of how many there is a value.")
    status = serializers.ChoiceField(Segment.Status.choices)
    error = serializers.CharField()
    refreshed_at = serializers.DateTimeField(allow_null=True)
    revision = serializers.IntegerField(help_text="Goes up with every change.")
    used_by = UseSerializer(many=True, required=False, help_text="Of one, not in lists.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ComputedTraitPage(serializers.Serializer[Any]):
    """A page of computed traits."""

    results = ComputedTraitSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class ComputedParts(KnownFields):
    """What it is worked out of; the service reads it."""

    event = serializers.CharField()
    where = serializers.ListField(child=serializers.DictField(), required=False)
    window = serializers.DictField(required=False, allow_null=True)
    measure = AggregateField(required=False)


class NewComputedTrait(ComputedParts):
    """What makes one."""

    name = serializers.CharField()
    description = serializers.CharField(required=False)


class ComputedTraitChange(KnownFields):
    """What may change, and the revision that the change builds on; of the parts those given."""

    unknown = "This cannot be changed."
    revision = serializers.IntegerField(required=False, min_value=1)
    description = serializers.CharField(required=False)
    event = serializers.CharField(required=False)
    where = serializers.ListField(child=serializers.DictField(), required=False)
    window = serializers.DictField(required=False, allow_null=True)
    measure = AggregateField(required=False)


class ValueCount(serializers.Serializer[Any]):
    """A value, and how many have it."""

    value = serializers.JSONField()
    people = serializers.IntegerField()


class ComputedPreviewSerializer(serializers.Serializer[Any]):
    """What it would be."""

    people = serializers.IntegerField()
    share = serializers.FloatField()
    sentence = serializers.CharField()
    lowest = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    average = serializers.FloatField(allow_null=True)
    highest = serializers.FloatField(allow_null=True)
    often = ValueCount(many=True, help_text="The commonest values.")
    took_ms = serializers.FloatField()

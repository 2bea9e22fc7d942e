"""The shapes of segments in the API (docs/integrators/rest.md)."""

from typing import Any

from rest_framework import serializers

from config.workspace.api.fields import KnownFields
from config.workspace.api.usage import UseSerializer
from segments.api import rule_schema  # noqa: F401 - the extension signs itself in
from segments.models import Segment


class RuleField(serializers.JSONField):
    """A rule as somebody writes it; the service reads it."""


class SegmentSerializer(serializers.Serializer[Any]):
    """One segment."""

    slug = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Segment.Kind.choices)
    description = serializers.CharField()
    rule = serializers.JSONField()
    version = serializers.IntegerField(help_text="Of the rule.")
    revision = serializers.IntegerField(help_text="Goes up with every change.")
    sentence = serializers.CharField()
    count = serializers.IntegerField()
    status = serializers.ChoiceField(Segment.Status.choices)
    error = serializers.CharField()
    refreshed_at = serializers.DateTimeField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    used_by = UseSerializer(many=True, required=False, help_text="Of one segment, not in lists.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class SegmentPage(serializers.Serializer[Any]):
    """A page of segments."""

    results = SegmentSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class SegmentVersionSerializer(serializers.Serializer[Any]):
    """A rule as it was saved."""

    version = serializers.IntegerField()
    at = serializers.DateTimeField()
    by = serializers.CharField(allow_null=True, help_text="Who saved it; null for a key.")
    count = serializers.IntegerField(
        allow_null=True, help_text="How many it held when it was first counted."
    )
    entered = serializers.IntegerField(allow_null=True, help_text="How many came in by that.")
    left = serializers.IntegerField(allow_null=True, help_text="How many went by that.")
    sentence = serializers.CharField(help_text="Empty where it cannot be read any more.")
    rule = serializers.JSONField(
        allow_null=True, help_text="Null where it asks by what the caller may not see."
    )


class SegmentVersionPage(serializers.Serializer[Any]):
    """A page of versions."""

    results = SegmentVersionSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class NewSegment(KnownFields):
    """What makes a segment; its fields are checked by the service, all at once."""

    slug = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Segment.Kind.choices, required=False)
    description = serializers.CharField(required=False)
    rule = RuleField(required=False)


class SegmentChange(KnownFields):
    """What may change, and the revision that the change builds on (absent: whatever is)."""

    unknown = "This cannot be changed."
    revision = serializers.IntegerField(required=False, min_value=1)
    name = serializers.CharField(required=False)
    description = serializers.CharField(required=False)
    rule = RuleField(required=False)


class PreviewRequest(KnownFields):
    """A rule to count, perhaps for another moment."""

    rule = RuleField()
    as_of = serializers.DateTimeField(required=False, allow_null=True)


class SamplePerson(serializers.Serializer[Any]):
    """One of the people."""

    id = serializers.UUIDField()
    display_name = serializers.CharField()


class PreviewSerializer(serializers.Serializer[Any]):
    """Who a rule would give."""

    count = serializers.IntegerField()
    share = serializers.FloatField()
    reachable = serializers.DictField(child=serializers.IntegerField())
    sample = SamplePerson(many=True)
    sentence = serializers.CharField()
    took_ms = serializers.FloatField()


class MemberSerializer(serializers.Serializer[Any]):
    """A member and since when."""

    profile = serializers.UUIDField()
    entered_at = serializers.DateTimeField()


class MemberPage(serializers.Serializer[Any]):
    """A page of members."""

    results = MemberSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class People(KnownFields):
    """Ids or `kind:value`."""

    people = serializers.ListField(child=serializers.CharField(), max_length=50_000)


class Added(serializers.Serializer[Any]):
    """How many came in."""

    added = serializers.IntegerField()
    unknown = serializers.ListField(child=serializers.CharField())


class Removed(serializers.Serializer[Any]):
    """How many went."""

    removed = serializers.IntegerField()
    unknown = serializers.ListField(child=serializers.CharField())


class ClauseSerializer(serializers.Serializer[Any]):
    """One condition of an explanation."""

    path = serializers.CharField()
    sentence = serializers.CharField()
    holds = serializers.BooleanField()
    found = serializers.CharField()


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why somebody is in, or is not."""

    member = serializers.BooleanField()
    sentence = serializers.CharField()
    clauses = ClauseSerializer(many=True)
    hidden = serializers.IntegerField(
        help_text="Clauses left out, since they ask by personal data that the caller may not see."
    )
    note = serializers.CharField(
        help_text="What keeps the person out whatever the clauses say; else empty."
    )


class ProfileSegment(serializers.Serializer[Any]):
    """A segment that a person is in."""

    slug = serializers.CharField()
    name = serializers.CharField()
    entered_at = serializers.DateTimeField()


class ProfileSegmentPage(serializers.Serializer[Any]):
    """All of them, on one page."""

    results = ProfileSegment(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)

"""Shapes of the answers about people and what comes in (docs/integrators/rest.md)."""

from functools import cache
from typing import Any

from django.core.validators import MaxLengthValidator
from rest_framework import serializers

from config.workspace.api.fields import AsWritten, KnownFields
from profiles.models import Source


class Shape(serializers.Serializer[Any]):
    """The base of these."""


class IdentifierSerializer(Shape):
    """One (kind, value) of a person."""

    kind = serializers.CharField()
    value = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    first_seen = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()
    verified = serializers.BooleanField()


class TraitStatementSerializer(Shape):
    """What another source says."""

    source = serializers.CharField()  # type: ignore[assignment]
    at = serializers.DateTimeField()
    value = serializers.JSONField(allow_null=True)
    proven = serializers.BooleanField()  # false: said with a public key


class TraitSourceSerializer(Shape):
    """Where a trait's value comes from."""

    source = serializers.CharField()  # type: ignore[assignment]
    at = serializers.DateTimeField(allow_null=True)
    value = serializers.JSONField(allow_null=True)
    proven = serializers.BooleanField()
    others = TraitStatementSerializer(many=True)


class ProfileSerializer(Shape):
    """A person. Without the right `people.personal` personal values come masked."""

    id = serializers.UUIDField()
    display_name = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(["active", "restricted"])
    lifecycle = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True)
    locale = serializers.CharField(allow_blank=True)
    time_zone = serializers.CharField(allow_blank=True)
    first_seen = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()
    identifiers = IdentifierSerializer(many=True)
    traits = serializers.DictField(child=serializers.JSONField(allow_null=True))
    computed = serializers.DictField(child=serializers.JSONField(allow_null=True))
    scores = serializers.DictField(child=serializers.JSONField(allow_null=True))
    segments = serializers.ListField(child=serializers.CharField())
    aliases = serializers.ListField(child=serializers.CharField())
    trait_sources = serializers.DictField(child=TraitSourceSerializer(), required=False)


class EventSerializer(Shape):
    """One accepted call."""

    message_id = serializers.CharField()
    type = serializers.CharField()
    name = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    value = serializers.FloatField(allow_null=True)
    properties = serializers.DictField(child=serializers.JSONField(allow_null=True))
    source = serializers.CharField()  # type: ignore[assignment]
    identifier = serializers.CharField()


class NewSourceSerializer(KnownFields):
    """What a new source needs."""

    name = AsWritten(validators=[MaxLengthValidator(200)])
    kind = serializers.ChoiceField(
        Source.Kind.choices,
        error_messages={
            "invalid_choice": "Unknown kind; known are " + ", ".join(Source.Kind.values) + "."
        },
    )


class SourceSerializer(Shape):
    """A source as it is kept; the write key is not."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Source.Kind.choices)
    trust = serializers.IntegerField()
    enabled = serializers.BooleanField()
    write_key_hint = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)


class MadeSourceSerializer(SourceSerializer):
    """A source just made, with its key: the only time that it is said."""

    write_key = serializers.CharField()


class FieldErrorSerializer(Shape):
    """What is wrong where."""

    path = serializers.CharField(allow_blank=True)
    code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class RejectionSerializer(Shape):
    """A call that was refused."""

    id = serializers.IntegerField()
    message_id = serializers.CharField(allow_blank=True)
    source = serializers.CharField()  # type: ignore[assignment]
    type = serializers.CharField(allow_blank=True)
    received_at = serializers.DateTimeField()
    status = serializers.ChoiceField(["rejected"])
    code = serializers.CharField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]


class MergeSerializer(Shape):
    """Two people who became one, or a call that was taken in though it may be another's.

    Of an attach `absorbed` is null until it is undone, which makes that person.
    """

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(["merge", "attach"])
    survivor = serializers.UUIDField(allow_null=True)
    absorbed = serializers.UUIDField(allow_null=True)
    rule = serializers.CharField()
    evidence = serializers.DictField(child=serializers.JSONField(allow_null=True))
    at = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True)


@cache
def pages_of(serializer: type[Shape]) -> type[Shape]:
    """The shape of a list of these, for OpenAPI."""
    name = serializer.__name__.removesuffix("Serializer") + "List"
    fields = {
        "results": serializer(many=True),
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "__doc__": "A page.",
    }
    return type(name, (Shape,), fields)

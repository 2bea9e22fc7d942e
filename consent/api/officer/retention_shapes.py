"""Shapes of retention rules."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from config.workspace.api.fields import KnownFields
from consent.models import RetentionRule, RetentionRun


class RetentionKeepSerializer(KnownFields):
    """How long."""

    n = serializers.IntegerField(min_value=1, max_value=36_500)
    unit = serializers.ChoiceField(choices=RetentionRule.Unit.choices)


@extend_schema_serializer(component_name="RetentionRuleMade")
class NewRuleSerializer(KnownFields):
    """What is posted; the rule is switched off until it was counted."""

    data_class = serializers.CharField(max_length=40)
    name = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of events: only those of this name. Empty: all without a rule of their own.",
    )
    keep = RetentionKeepSerializer()
    act = serializers.ChoiceField(
        choices=RetentionRule.Act.choices, default=RetentionRule.Act.DELETE
    )
    because = serializers.CharField(
        max_length=2000, required=False, allow_blank=True, default="", help_text="Why so long."
    )


@extend_schema_serializer(component_name="RetentionRuleChanged")
class ChangeRuleSerializer(KnownFields):
    """What is patched. Other terms switch it off until they are counted."""

    keep = RetentionKeepSerializer(required=False)
    act = serializers.ChoiceField(choices=RetentionRule.Act.choices, required=False)
    because = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    enabled = serializers.BooleanField(
        required=False,
        help_text="true needs a dry run of the rule as it stands, at most a day old.",
    )


class RetentionPartSerializer(serializers.Serializer[Any]):
    """Rows of one name."""

    name = serializers.CharField(allow_blank=True)
    rows = serializers.IntegerField()


class RetentionDryRunSerializer(serializers.Serializer[Any]):
    """What a run would take now."""

    status = serializers.ChoiceField(
        choices=["done", "counting"],
        help_text="counting: it takes longer than an answer may; GET the rule later.",
    )
    at = serializers.DateTimeField(allow_null=True)
    before = serializers.DateTimeField(allow_null=True, help_text="What is older goes.")
    rows = serializers.IntegerField(allow_null=True)
    people = serializers.IntegerField(allow_null=True)
    oldest = serializers.DateTimeField(allow_null=True)
    months = serializers.ListField(
        child=serializers.CharField(), help_text="Months of events that go as a whole."
    )
    parts = RetentionPartSerializer(many=True)
    held = serializers.IntegerField(
        allow_null=True, help_text="People whose data is held: open requests, restrictions, holds."
    )
    is_current = serializers.BooleanField(help_text="The rule can be switched on by it.")


class RetentionRunSerializer(serializers.Serializer[Any]):
    """One run, in numbers."""

    id = serializers.IntegerField()
    data_class = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    keep = RetentionKeepSerializer()
    act = serializers.ChoiceField(choices=RetentionRule.Act.choices)
    set_by = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=RetentionRun.State.choices)
    before = serializers.DateTimeField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    rows = serializers.DictField(child=serializers.IntegerField())
    months = serializers.ListField(child=serializers.CharField())
    error = serializers.CharField(allow_blank=True)


class RetentionRuleSerializer(serializers.Serializer[Any]):
    """A rule, its newest dry run and its newest run."""

    id = serializers.IntegerField()
    data_class = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    keep = RetentionKeepSerializer()
    act = serializers.ChoiceField(choices=RetentionRule.Act.choices)
    because = serializers.CharField(allow_blank=True)
    enabled = serializers.BooleanField()
    next_run_at = serializers.DateTimeField(allow_null=True)
    set_by = serializers.CharField(allow_blank=True)
    set_at = serializers.DateTimeField()
    dry_run = RetentionDryRunSerializer(allow_null=True)
    last_run = RetentionRunSerializer(allow_null=True)


class RetentionRulesSerializer(serializers.Serializer[Any]):
    """All of them."""

    results = RetentionRuleSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class RetentionRunsSerializer(serializers.Serializer[Any]):
    """A page of runs, the newest first."""

    results = RetentionRunSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)

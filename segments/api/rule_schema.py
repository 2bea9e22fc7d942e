"""The shape of a rule in OpenAPI, made of what the kinds of condition say of themselves."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

from segments.rules import KINDS
from segments.rules.base import MATCHES

MATCH = {"type": "string", "enum": list(MATCHES)}
GROUP = {
    "type": "object",
    "description": "A group again.",
    "required": ["match", "conditions"],
    "properties": {"match": MATCH, "conditions": {"type": "array", "items": {"type": "object"}}},
    "additionalProperties": False,
}


def condition_schema(kind: str) -> dict[str, Any]:
    """One kind of condition."""
    schema = KINDS[kind].schema()
    example = {"kind": kind} | schema["example"]
    return schema | {
        "example": example,
        "required": ["kind", *schema.get("required", ())],
        "properties": {"kind": {"type": "string", "enum": [kind]}, **schema["properties"]},
    }


def rule_schema() -> dict[str, Any]:
    """A rule: conditions by their `kind`, and groups of them."""
    conditions = [*map(condition_schema, sorted(KINDS)), GROUP]
    return {
        "type": "object",
        "required": ["match", "conditions"],
        "properties": {
            "match": MATCH,
            "conditions": {"type": "array", "items": {"oneOf": conditions}},
        },
        "example": {
            "match": "all",
            "conditions": [{"kind": "trait", "field": "plan", "op": "eq", "value": "pro"}],
        },
    }


class RuleFieldExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Asked when the schema is made, when every app has signed its kinds in."""

    target_class = "segments.api.serializers.RuleField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """The rule."""
        return rule_schema()

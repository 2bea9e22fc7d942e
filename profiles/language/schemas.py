"""What stands in JSON, for OpenAPI."""

from typing import Any

from profiles.language.operators import JSON, NUMBER, operators_of
from profiles.language.times.durations import LONGEST

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "minLength": 1}
DURATION: Schema = {
    "type": "object",
    "description": "So many of one unit.",
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        unit: {"type": "integer", "minimum": 1, "maximum": most} for unit, most in LONGEST.items()
    },
    "additionalProperties": False,
    "example": {"days": 30},
}
WHEN: Schema = {"type": "string", "description": "A day or a time.", "example": "2026-11-20"}
WINDOW: Schema = {
    "type": "object",
    "description": "One of: `last`; `from` and `to`; `since_entry`, inside a campaign.",
    "properties": {
        "last": DURATION,
        "from": WHEN,
        "to": WHEN,
        "since_entry": {"type": "boolean", "enum": [True]},
    },
    "additionalProperties": False,
}


def strict(properties: Schema, *required: str, **more: Any) -> Schema:
    """An object of these fields and no others."""
    shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return shape | ({"required": list(required)} if required else {}) | more


def comparison(type_: str = JSON) -> Schema:
    """`op` and `value`."""
    return {"op": {"type": "string", "enum": operators_of(type_)}, "value": {}}


def where() -> Schema:
    """Properties of an event that compare."""
    return {
        "type": "array",
        "items": strict({"property": TEXT} | comparison(), "property", "op"),
    }


def count() -> Schema:
    """How often."""
    return strict(comparison(NUMBER), "op", "value", example={"op": "gte", "value": 2})

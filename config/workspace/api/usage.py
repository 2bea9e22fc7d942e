"""Who uses an object, on the wire."""

from typing import Any

from rest_framework import serializers

from config.workspace.api.problems import Problem
from config.workspace.lifecycle.usage import InUse, Use, users


class UseSerializer(serializers.Serializer[Any]):
    """Somebody who uses an object."""

    kind = serializers.CharField()
    name = serializers.CharField()
    why = serializers.CharField(allow_blank=True)
    binds = serializers.BooleanField(
        help_text="Whether the object can neither be archived nor deleted while this stands."
    )


def answer_of(use: Use) -> dict[str, Any]:
    """As UseSerializer has it."""
    return {"kind": use.kind, "name": use.name, "why": use.why, "binds": use.binds}


def used_by(kind: str, key: str) -> list[dict[str, Any]]:
    """All who use it."""
    return [answer_of(use) for use in users(kind, key)]


def problem_of(error: InUse) -> Problem:
    """409 that names the users, in words and as a list."""
    return Problem(
        409,
        "In use",
        str(error),
        extra={"used_by": [answer_of(use) for use in error.uses]},
    )

"""Views of higher apps about one person, mounted at /api/profiles/PERSON/NAME/."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.registry import Registry
from profiles.models import Profile


@dataclass(frozen=True)
class Subroute:
    """One sub-route with what it needs and how OpenAPI describes it (`extend_schema` arguments)."""

    function: Callable[[Request, Profile], Response]
    permission: str = "people.view"
    schema: dict[str, Any] = field(default_factory=dict)


# name -> function(request, profile) -> Response, or a Subroute where more is to be said
SUBROUTES: Registry[Callable[[Request, Profile], Response] | Subroute] = Registry("subroutes")


def subroute_of(entry: Callable[[Request, Profile], Response] | Subroute) -> Subroute:
    """The entry with defaults filled in."""
    return entry if isinstance(entry, Subroute) else Subroute(entry)

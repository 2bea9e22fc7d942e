"""What higher apps show on the customer page: cards, chips, and what one can do (ACTIONS)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.functional import Promise

from config.workspace.registry import Registry
from profiles.models import Profile

Text = str | Promise


@dataclass(frozen=True)
class Panel:
    """One card: a template, drawn with its own context, in the left or the right column."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    column: Literal["left", "right"] = "right"


@dataclass(frozen=True)
class Chip:
    """Whether a person can be reached on one channel, and why ("never asked")."""

    channel: str
    label: Text
    status: Literal["ok", "no", "ask"]
    reason: Text = ""
    icon: str = "mail"
    url: str = ""


@dataclass(frozen=True)
class PersonAction:
    """Something that one can do with a person: it opens over the page, or as one of its own."""

    label: Text
    url: str
    icon: str


# name -> function(request, profile) -> PersonAction, or None for whoever may not
ACTIONS: Registry[Callable[[HttpRequest, Profile], PersonAction | None]] = Registry("actions")
# name -> function(request) -> what can be done with whoever is chosen in the people list: a
# template within the form of the list, which posts `person` or `all` with `query`
# (`browsing.choosing`)
LIST_ACTS: Registry[Callable[[HttpRequest], Panel | None]] = Registry("acts of the people list")
# name -> function(request, profile) -> Panel, or None where there is nothing to show
PANELS: Registry[Callable[[HttpRequest, Profile], Panel | None]] = Registry("panels")
# name -> function(request, profile) -> chips, in their order
CHIPS: Registry[Callable[[HttpRequest, Profile], list[Chip]]] = Registry("chips")


def panels_of(request: HttpRequest, profile: Profile) -> dict[str, list[Panel]]:
    """The cards of each column, in order of registration."""
    columns: dict[str, list[Panel]] = {"left": [], "right": []}
    for _name, function in PANELS:
        panel = function(request, profile)
        if panel is not None:
            columns[panel.column].append(panel)
    return columns


def chips_of(request: HttpRequest, profile: Profile) -> list[Chip]:
    """All chips, in order of registration."""
    return [chip for _name, function in CHIPS for chip in function(request, profile)]


def actions_of(request: HttpRequest, profile: Profile) -> list[PersonAction]:
    """What this user may do with the person, in order of registration."""
    return [found for _name, offer in ACTIONS if (found := offer(request, profile))]

"""A campaign of several steps as its pages show it: each step in words, with its people."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.engine.steps import STEPS
from campaigns.engine.steps.base import Card
from campaigns.models import Campaign
from campaigns.outcomes.figures import counted_messages, counting
from campaigns.people.entered import decided_at, people_at, people_in
from campaigns.plan import MESSAGE, Node, plan_of
from config.console.words import num
from profiles.selectors.masking import Shown, shown_to
from segments.rules import Group

OTHERWISE = "else"
_VARIABLE = re.compile(r"{{[-\s]*+([^|{}\s]++)[^{}]*+}}")
FIGURES = ("sent", "queued", "excluded", "clicked")


def plain(subject: str) -> str:
    """A subject with its variables by name: [first_name], your tent."""
    return " ".join(_VARIABLE.sub(r"[\1]", subject).split())


@dataclass(frozen=True)
class Figure:
    """A number of a step."""

    count: int
    text: str


@dataclass(frozen=True)
class StepLine:
    """A step of the list; `way` is what leads to it, for the first step of a way.

    `straight`: ways without a step, which go on behind it.
    """

    icon: str
    title: str
    text: str
    depth: int
    way: str
    straight: list[str]
    figures: list[Figure]


@dataclass(frozen=True)
class Journey:
    """All steps, and the people as a whole; None of those before the launch."""

    lines: list[StepLine]
    people: Mapping[str, int] | None


def journey_of(request: HttpRequest, campaign: Campaign) -> Journey | None:
    """Of what was launched, else of the draft; None where it ends with its first message. At most
    four queries, and those of the rules' names.
    """
    plan = plan_of(campaign)
    if plan.is_single or not plan.nodes:
        return None
    shown = shown_to(request.user)
    launched = campaign.launched_at is not None
    asks: dict[str, Mapping[str, Group]] = {}
    counts = _counts(campaign) if launched else None
    lines = []
    for node in plan.nodes:
        card = _card(node)
        asks[node.path] = card.asks
        figures = _figures(node, counts) if counts else []
        line = StepLine(
            card.icon,
            plain(card.title),
            card.text,
            node.depth,
            _leading(node, asks, shown=shown),
            _straight(node, card.asks, shown=shown),
            figures,
        )
        lines.append(line)
    return Journey(lines, people_in(campaign) if launched else None)


def _card(node: Node) -> Card:
    """Of what was launched by an older version, or is broken, that nobody knows it."""
    kind = STEPS.get(node.kind)
    return kind.card(node.step) if kind else Card("alert", _("A step that nobody knows"))


def _leading(node: Node, asks: Mapping[str, Mapping[str, Group]], *, shown: Shown) -> str:
    if not node.way:
        return ""
    # a way's list stands in the step that holds it: steps[2].branches[0].steps[0]
    holder = max((path for path in asks if node.path.startswith(f"{path}.")), key=len, default="")
    return _way(node.way, asks.get(holder, {}).get(node.way), shown=shown)


def _straight(node: Node, asks: Mapping[str, Group], *, shown: Shown) -> list[str]:
    return [
        _("%(way)s: nothing more here") % {"way": _way(name, asks.get(name), shown=shown)}
        for name, to in node.ways
        if to == node.after
    ]


def _way(name: str, rule: Group | None, *, shown: Shown) -> str:
    if name == OTHERWISE:
        return _("Everybody else")
    if rule is None:
        return name
    words = rule.masked(shown).describe()
    return _("%(name)s (people who %(rule)s)") % {"name": name, "rule": words}


@dataclass(frozen=True)
class _Counts:
    at: Mapping[str, int]
    decided: Mapping[str, Mapping[str, int]]
    messages: Mapping[str, Mapping[str, Any]]


def _counts(campaign: Campaign) -> _Counts:
    rows = counted_messages().filter(campaign_id=campaign.pk).values("step")
    by_step = {row["step"]: row for row in rows.annotate(**counting(FIGURES))}
    return _Counts(people_at(campaign), decided_at(campaign), by_step)


def _figures(node: Node, counts: _Counts) -> list[Figure]:
    here = counts.at.get(node.key, 0)
    passed = sum(counts.decided.get(node.key, {}).values())
    found = [
        Figure(here, ngettext("is here now", "are here now", here)),
        Figure(passed, ngettext("has passed", "have passed", passed)),
    ]
    if node.kind != MESSAGE:
        return found
    row = counts.messages.get(node.key, dict.fromkeys(FIGURES, 0))
    words = {
        "sent": _("sent"),
        "queued": _("waiting"),
        "excluded": _("left out"),
        "clicked": _("clicked"),
    }
    return [*found, *(Figure(row[name], text) for name, text in words.items())]


def steps_words(campaign: Campaign) -> str:
    """ "4 steps", for the top of a page; "" where it ends with its first message."""
    plan = plan_of(campaign)
    if plan.is_single or not plan.nodes:
        return ""
    return ngettext("%(n)s step", "%(n)s steps", len(plan.nodes)) % {"n": num(len(plan.nodes))}

"""The dot in the head of every page, and the banner while something fails."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config.console import health_words as words
from config.console.pages import part
from config.console.words import capitalised
from config.workspace.health import status
from config.workspace.health.status import Health, HealthLevel

STATES = {HealthLevel.OK: "ok", HealthLevel.BEHIND: "warn", HealthLevel.FAILING: "bad"}


@dataclass(frozen=True)
class HealthShown:
    """`state` is ok, warn or bad; `word` stands beside the dot; the others are the banner's."""

    state: str
    word: str
    headline: str
    reasons: list[str]


def shown() -> HealthShown:
    """How the installation is now."""
    health = status.current()
    return HealthShown(
        STATES[health.level],
        words.short(health),
        words.headline(health),
        _reasons(health),
    )


def _reasons(health: Health) -> list[str]:
    """Why, of each that fails; the first is named by the headline already."""
    said = [(words.title(unit), words.said(unit)) for unit in health.failing]
    named = [_("%(what)s: %(reason)s") % {"what": what, "reason": why} for what, why in said[1:]]
    return [capitalised(why) + "." for _what, why in said[:1]] + [f"{one}." for one in named]


def health(request: HttpRequest) -> HttpResponse:
    """Asked again every half minute by a page that stays open."""
    return part(request, "console/_health.html", {"health": shown(), "polled": True})

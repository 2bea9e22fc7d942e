"""What a banner says: its texts by name, and what they are until somebody writes others."""

from collections.abc import Iterable

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import Purpose
from consent.models.purpose import MEASURING, PERSONALISATION, SHARING

LONGEST, LONGEST_TITLE = 600, 80  # characters
# name -> its label in the form; the order is that of the wording
TEXTS = {
    "title": gettext_lazy("Heading"),
    "text": gettext_lazy("What you ask"),
    "reject": gettext_lazy("Button: no to all"),
    "accept": gettext_lazy("Button: yes to all"),
    "choose": gettext_lazy("Button: choose one by one"),
    "choices": gettext_lazy("Heading of the choices"),
    "needed": gettext_lazy("Above the choices"),
    "save": gettext_lazy("Button: save the choices"),
    "saved": gettext_lazy("Said once it is saved"),
    "close": gettext_lazy("Button: close"),
    "button": gettext_lazy("Button that opens the choices again"),
    "privacy": gettext_lazy("Link to your privacy notice"),
    "gpc": gettext_lazy("Where the browser sends an opt-out signal"),
    "gpc_short": gettext_lazy("The same, beside the button"),
}
LONG_TEXTS = ("text", "needed", "gpc")


def purpose_names(slug: str) -> tuple[str, str]:
    """Names of the two texts of a purpose: its title, and what it means."""
    return f"{slug}.title", f"{slug}.text"


def names_of(slugs: Iterable[str]) -> list[str]:
    """The names of all texts of a banner that asks about these purposes, in their order."""
    return [*TEXTS, *(name for slug in slugs for name in purpose_names(slug))]


def usual_texts(language: str, purposes: Iterable[Purpose]) -> dict[str, str]:
    """What each text is to begin with, in this language."""
    with translation.override(language):
        found = {
            "title": _("May we use what you do here?"),
            "text": _(
                "What the site needs to work is always on. For anything else we ask you: choose "
                "freely, and change your mind whenever you like."
            ),
            "reject": _("Reject all"),
            "accept": _("Accept all"),
            "choose": _("Choose one by one"),
            "choices": _("Your privacy choices"),
            "needed": _("What the site needs to work is always on, and not listed here."),
            "save": _("Save my choices"),
            "saved": _("Your choices are saved."),
            "close": _("Close"),
            "button": _("Privacy choices"),
            "privacy": _("Privacy notice"),
            "gpc": _("Your browser's opt-out signal (GPC) is honoured."),
            "gpc_short": _("Opt-out honoured"),
        }
        known = {
            MEASURING: (
                _("Measuring"),
                _("Count visits and clicks, so that we see what works and what does not."),
            ),
            PERSONALISATION: (
                _("Personal suggestions"),
                _("Fit what we show you to what you looked at and bought."),
            ),
            SHARING: (
                _("Sharing for ads"),
                _("Share data about your visit with advertisers, for ads on other sites."),
            ),
        }
        for purpose in purposes:
            title, text = known.get(purpose.slug, (purpose.name, purpose.description))
            names = purpose_names(purpose.slug)
            found |= {names[0]: str(title), names[1]: str(text)}
    return found

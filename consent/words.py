"""Permissions in words: where a statement came from, since when."""

from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.console.words import day
from consent.models import ConsentEntry
from consent.models.ledger import Basis, ConsentStatus
from consent.volume import in_words, limit_said
from profiles.selectors.masking import Shown

# how somebody asked one of ours to withdraw for them (`evidence.asked_by`)
ASKED_BY: Final = {
    "phone": gettext_lazy("By phone"),
    "email": gettext_lazy("By email"),
    "in_person": gettext_lazy("In person"),
    "letter": gettext_lazy("By letter"),
    "chat": gettext_lazy("In a chat"),
    "other": gettext_lazy("In another way"),
}
# kinds of addresses that can be suppressed (`config.workspace.digests.CONTACT_KINDS`)
ADDRESS_KINDS: Final = {
    "email": gettext_lazy("Email"),
    "phone": gettext_lazy("Phone"),
    "push_token": gettext_lazy("Push token"),
}
PLACES = ("collection_point", "place", "source", "page", "url")
# places of our own, which the evidence names in English (`consent.preferences.acting.PAGE`)
OWN_PLACES: Final = {"preference page": gettext_lazy("the preference page")}


def source_of(entry: ConsentEntry) -> str:
    """The name of the source, else what the evidence says of the place, else who recorded it."""
    if entry.source_id and entry.source is not None:
        return str(entry.source.name)
    place = where_said(entry)
    return str(OWN_PLACES.get(place, place)) if place else actor_words(entry.actor)


def where_said(entry: ConsentEntry) -> str:
    """What the evidence says of the place, a place of ours by its key; "" for nothing."""
    return str(next((entry.evidence[name] for name in PLACES if entry.evidence.get(name)), ""))


def act_of(entry: ConsentEntry) -> str:
    """How it was said: "double opt-in", "by STOP", "on the preference page"; else the ground."""
    act = str(entry.evidence.get("act") or entry.evidence.get("kind") or "")
    if entry.status == ConsentStatus.GRANTED and entry.basis != Basis.CONSENT:
        return str(entry.get_basis_display())
    if limit := limit_said(str(entry.evidence.get("at_most") or "")):
        return in_words(limit)
    if act == "keyword":
        word = str(entry.evidence.get("word") or "")[:20]
        return _("by %(word)s") % {"word": word if word.isalpha() else "STOP"}
    words = {
        "form": _("in a form"),
        "double_opt_in": _("double opt-in"),
        "recorded_call": _("on a recorded call"),
        "one_click": _("by one click in a mail"),
        "preference_page": _("on the preference page"),
        "console": _("in the console"),
        "on_behalf": _("as they asked us to"),
    }
    return _signal_of(entry) or words.get(act, "")


def _signal_of(entry: ConsentEntry) -> str:
    """Of what a browser or a consent platform said; "" for everything else."""
    evidence = entry.evidence
    if evidence.get("signal") == "gpc":
        proven = not evidence.get("proof")
        return _("their browser says GPC") if proven else _("a browser says GPC, unproven")
    if evidence.get("signal") == "consent_object":
        is_string = evidence.get("tcf") or evidence.get("gpp")
        return _("in a consent platform") if is_string else _("in a cookie banner")
    return ""


def paused_until(entry: ConsentEntry) -> datetime | None:
    """Until when a withdrawal is a pause that ends by itself; None for every other statement."""
    if entry.status != ConsentStatus.WITHDRAWN or entry.evidence.get("then") != "resume":
        return None
    return datetime.fromisoformat(entry.evidence["until"])


def said_words(entry: ConsentEntry) -> str:
    """How and when, for a chip: "double opt-in, 14 Mar 2025"; "withdrawn 10 Nov by STOP"."""
    on, act = day(timezone.localdate(entry.at)), act_of(entry)
    if entry.status == ConsentStatus.GRANTED:
        return f"{act}, {on}" if act else _("allowed %(day)s") % {"day": on}
    words = {
        ConsentStatus.WITHDRAWN: _("withdrawn %(day)s %(how)s"),
        ConsentStatus.DENIED: _("said no %(day)s %(how)s"),
        ConsentStatus.PENDING: _("not confirmed since %(day)s"),
        ConsentStatus.EXPIRED: _("expired %(day)s"),
    }
    return (words[ConsentStatus(entry.status)] % {"day": on, "how": act}).strip()


def actor_words(actor: str) -> str:
    """Who recorded it."""
    words = {
        "person": _("the person"),
        "api_key": _("the API"),
        "user": _("the console"),
        "system": _("the system"),
    }
    return words.get(actor.partition(":")[0], _("the system"))


def answer_of(entry: ConsentEntry, public_id: Any, *, shown: Shown) -> dict[str, Any]:
    """A standing entry as the API has it."""
    return {
        "id": entry.pk,
        "profile": public_id,
        "contact_point": shown.address(entry.contact_point),
        "purpose": entry.purpose.slug,
        "channel": entry.channel,
        "topic": entry.topic.slug if entry.topic else None,
        "status": entry.status,
        "basis": entry.basis,
        "source": shown.text(source_of(entry)),
        "at": entry.at,
        "evidence": shown.evidence(entry.evidence),
        **shown.evidence({"wording": entry.wording, "language": entry.language}),
    }

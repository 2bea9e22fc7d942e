"""The ledger on screens: who allowed and refused what; of one person also as of a past day."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from config.console.pages import ApiCall, page
from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.permissions import requires
from config.workspace.trail.proofs import provable
from config.workspace.zones import ends, today
from consent.channels import channel_names, label_of
from consent.ledger.chain import CONSENTS
from consent.ledger.history import history_of, newest, states_of
from consent.models import ConsentEntry, Purpose, Wording
from consent.models.ledger import ConsentStatus, Outcome
from consent.words import act_of, actor_words, source_of
from profiles.models import Profile, Source
from profiles.selectors.finding import search
from profiles.selectors.masking import Shown, shown_to

VIEW: Final = "consents.view"
# the filters, and what each looks at
CHOICES: Final = {
    "purpose": "purpose__slug",
    "channel": "channel",
    "status": "status",
    "source": "source_id",
}
LATE: Final = timedelta(hours=1)  # between what was said and when it was written
SHOWN: Final = 50
MOST_OF_ONE: Final = 500
FOUND: Final = 20
LOOKS: Final = {
    ConsentStatus.GRANTED: ("ok", "ok"),
    ConsentStatus.PENDING: ("warn", "clock"),
    ConsentStatus.DENIED: ("", "x"),
    ConsentStatus.WITHDRAWN: ("", "x"),
    ConsentStatus.EXPIRED: ("", "clock"),
}


@requires(VIEW)
def ledger_view(request: HttpRequest) -> HttpResponse:
    """What everybody said, newest first; by an address or a name, whose it is."""
    shown = shown_to(request.user)
    term = request.GET.get("q", "").replace("\x00", "").strip()[:300]
    people = list(search(term, shown=shown)[:FOUND]) if term else []
    if len(people) == 1:
        return redirect("consent:person_ledger", people[0].public_id)
    asked = {name: request.GET[name] for name in CHOICES if request.GET.get(name)}
    below = number_of(request.GET.get("below", ""))
    found = newest(_wanted(asked), below or None, SHOWN)
    audit.record(
        "consent.listed",
        "consent",
        fields=["contact_point"] if shown.looked_at("address") else [],
        people=sorted({one.profile_id for one in found.entries} | {one.pk for one in people}),
    )
    return page(
        request,
        "consent/ledger.html",
        {
            "lines": _lines(found.entries, shown),
            "choices": _choices(asked),
            "asked": asked,
            "term": term,
            "people": [(one, shown.name(one.display_name)) for one in people],
            "may_look": bool(shown.looked_at("display_name", "identifier")),
            "older": f"?{urlencode(asked | {'below': found.below})}" if found.below else "",
            "newest": f"?{urlencode(asked)}" if below else "",
            "is_cut": found.is_cut,
        },
        title=_("Who allowed what"),
        crumbs=[(_("Privacy"), None)],
        api_call=ApiCall("GET", "/api/consents/"),
    )


def _wanted(asked: dict[str, str]) -> dict[str, Any]:
    """The look-ups; what is no choice finds nobody."""
    given: dict[str, Any] = {CHOICES[name]: value for name, value in asked.items()}
    if "source" in asked:
        given[CHOICES["source"]] = number_of(asked["source"])
    return given


def _choices(asked: dict[str, str]) -> list[dict[str, Any]]:
    """What can be chosen, of each filter: its name, label, and pairs."""
    purposes = [(one.slug, one.name) for one in Purpose.objects.all()]
    channels = [(name, label_of(name)) for name in channel_names()]
    sources = [(str(one.pk), one.name) for one in Source.objects.order_by("name")]
    rows = [
        ("purpose", _("Purpose"), purposes),
        ("channel", _("Channel"), channels),
        ("status", _("State"), ConsentStatus.choices),
        ("source", _("Source"), sources),
    ]
    return [
        {"name": name, "label": label, "pairs": pairs, "chosen": asked.get(name, "")}
        for name, label, pairs in rows
    ]


@requires(VIEW)
def person_ledger_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What stands of one person, or stood at the end of a day, and everything that was said."""
    person = get_object_or_404(Profile.objects.living(), public_id=public_id)
    shown = shown_to(request.user)
    day = _day(request.GET.get("on", ""))
    audit.record(
        "consent.listed",
        "profile",
        str(person.public_id),
        fields=["contact_point"] if shown.looked_at("address") else [],
        profile_id=person.pk,
    )
    stands = states_of(person.pk, ends(day) - timedelta(microseconds=1) if day else None)
    said = list(history_of(person.pk)[:MOST_OF_ONE])
    name = shown.name(person.display_name)
    return page(
        request,
        "consent/person_ledger.html",
        {
            "person": person,
            "name": name,
            "stands": _lines(stands, shown),
            "said": _lines(said, shown),
            "provable": provable(CONSENTS),
            "is_cut": len(said) == MOST_OF_ONE,
            "day": day,
            "moment": ends(day) - timedelta(minutes=1) if day else None,
            "today": today(),
            "wrong": request.GET.get("on") and day is None,
            "personal": shown.personal,
        },
        title=name or _("No name yet"),
        crumbs=[
            (_("Privacy"), None),
            (_("Permissions"), reverse("consent:ledger")),
        ],
        api_call=ApiCall("GET", _call(person, day)),
    )


def _call(person: Profile, day: date | None) -> str:
    moment = f"?as_of={ends(day).isoformat().replace('+', '%2B')}" if day else ""
    return f"/api/profiles/{person.public_id}/consents/{moment}"


def _day(text: str) -> date | None:
    """A day that is over or today's; None for anything else."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and found <= today() else None


def _lines(entries: Sequence[ConsentEntry], shown: Shown) -> list[dict[str, Any]]:
    """Statements as the screens have them, with the version of the words shown. One query."""
    named = {number for one in entries if (number := _wording_id(one))}
    versions = Wording.objects.in_bulk(sorted(named)) if named else {}
    return [_line(one, shown, versions.get(_wording_id(one))) for one in entries]


def _wording_id(entry: ConsentEntry) -> int:
    found = entry.evidence.get("wording_id")
    return found if isinstance(found, int) and 0 < found < 1 << 63 else 0


def _line(entry: ConsentEntry, shown: Shown, version: Wording | None) -> dict[str, Any]:
    tone, icon = LOOKS[ConsentStatus(entry.status)]
    is_claim = entry.outcome != Outcome.RECORDED
    evidence = shown.evidence(entry.evidence)
    return {
        "entry": entry,
        "person": _person(entry, shown) if "profile" in entry._state.fields_cache else None,
        "tone": "" if is_claim else tone,
        "icon": icon,
        "is_claim": is_claim,
        "channel": label_of(entry.channel) if entry.channel else _("all channels"),
        "point": shown.address(entry.contact_point),
        "how": act_of(entry),
        "where": shown.text(source_of(entry)),
        "by": actor_words(entry.actor),
        "wording": shown.evidence({"wording": entry.wording}).get("wording") or "",
        "version": version,
        "ip": evidence.get("ip") or "",
        "browser": evidence.get("user_agent") or "",
        "is_late": entry.recorded_at - entry.at > LATE,
    }


def _person(entry: ConsentEntry, shown: Shown) -> dict[str, Any]:
    """Whose it is; without a door where they were erased, or live on as another."""
    if entry.profile.state == Profile.State.ERASED:
        return {"gone": _("erased")}
    if entry.profile.state == Profile.State.MERGED:
        return {"gone": _("joined with another, who has it too")}
    return {
        "name": shown.name(entry.profile.display_name),
        "url": reverse("consent:person_ledger", args=[entry.profile.public_id]),
    }

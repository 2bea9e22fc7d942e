"""Incidents: who was touched, which laws' clocks run, who was told."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from config.console.pages import ApiCall, page, toast
from config.workspace import audit
from config.workspace.models import User
from config.workspace.permissions import may, requires
from config.workspace.roles.callers import member_of
from config.workspace.trail.words import field_in_words, words_of
from consent.incidents import finding, reporting
from consent.models import Incident
from consent.policy.words import place_in_words
from profiles.selectors.masking import Shown, shown_to

VIEW, EDIT = "privacy.view", "privacy.edit"
MOMENT = "%Y-%m-%dT%H:%M"


class IncidentForm(forms.Form):
    """By what, and when. `subject` is of a kind: "user:3"."""

    title = forms.CharField(label=gettext_lazy("What is it called"), max_length=200)
    subject = forms.ChoiceField(label=gettext_lazy("By what data may have got out, or in"))
    since = forms.DateTimeField(label=gettext_lazy("From"))
    until = forms.DateTimeField(label=gettext_lazy("Until"))
    known_at = forms.DateTimeField(
        label=gettext_lazy("Known since"), help_text=gettext_lazy("The laws' clocks run from then.")
    )
    note = forms.CharField(
        label=gettext_lazy("What happened"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"].help_text = _("Times are those of %(zone)s.") % {
            "zone": timezone.get_current_timezone_name().replace("_", " ")
        }
        for name in ("since", "until", "known_at"):
            self.fields[name].widget = forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format=MOMENT
            )
        groups = [
            (label, [(f"{kind}:{pk}", name) for pk, name in reporting.subjects(kind)])
            for kind, label in Incident.Kind.choices
        ]
        self.fields["subject"].choices = [one for one in groups if one[1]]  # type: ignore[attr-defined]

    def save(self, user: User | None) -> Incident | None:
        """Write it down; None where the service refuses, which stands at its field."""
        given = dict(self.cleaned_data)
        kind, _colon, number = given.pop("subject").partition(":")
        try:
            return reporting.report(given | {"kind": kind, "subject_id": int(number)}, user)
        except reporting.IncidentRefused as error:
            path = "subject" if error.path == "subject_id" else error.path
            self.add_error(path, str(error))
            return None


@requires(VIEW)
def incidents_view(request: HttpRequest) -> HttpResponse:
    """Open ones first."""
    rows, shown = Incident.objects.order_by("-status", "-id"), shown_to(request.user)
    return page(
        request,
        "consent/incidents.html",
        {
            "lines": [(row, shown.text(row.title), _next_clock(row)) for row in rows],
            "may_edit": may(request.user, EDIT),
        },
        title=_("Incidents"),
        crumbs=[(_("Privacy"), None)],
        api_call=ApiCall("GET", "/api/incidents/"),
    )


def _next_clock(row: Incident) -> reporting.RunningClock | None:
    """Of whom nobody has told yet, the soonest; of one that is closed none."""
    if row.status == Incident.Status.CLOSED:
        return None
    return next((one for one in reporting.clocks(row) if one.told_at is None), None)


@requires(VIEW)
@requires(EDIT)
def new_incident_view(request: HttpRequest) -> HttpResponse:
    """Write one down; whom it touched is counted at once."""
    form = IncidentForm(request.POST or None, initial={"known_at": timezone.localtime()})
    if request.method == "POST" and form.is_valid():
        row = form.save(member_of(request))
        if row is not None:
            return redirect("consent:incident", row.public_id)
    return page(
        request,
        "consent/new_incident.html",
        {"form": form},
        title=_("New incident"),
        crumbs=_crumbs(),
    )


def _crumbs() -> list[tuple[str, str | None]]:
    return [(_("Privacy"), None), (_("Incidents"), reverse("consent:incidents"))]


@requires(VIEW)
def incident_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The report; it prints as it is."""
    row = get_object_or_404(Incident, public_id=public_id)
    audit.record("incident.viewed", "incident", str(row.public_id))
    shown = shown_to(request.user)
    counted = row.counted
    return page(
        request,
        "consent/incident.html",
        {
            "row": row,
            "note": shown.text(row.note),
            "closed_because": shown.text(row.closed_because),
            "counted": counted,
            "fields": [
                (shown.text(field_in_words(name)), n) for name, n in counted.get("fields", [])
            ],
            "actions": [
                (_action(row, name, shown), n, people)
                for name, n, people in counted.get("actions", [])
            ],
            "countries": [
                (place_in_words(code) if code else "", n)
                for code, n in counted.get("countries", [])
            ],
            "clocks": reporting.clocks(row),
            "is_trail": row.kind in (Incident.Kind.USER, Incident.Kind.API_KEY),
            "may_edit": may(request.user, EDIT),
        },
        title=shown.text(row.title),
        crumbs=_crumbs(),
        api_call=ApiCall("GET", f"/api/incidents/{row.public_id}/"),
    )


def _action(row: Incident, name: str, shown: Shown) -> str:
    """A code of the trail in words; what came in or went out by its own name."""
    if row.kind in (Incident.Kind.USER, Incident.Kind.API_KEY):
        try:
            return words_of(name if "." in name else f"profile.{name}")
        except KeyError:
            return name
    return shown.text(name)


@require_POST
@requires(VIEW)
@requires(EDIT)
def incident_turn_view(request: HttpRequest, public_id: uuid.UUID, turn: str) -> HttpResponse:
    """One of `TURNS`; what cannot be done says why."""
    if turn not in TURNS:
        raise Http404
    row = get_object_or_404(Incident, public_id=public_id)
    try:
        said = TURNS[turn](request, row)
    except reporting.IncidentRefused as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        if said.startswith("/"):
            return redirect(said)
        toast(request, said)
    return redirect("consent:incident", row.public_id)


def _count(request: HttpRequest, row: Incident) -> str:
    finding.count(row)
    return _("Counted.")


def _told_authority(request: HttpRequest, row: Incident) -> str:
    reporting.tell(row, "authority")
    return _("Written down: the authority was told.")


def _told_people(request: HttpRequest, row: Incident) -> str:
    reporting.tell(row, "people")
    return _("Written down: the people were told.")


def _list(request: HttpRequest, row: Incident) -> str:
    return reporting.list_people(row, member_of(request))


def _close(request: HttpRequest, row: Incident) -> str:
    reporting.close(row, request.POST.get("because", "")[:5_000])
    return _("Closed.")


TURNS: dict[str, Callable[[HttpRequest, Incident], str]] = {
    "count": _count,
    "told-authority": _told_authority,
    "told-people": _told_people,
    "list": _list,
    "close": _close,
}

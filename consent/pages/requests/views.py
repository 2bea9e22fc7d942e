"""The list of privacy requests, and one of them."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from config.console.pages import page, toast
from config.workspace import audit
from config.workspace.models import User
from config.workspace.permissions import may, requires
from consent.models import ErasureException, PrivacyRequest
from consent.pages.requests.forms import NewRequestForm
from consent.privacy import archive, callbacks, requests, restriction
from consent.privacy.deadlines import extended
from consent.privacy.erasure.exceptions import words as words_of_exception
from consent.privacy.found import found_of
from consent.privacy.subject import person_of
from consent.privacy.words import (
    clock_tone,
    is_overdue,
    next_step,
    origin_in_words,
    table_in_words,
)
from profiles.selectors.masking import Shown

VIEW, EDIT = "privacy.view", "privacy.edit"
CLOSED_SHOWN = 50


@requires(VIEW)
def requests_view(request: HttpRequest) -> HttpResponse:
    """Open ones, due first, then those that were closed last."""
    audit.record("privacy.listed", "privacy_request")
    rows = PrivacyRequest.objects.select_related("assigned_to")
    waiting = rows.filter(status__in=PrivacyRequest.OPEN).order_by("due_at", "id")
    closed = rows.exclude(status__in=PrivacyRequest.OPEN).order_by("-completed_at", "-id")
    shown = Shown(may(request.user, "people.personal"))
    return page(
        request,
        "consent/requests.html",
        {
            "open": [_line(row, shown) for row in waiting],
            "closed": [_line(row, shown) for row in closed[:CLOSED_SHOWN]],
            "may_edit": may(request.user, EDIT),
            "personal": shown.personal,
        },
        title=_("Requests"),
        crumbs=[(_("Privacy"), None)],
    )


@requires(VIEW)
@requires(EDIT)
def new_request_view(request: HttpRequest) -> HttpResponse:
    """Write one down."""
    given = {name: request.GET[name] for name in ("type", "identifier") if name in request.GET}
    form = NewRequestForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        row = form.save()
        toast(request, _("Taken in. The clock runs."))
        return redirect("consent:request", row.public_id)
    return page(
        request,
        "consent/new_request.html",
        {"form": form},
        title=_("New privacy request"),
        crumbs=_crumbs(),
    )


@requires(VIEW)
def request_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What is asked, what was found, and the one next step."""
    row = get_object_or_404(
        PrivacyRequest.objects.select_related("assigned_to").prefetch_related("callbacks"),
        public_id=public_id,
    )
    audit.record("privacy.viewed", "privacy_request", str(row.public_id))
    shown = Shown(may(request.user, "people.personal"))
    found, person = found_of(row), person_of(row)
    return page(
        request,
        "consent/request.html",
        {
            "row": row,
            "line": _line(row, shown),
            "found": [(table_in_words(one.table), one) for one in found],
            "step": next_step(row),
            "done": [(table_in_words(t), n) for t, n in row.result.get("erased", {}).items()],
            "searched": row.result.get("searched"),
            "certificate": row.result.get("certificate"),
            "person": person,
            "has_archive": bool(person) and row.type in archive.TYPES,
            "callbacks": row.callbacks.all(),
            "given_up": any(one.failed_at for one in row.callbacks.all()),
            "comments": row.comments.select_related("author"),
            "until": extended(row.regulation, row.type, row.received_at),
            "is_blocked": requests.is_blocked(row),
            "exceptions": [
                (one, words_of_exception(one))
                for one in ErasureException.objects.filter(request=row)
            ],
            "may_keep": may(request.user, EDIT) and row.is_open and row.erasing_since is None,
            "is_restricting": restriction.is_restricting(row),
            "lifted": row.result.get(restriction.LIFTED),
            "may_edit": may(request.user, EDIT),
            "personal": shown.personal,
        },
        title=row.get_type_display(),
        crumbs=_crumbs(),
    )


def _crumbs() -> list[tuple[str, str | None]]:
    return [(_("Privacy"), None), (_("Requests"), reverse("consent:requests"))]


def _line(row: PrivacyRequest, shown: Shown) -> dict[str, Any]:
    """One request for a screen."""
    who = ", ".join(
        shown.identifier(one["kind"], one["value"]) for one in row.identities if "value" in one
    )
    return {
        "row": row,
        "who": who,
        "tone": clock_tone(row),
        "overdue": is_overdue(row),
        "origin": origin_in_words(row.origin),
        "url": reverse("consent:request", args=[row.public_id]),
    }


@require_POST
@requires(EDIT)
def turn_view(request: HttpRequest, public_id: uuid.UUID, turn: str) -> HttpResponse:
    """One of `TURNS`; what cannot be done says why."""
    if turn not in TURNS:
        raise Http404
    row = get_object_or_404(PrivacyRequest, public_id=public_id)
    because = request.POST.get("because", "")
    try:
        words = TURNS[turn](request, row, because)
    except requests.CannotBeDone as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        toast(request, words)
    return redirect("consent:request", row.public_id)


def _confirm(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    requests.confirm(row, proof=because or "officer")
    return _("Confirmed.")


def _complete(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    requests.settle(row, because=because)
    return _("It is being carried out.")


def _extend(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    requests.extend(row, because=because)
    return _("Extended. Tell the person, and why.")


def _cancel(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    requests.cancel(row, because=because)
    return _("Cancelled.")


def _comment(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    requests.comment(row, _user(request), because)
    return _("Written down.")


def _release(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    requests.release(row, because=because)
    return _("Released: what is new may come in again.")


def _lift(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    restriction.lift(row, because=because)
    return _("Lifted: their data may be worked with again.")


def _take(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    requests.assign(row, _user(request))
    return _("It is yours.")


def _call(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    n = callbacks.call_again(row)
    return ngettext("%(n)d call is tried again.", "%(n)d calls are tried again.", n) % {"n": n}


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


TURNS: dict[str, Callable[[HttpRequest, PrivacyRequest, str], str]] = {
    "confirm": _confirm,
    "complete": _complete,
    "extend": _extend,
    "cancel": _cancel,
    "comment": _comment,
    "release": _release,
    "lift": _lift,
    "take": _take,
    "call": _call,
}


@requires(VIEW)
def archive_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Everything that is held of the person, as a file."""
    row = get_object_or_404(PrivacyRequest, public_id=public_id, status="completed")
    person = person_of(row)
    if not may(request.user, "people.personal"):
        raise PermissionDenied("people.personal")
    if person is None or row.type not in archive.TYPES:
        return redirect("consent:request", row.public_id)
    audit.record("privacy.archived", "privacy_request", str(row.public_id))
    text = json.dumps(archive.archive_of(row, person), indent=2, ensure_ascii=False, default=str)
    return _file(text, f"archive-{row.public_id}.json")


@requires(VIEW)
def certificate_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The signed proof of an erasure, as a file."""
    row = get_object_or_404(PrivacyRequest, public_id=public_id)
    certificate = row.result.get("certificate")
    if not certificate:
        return redirect("consent:request", row.public_id)
    return _file(json.dumps(certificate, indent=2), f"certificate-{row.public_id}.json")


def _file(text: str, name: str) -> HttpResponse:
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )

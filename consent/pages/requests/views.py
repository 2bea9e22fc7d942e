"""One privacy request: its page, its turns, its files."""

import uuid
from collections.abc import Callable
from dataclasses import replace

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
from config.workspace.outgoing.words import error_in_words
from config.workspace.permissions import may, requires
from consent.forwarding import receipts
from consent.models import ErasureException, PrivacyRequest
from consent.pages.requests.archives import card_of
from consent.pages.requests.forms import NewRequestForm
from consent.pages.requests.letters import edit_letter, language_name, letters_of
from consent.pages.requests.lists import BOARD, EDIT, VIEW, crumbs_of, line_of
from consent.pages.requests.steps import next_step
from consent.privacy import callbacks, requests, restriction
from consent.privacy.deadlines import extended
from consent.privacy.erasure.exceptions import words as words_of_exception
from consent.privacy.found import found_of
from consent.privacy.subject import person_of
from consent.privacy.words import table_in_words
from consent.proof.standing import send_link, standing_of
from profiles.selectors.masking import shown_to


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
        crumbs=crumbs_of(),
    )


@requires(VIEW)
def request_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What is asked, what was found, and the one next step."""
    row = get_object_or_404(
        PrivacyRequest.objects.select_related("assigned_to").prefetch_related("callbacks"),
        public_id=public_id,
    )
    audit.record("privacy.viewed", "privacy_request", str(row.public_id))
    shown = shown_to(request.user)
    found, person, proof = found_of(row), person_of(row), standing_of(row)
    step = next_step(row, address=proof.address, waits=proof.waits, is_known=bool(found))
    return page(
        request,
        "consent/request.html",
        {
            "row": row,
            "line": line_of(row, shown, person.display_name if person else ""),
            "found": [(table_in_words(one.table), one) for one in found],
            "step": replace(step, text=shown.text(step.text)),
            "proof": proof,
            "proof_address": shown.identifier("email", proof.address) if proof.address else "",
            "details": shown.free_text(row.details),
            "letters": letters_of(row, shown),
            "letter_language": language_name(row),
            "done": [(table_in_words(t), n) for t, n in row.result.get("erased", {}).items()],
            "searched": row.result.get("searched"),
            "certificate": row.result.get("certificate"),
            "person": person,
            "archive": card_of(row),
            "callbacks": row.callbacks.all(),
            "receipts": [(one, error_in_words(one.reason)) for one in receipts.receipts_of(row)],
            "receipts_lost": receipts.receipts_of(row).filter(failed_at__isnull=False).exists(),
            "receipts_out": receipts.out_when_certified(row),
            "given_up": any(one.failed_at for one in row.callbacks.all()),
            "comments": [
                (one, shown.text(one.text)) for one in row.comments.select_related("author")
            ],
            "extended_because": shown.text(row.extended_because),
            "until": extended(row.regulation, row.type, row.received_at),
            "is_blocked": requests.is_blocked(row),
            "exceptions": [
                (one, shown.text(words_of_exception(one)), shown.text(one.ended_because))
                for one in ErasureException.objects.filter(request=row)
            ],
            "may_keep": may(request.user, EDIT) and row.is_open and row.erasing_since is None,
            "is_restricting": restriction.is_restricting(row),
            "lifted": shown.text(row.result.get(restriction.LIFTED, {}).get("because", "")),
            "may_edit": may(request.user, EDIT),
            "personal": shown.personal,
        },
        title=row.get_type_display(),
        crumbs=crumbs_of(),
    )


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
    if request.POST.get("from") == BOARD:
        return redirect(f"{reverse('consent:requests')}?view={BOARD}")
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


def _link(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    send_link(row, _user(request))
    return _("A link is on its way to the person.")


def _letter(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    edit_letter(row, request.POST, _user(request))
    return _("The letter is kept as you worded it.")


def _take(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    requests.assign(row, _user(request))
    return _("It is yours.")


def _call(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    n = callbacks.call_again(row)
    return ngettext("%(n)d call is tried again.", "%(n)d calls are tried again.", n) % {"n": n}


def _tell(request: HttpRequest, row: PrivacyRequest, because: str) -> str:
    n = receipts.tell_again(row)
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
    "link": _link,
    "letter": _letter,
    "take": _take,
    "call": _call,
    "tell": _tell,
}

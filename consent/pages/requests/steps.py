"""Where a request stands for the team, and the one next step."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.archives.making import TYPES
from consent.models import PrivacyRequest
from consent.models.privacy import RequestType
from consent.privacy.deadlines import AT_ONCE
from consent.privacy.requests import BY_HAND, REVIEW

Status = PrivacyRequest.Status


class Stage(models.TextChoices):
    """The columns of the board, in their order."""

    NEW = "new", gettext_lazy("New")
    PROVING = "proving", gettext_lazy("Proving identity")
    WORKING = "working", gettext_lazy("In work")
    WAITING = "waiting", gettext_lazy("Waiting")
    DONE = "done", gettext_lazy("Done")


STAGE_LOOKS = {
    Stage.NEW: ("", "plus"),
    Stage.PROVING: ("warn", "mail"),
    Stage.WORKING: ("brand", "pen"),
    Stage.WAITING: ("", "clock"),
    Stage.DONE: ("ok", "okc"),
}


def stage_of(request: PrivacyRequest, *, has_link: bool) -> Stage:
    """Waiting is what machines carry out; in work is what somebody of the team has to do."""
    if not request.is_open:
        return Stage.DONE
    if request.status == Status.IN_PROGRESS:
        is_ours = request.type in BY_HAND or REVIEW in request.result
        return Stage.WORKING if is_ours else Stage.WAITING
    if request.proven_at:
        return Stage.WORKING
    return Stage.PROVING if has_link else Stage.NEW


@dataclass(frozen=True)
class NextStep:
    """The one thing to do: what, why, the turn that does it, and the button that says so.

    `is_final` cannot be undone: it is done on the page of the request, where its effect stands.
    `page` is the name of a page where it is done.
    """

    title: str
    text: str
    turn: str = ""
    button: str = ""
    is_final: bool = False
    page: str = ""


def next_step(
    request: PrivacyRequest, *, address: str = "", waits: bool = False, is_known: bool = True
) -> NextStep:
    """By the type and by where it stands. `address` is where a link can go, `waits` that one did
    and can still be used; `is_known` whether anything is held of whom it names.
    """
    if request.status == Status.COMPLETED:
        return NextStep(_("Done"), _("Nothing is left to do."))
    if request.status == Status.CANCELLED:
        return NextStep(_("Cancelled"), request.closed_because or _("Nothing was done."))
    if REVIEW in request.result:
        return NextStep(
            _("Read it, then hand it over"),
            _("The archive is made. Withhold what is others', then send the person the link."),
            button=_("Read the archive"),
            page="consent:request_archive_review",
        )
    if request.status == Status.IN_PROGRESS and request.type not in BY_HAND:
        return NextStep(
            _("Being carried out"), _("The worker is at it; this page shows when it is done.")
        )
    if request.type not in AT_ONCE and not request.proven_at:
        return _proof_step(address, waits=waits)
    return _last_step(request, is_known)


def _proof_step(address: str, *, waits: bool) -> NextStep:
    if waits:
        return NextStep(
            _("It is the person's turn"),
            _("A link is on its way to them. It works once, for 15 minutes."),
        )
    if not address:
        return NextStep(
            _("Make sure that it is them"),
            _("No verified address is known. Confirm once you know otherwise that it is them."),
            "confirm",
            _("Confirm: it is them"),
        )
    return NextStep(
        _("Make sure that it is them"),
        _("A link that works once, sent to their verified address, proves it."),
        "link",
        _("Send the link"),
    )


def _last_step(request: PrivacyRequest, is_known: bool) -> NextStep:
    if request.type == RequestType.ERASURE and not is_known:
        return NextStep(
            _("Answer that nothing is held"),
            _(
                "Nobody is known by what the request names. Everything is searched once more, and"
                " what it names is kept out from now on."
            ),
            "complete",
            _("Search, and answer"),
        )
    if request.type == RequestType.ERASURE:
        return NextStep(
            _("Erase"),
            _("This cannot be undone. See below what goes and what stays."),
            "complete",
            _("Erase this person for good"),
            is_final=True,
        )
    if request.type in TYPES:
        return NextStep(
            _("Make the archive"),
            _("Everything that is held of them, in one file."),
            "complete",
            _("Make the archive"),
        )
    if request.type == RequestType.RESTRICTION:
        return NextStep(
            _("Restrict"),
            _("Their data stays, and nothing uses it: no message, no campaign."),
            "complete",
            _("Restrict this person"),
        )
    return NextStep(
        _("Do it by hand, then close"),
        _("Change what is wrong where it came from or on their page, then say that it is done."),
        "complete",
        _("It is done"),
    )

"""The step Launch: the act, its undo, and how it goes on."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.engine.status import WrongStatus
from campaigns.faults import try_now
from campaigns.models import Campaign
from campaigns.outcomes.progress import progress as progress_of
from campaigns.pages import page_header
from campaigns.pages.editor.previews import found
from campaigns.pages.journeys import journey_of
from campaigns.people.entered import people_in
from campaigns.services import launching
from campaigns.services.launching import NotReady
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.shown import Differs, ShownDraft
from campaigns.services.uses import things_of
from config.console import health_words
from config.console.pages import ApiCall, page, part, toast
from config.workspace.health import status
from config.workspace.lifecycle.revisions import number_in, revision_in
from config.workspace.permissions import may, requires

Status = Campaign.Status


def launch_page(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """What will happen, or what is happening."""
    return page(
        request,
        "campaigns/launch.html",
        page_header.head(request, campaign, "launch")
        | _state(campaign)
        | {
            "ready": page_header.ready(campaign),
            "uses": things_of(campaign),
            "journey": journey_of(request, campaign),
            "was": number_in(request.GET, "was"),
        },
        title=campaign.name,
        crumbs=page_header.crumbs(),
        api_call=ApiCall("POST", f"/api/campaigns/{campaign.slug}/launch/", {"hold": 0}),
    )


@requires("campaigns.view")
def progress(request: HttpRequest, slug: str) -> HttpResponse:
    """How far it is; the page asks again while something moves."""
    campaign = found(slug)
    context = page_header.head(request, campaign, "launch") | _state(campaign) | {"polled": True}
    # who came to see it off is led on to what comes of it; who opens the page later is not moved
    context["moves_on"] = campaign.status == Status.FINISHED
    return part(request, "campaigns/_progress.html", context)


def _state(campaign: Campaign) -> dict[str, Any]:
    if campaign.launched_at is None:
        promised = campaign.current.shown_recipients if campaign.current else None
        return {
            "poll": campaign.status in (Status.HELD, Status.SCHEDULED),
            "promised": promised,
        }
    figures = progress_of(campaign)
    moving = campaign.status in (Status.RUNNING, Status.HELD, Status.SCHEDULED, Status.PAUSED)
    waiting = figures.get("queued", 0) + figures.get("handing_over", 0)
    ended = sum(figures.get(n, 0) for n in ("sent", "delivered", "bounced", "failed", "unknown"))
    ended += figures.get("cancelled", 0)
    return {
        "n": figures,
        "inside": people_in(campaign)["inside"],
        "poll": moving,
        "waiting": waiting,
        "left": ended,
        "to_send": waiting + ended,
        "counting": campaign.fanned_out_at is None,
        "held_up": health_words.held_up(status.current()) if waiting else "",
    }


@require_POST
@requires("campaigns.launch")
def launch(request: HttpRequest, slug: str) -> HttpResponse:
    """Launch behind the hold what was shown; what is otherwise by now is looked at again."""
    campaign = found(slug)
    shown = shown_in(request)
    try:
        launching.launch(
            campaign,
            hold=settings.CONSOLE_HOLD_SECONDS,
            may_skip_permission=may(request.user, "purposes.edit"),
            shown=shown,
        )
    except Differs as error:
        toast(request, str(error), level=messages.WARNING)
        return _look_again(request, slug, shown)
    except NotReady as error:
        first = error.checks[0]
        words = _("Not launched: %s") % f"{first.message} {first.remedy}"
        toast(request, words, level=messages.WARNING)
        return redirect("campaigns:step", slug, "checks")
    except (WrongStatus, InvalidCampaign) as error:
        toast(request, str(error), level=messages.WARNING)
    return redirect("campaigns:step", slug, "launch")


def shown_in(request: HttpRequest) -> ShownDraft:
    """What the page with the button showed, as its form says."""
    posted = request.POST
    return ShownDraft(
        revision=revision_in(posted),
        segment=posted.get("segment") or None,
        rule=number_in(posted, "rule"),
        recipients=number_in(posted, "recipients"),
        was=number_in(posted, "was"),
    )


def _look_again(request: HttpRequest, slug: str, shown: ShownDraft) -> HttpResponse:
    """The same page, with the number of now beside the one that was shown."""
    here = "checks" if request.POST.get("on") == "checks" else "launch"
    was = "" if shown.recipients is None else f"?{urlencode({'was': shown.recipients})}"
    return redirect(reverse("campaigns:step", args=[slug, here]) + was)


def _change(
    request: HttpRequest, slug: str, service: Callable[[Campaign], Campaign], said: str, after: str
) -> HttpResponse:
    try:
        service(found(slug))
    except WrongStatus as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        toast(request, said)
    return redirect("campaigns:step", slug, after)


@require_POST
@requires("campaigns.launch")
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Back to a draft; nothing has left."""
    said = _("Undone. It is a draft again, and nothing has left.")
    return _change(request, slug, launching.undo, said, "checks")


@require_POST
@requires("campaigns.launch")
def pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Nothing more leaves."""
    said = _("Paused. What has left has left; the others wait.")
    return _change(request, slug, launching.pause, said, "launch")


@require_POST
@requires("campaigns.launch")
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """On it goes."""
    return _change(request, slug, launching.resume, _("It goes on."), "launch")


@require_POST
@requires("campaigns.launch")
def retry(request: HttpRequest, slug: str) -> HttpResponse:
    """Try at once what a fault holds up."""
    try_now(found(slug))
    toast(request, _("It is tried again now."))
    return redirect("campaigns:step", slug, "launch")


@require_POST
@requires("campaigns.launch")
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Ended; whoever waits gets nothing."""
    said = _("Cancelled. Whoever was still waiting gets nothing.")
    return _change(request, slug, launching.cancel, said, "launch")

"""The editor: five steps with free movement; what is typed saves itself."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.composition.contents import EDITED
from campaigns.engine.status import WrongStatus
from campaigns.gate.terms import caps_of
from campaigns.models import Campaign, Sender
from campaigns.pages import page_header
from campaigns.pages.checks import checks
from campaigns.pages.editor import preview_people
from campaigns.pages.editor.conflicts import Conflict, conflict_of
from campaigns.pages.editor.forms import FORMS, StepForm, WhoForm, goal_events, has_variants
from campaigns.pages.editor.previews import found
from campaigns.pages.journeys import journey_of
from campaigns.pages.launch import launch_page
from campaigns.plan import channel_of, first_message
from campaigns.services.drafts import update_campaign
from campaigns.services.shapes import InvalidCampaign
from campaigns.services.uses import things_of
from config.console.pages import ApiCall, page, part, toast, wants_partial
from config.workspace.frequency import limits_of, words_of_all
from config.workspace.lifecycle.revisions import Stale, revision_in
from config.workspace.permissions import requires
from consent.models import Topic
from consent.reach.contactable import UnknownPurpose, reachable_counts
from profiles.models import Profile
from profiles.selectors.masking import shown_to
from segments.models import Membership, Segment
from segments.rules.personal import masked_rule

Status = Campaign.Status
LATER = ("checks", "launch")


@requires("campaigns.view")
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """To where one goes on: the first step that is open, the launch, or the report."""
    campaign = found(slug)
    if campaign.status == Status.DRAFT:
        steps = page_header.steps_of(campaign)
        here = next((one.key for one in steps if not one.is_done), "checks")
        return redirect("campaigns:step", slug, here)
    if campaign.status in (Status.FINISHED, Status.CANCELLED) and campaign.launched_at:
        return redirect("campaigns:report", slug)
    return redirect("campaigns:step", slug, "launch")


@requires("campaigns.view", post="campaigns.edit")
def step(request: HttpRequest, slug: str, here: str) -> HttpResponse:
    """A page of the editor; a POST saves it, or launches."""
    campaign = found(slug)
    if here in LATER:
        shown = checks.checks_page if here == "checks" else launch_page.launch_page
        return shown(request, campaign)
    if here not in FORMS:
        raise Http404(here)
    if request.method == "POST":
        return _save(request, campaign, here)
    return _show(request, campaign, here, FORMS[here](campaign))


def _show(
    request: HttpRequest,
    campaign: Campaign,
    here: str,
    form: StepForm,
    conflict: Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    context = page_header.head(request, campaign, here)
    context |= {"form": form, "conflict": conflict, **_EXTRA[here](campaign, form)}
    context["journey"] = journey_of(request, campaign) if here == "what" else None
    context["revision"] = revision_in(request.POST) or context["revision"]
    if not context["can_edit"]:
        for field in form.fields.values():
            field.disabled = True
    return page(
        request,
        f"campaigns/{here}.html",
        context,
        title=campaign.name,
        crumbs=page_header.crumbs(),
        status=status,
        api_call=ApiCall(
            "PATCH", f"/api/campaigns/{campaign.slug}/", _api_body(request, campaign, here)
        ),
    )


def _api_body(request: HttpRequest, campaign: Campaign, here: str) -> dict[str, Any]:
    names = {"who": ("entry", "holdout"), "what": ("steps",), "when": ("entry", "goal", "caps")}
    body = {name: getattr(campaign, name) for name in names[here]}
    if "goal" in body:
        body["goal"] = masked_rule(body["goal"], shown_to(request.user))
    return body


def _save(request: HttpRequest, campaign: Campaign, here: str) -> HttpResponse:
    """Whole by a button, in the background by the form itself; what is refused stands beside it.

    422 (for the form itself 200) with the fields to mend; 409 where the draft is newer than the
    page, or no draft any more.
    """
    user: Any = request.user
    form = FORMS[here](campaign, request.POST)
    built_on = revision_in(request.POST)
    saved, conflict, lost = None, None, ""
    try:
        saved = _try(form, built_on)
    except Stale:
        conflict = conflict_of(form, here, built_on or 0, user)
    if saved is None and campaign.status != Status.DRAFT:
        lost = _("This campaign is not a draft any more, so nothing was saved.")
    if wants_partial(request):
        context: dict[str, Any] = {"saved": saved, "conflict": conflict, "here": here}
        if not conflict:
            context["errors"] = form.field_errors()
            context["general"] = [lost] if lost else form.non_field_errors()
        return _told(request, saved or campaign, context, status=409 if lost or conflict else 200)
    if saved is None:
        return _show(request, campaign, here, form, conflict, 409 if lost or conflict else 422)
    following = request.POST.get("go", "")
    return redirect(
        "campaigns:step", saved.slug, following if following in page_header.STEPS else here
    )


def _told(
    request: HttpRequest, campaign: Campaign, context: dict[str, Any], status: int
) -> HttpResponse:
    """What became of a save in the background."""
    context |= {
        "campaign": campaign,
        "saved_at": timezone.now() if context["saved"] else None,
        "steps": page_header.steps_of(campaign),
    }
    response = part(request, "campaigns/_saved.html", context, status=status)
    if context["saved"]:
        response["HX-Trigger-After-Settle"] = "saved"
    return response


def _try(form: StepForm, built_on: int | None) -> Campaign | None:
    """The saved draft, or None with the errors in the form. Raises Stale."""
    if not form.is_valid():
        return None
    try:
        return update_campaign(form.campaign, form.data_of(), revision=built_on)
    except InvalidCampaign as error:
        form.take_errors([(one["path"], one["message"]) for one in error.errors])
    except WrongStatus as error:
        form.add_error(None, str(error))
    return None


def _who(campaign: Campaign, form: StepForm) -> dict[str, Any]:
    segments = form.segments if isinstance(form, WhoForm) else []
    chosen = str(form["segment"].value() or "")
    return {"segments": segments, "chosen": chosen, "uses": things_of(campaign)}


def _what(campaign: Campaign, form: StepForm) -> dict[str, Any]:
    segment = preview_people.segment_of(campaign)
    return {
        "variables": preview_people.variables_of(campaign, segment),
        "has_variants": has_variants(campaign),
        "has_senders": Sender.objects.exists(),
    }


def _when(campaign: Campaign, form: StepForm) -> dict[str, Any]:
    tags = first_message(campaign).get("tags") or ()
    limit = words_of_all(limits_of(channel_of(campaign) or EDITED, tags))
    caps = campaign.caps or {}
    own = words_of_all(caps_of(caps, "")) if caps.get("limits") else ""
    return {
        "goal_events": goal_events(),
        "limit": limit,
        "own_limits": own,
        "now": timezone.now(),
    }


_EXTRA: dict[str, Any] = {"who": _who, "what": _what, "when": _when}


@requires("campaigns.view")
def reach(request: HttpRequest, slug: str) -> HttpResponse:
    """How many of a segment may get a purpose and topic by email: the rail of the step Who."""
    campaign = found(slug)
    chosen = request.GET.get("segment", "")
    segment = Segment.objects.filter(slug=chosen, archived_at=None).first()
    context: dict[str, Any] = {"segment": segment, "campaign": campaign}
    if segment is not None:
        members = Membership.objects.filter(segment=segment, left_at=None).values("profile_id")
        purpose = request.GET.get("purpose") or "marketing"
        topic = Topic.objects.filter(slug=request.GET.get("topic", "")).first()
        people = Profile.objects.filter(pk__in=members)
        try:
            reached = reachable_counts(people, purpose=purpose, topic=topic)
        except UnknownPurpose:
            reached = {}
        context |= {
            "reached": reached.get(channel_of(campaign) or EDITED, 0),
            "total": members.count(),
        }
        context |= _control(request, context["reached"])
    return part(request, "campaigns/_reach.html", context)


def _control(request: HttpRequest, reached: int) -> dict[str, int]:
    try:
        share = float(request.GET.get("holdout") or 0) / 100
    except ValueError:
        share = 0.0
    kept = round(reached * share) if 0 <= share < 1 else 0
    return {"kept_out": kept, "written": reached - kept}


def refuse(request: HttpRequest, error: Exception) -> None:
    """Say on the next page why something could not be done."""
    toast(request, str(error), level=messages.WARNING)

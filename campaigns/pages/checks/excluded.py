"""The people behind a loss of the dry run, before anything is sent."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.audience.listing import Judged, next_people
from campaigns.faults import CannotGoOn
from campaigns.gate.terms import terms_of
from campaigns.gate.why_not import said_at
from campaigns.models import Campaign
from campaigns.pages import page_header
from campaigns.pages.editor.previews import found
from campaigns.pages.reasons import DETAILS, WHY, ReasonWords, remedy_of, remedy_url
from campaigns.plan import plan_of
from config.console.pages import page
from config.postgres.sql import every, sql
from config.postgres.wire import number_of
from config.workspace import audit
from config.workspace.permissions import may, requires
from profiles.models import Profile
from profiles.selectors.masking import shown_to

PAGE_SIZE = 50


def left_out(
    campaign: Campaign, reason: str, after: int, now: datetime, detail: str = ""
) -> list[Judged]:
    """The next people whom the gate would leave out for this reason, by id: those it counts.

    With `detail` those of whom it says this more closely.
    """
    terms = terms_of(plan_of(campaign), now=now)
    tests = [sql("j.reason = {reason}", reason=reason)]
    if detail:
        tests.append(sql("j.detail = {detail}", detail=detail))
    return next_people(terms, every(tests), after, PAGE_SIZE + 1)


def after_of(request: HttpRequest) -> int:
    """The cursor of such a list: the last id of the page before."""
    return number_of(request.GET.get("after", ""))


@requires("campaigns.view")
def people(request: HttpRequest, slug: str, reason: str) -> HttpResponse:
    """A page of them, with the reason and its remedy on top."""
    campaign = found(slug)
    if reason not in WHY or not page_header.ready(campaign):
        raise Http404(reason)
    detail = request.GET.get("detail", "")
    if detail and detail not in DETAILS:
        raise Http404(detail)
    try:
        lines = left_out(campaign, reason, after_of(request), timezone.now(), detail)
    except CannotGoOn as error:
        raise Http404(str(error)) from error
    own = reverse("campaigns:left_out", args=[slug, reason])
    title = _("Left out: %(reason)s") % {"reason": WHY[reason].label}
    why = WHY[reason]
    if detail:
        words = DETAILS[detail]
        title = f"{title}, {words.label}"
        why = replace(why, text=words.text, remedy=words.remedy, place=words.place)
    return people_page(request, campaign, lines, why=why, own=own, title=title, detail=detail)


def people_page(
    request: HttpRequest,
    campaign: Campaign,
    lines: list[Judged],
    *,
    why: ReasonWords,
    own: str,
    title: str,
    detail: str = "",
) -> HttpResponse:
    """People of a dry run by id, one more than a page holds where there are more."""
    more, lines = len(lines) > PAGE_SIZE, lines[:PAGE_SIZE]
    numbers = [line.profile_id for line in lines]
    said = said_at([(line.profile_id, line.detail, line.said_id) for line in lines])
    kept = {"detail": detail} if detail else {}
    rows = Profile.objects.in_bulk(numbers)
    shown = shown_to(request.user)
    if fields := shown.looked_at("display_name"):
        audit.record("profile.listed", "profile", fields=fields, people=numbers)
    there = remedy_url(why, campaign)
    context = {
        "campaign": campaign,
        "why": why,
        "remedy_url": there,
        "remedy": remedy_of(why, there),
        "may_edit": may(request.user, "campaigns.edit"),
        "people": [
            {
                "person": rows[one.profile_id],
                "name": shown.name(rows[one.profile_id].display_name),
                "detail": DETAILS[one.detail].label if one.detail in DETAILS else "",
                "at": said.get(one.profile_id),
            }
            for one in lines
            if one.profile_id in rows
        ],
        "page": {"next_url": f"{own}?{urlencode(kept | {'after': numbers[-1]})}" if more else ""},
    }
    back = reverse("campaigns:step", args=[campaign.slug, "checks"])
    return page(
        request,
        "campaigns/left_out.html",
        context,
        title=title,
        crumbs=page_header.crumbs((campaign.name, back)),
    )

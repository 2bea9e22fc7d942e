"""The people behind a loss of the dry run, before anything is sent."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.audience.listing import next_people
from campaigns.faults import CannotGoOn
from campaigns.gate.terms import terms_of
from campaigns.models import Campaign
from campaigns.pages import page_header
from campaigns.pages.editor.previews import found
from campaigns.pages.reasons import WHY, ReasonWords, remedy_of, remedy_url
from campaigns.plan import plan_of
from config.console.pages import page
from config.postgres.sql import sql
from config.workspace import audit
from config.workspace.permissions import may, requires
from profiles.models import Profile
from profiles.selectors.masking import shown_to

PAGE_SIZE = 50
DIGITS = 18  # of an id


def left_out(campaign: Campaign, reason: str, after: int, now: datetime) -> list[int]:
    """The next people whom the gate would leave out for this reason, by id: those it counts."""
    terms = terms_of(plan_of(campaign), now=now)
    return next_people(terms, sql("j.reason = {reason}", reason=reason), after, PAGE_SIZE + 1)


def after_of(request: HttpRequest) -> int:
    """The cursor of such a list: the last id of the page before."""
    given = request.GET.get("after", "")
    return int(given) if given.isdecimal() and len(given) <= DIGITS else 0


@requires("campaigns.view")
def people(request: HttpRequest, slug: str, reason: str) -> HttpResponse:
    """A page of them, with the reason and its remedy on top."""
    campaign = found(slug)
    if reason not in WHY or not page_header.ready(campaign):
        raise Http404(reason)
    try:
        numbers = left_out(campaign, reason, after_of(request), timezone.now())
    except CannotGoOn as error:
        raise Http404(str(error)) from error
    own = reverse("campaigns:left_out", args=[slug, reason])
    title = _("Left out: %(reason)s") % {"reason": WHY[reason].label}
    return people_page(request, campaign, numbers, why=WHY[reason], own=own, title=title)


def people_page(
    request: HttpRequest,
    campaign: Campaign,
    numbers: list[int],
    *,
    why: ReasonWords,
    own: str,
    title: str,
) -> HttpResponse:
    """People of a dry run by id, one more than a page holds where there are more."""
    more, numbers = len(numbers) > PAGE_SIZE, numbers[:PAGE_SIZE]
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
        "people": [(rows[n], shown.name(rows[n].display_name)) for n in numbers if n in rows],
        "page": {"next_url": f"{own}?after={numbers[-1]}" if more else ""},
    }
    back = reverse("campaigns:step", args=[campaign.slug, "checks"])
    return page(
        request,
        "campaigns/left_out.html",
        context,
        title=title,
        crumbs=page_header.crumbs((campaign.name, back)),
    )

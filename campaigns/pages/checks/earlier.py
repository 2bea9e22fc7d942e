"""Who got this mail or marketing before: in the checks, and the people behind each number."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.audience.earlier import (
    KINDS,
    SAME,
    SAME_MAIL_DAYS,
    WOULD_GET,
    Earlier,
    got_before,
    lately_days,
)
from campaigns.audience.listing import Judged, next_people
from campaigns.faults import CannotGoOn
from campaigns.gate.terms import caps_of, terms_of
from campaigns.models import Campaign
from campaigns.pages.checks.excluded import PAGE_SIZE, after_of, people_page
from campaigns.pages.checks.findings import Finding
from campaigns.pages.editor.forms import step_of
from campaigns.pages.editor.previews import found
from campaigns.pages.reasons import ReasonWords
from campaigns.plan import first_message, plan_of
from config.console.words import num
from config.postgres.sql import every
from config.workspace.frequency import Frequency, words_of_all
from config.workspace.permissions import requires


def findings(campaign: Campaign, earlier: Earlier) -> list[Finding]:
    """What a launch would repeat, with what the contact frequency does about it."""
    found_ = []
    if earlier.same:
        title = _("%(n)s of %(of)s got this same mail in the last %(days)d days")
        found_.append(_finding(campaign, SAME, title, earlier))
    if earlier.lately:
        title = ngettext(
            "%(n)s of %(of)s got marketing by mail today already",
            "%(n)s of %(of)s got marketing by mail in the last %(lately)d days",
            earlier.days,
        )
        found_.append(_finding(campaign, "lately", title, earlier))
    return found_


def _finding(campaign: Campaign, kind: str, title: str, earlier: Earlier) -> Finding:
    count, capped = getattr(earlier, kind), getattr(earlier, f"{kind}_capped")
    values = {"n": num(count), "of": num(earlier.of), "days": SAME_MAIL_DAYS}
    text = _effect(campaign, count, capped)
    door = reverse("campaigns:earlier", args=[campaign.slug, kind])
    title = title % (values | {"lately": earlier.days})
    return Finding("warn", title, text, door, _("See who"), is_look=True)


def _effect(campaign: Campaign, count: int, capped: int) -> str:
    """What the contact frequency does to them, with its number."""
    limits = _limits(campaign)
    if not limits:
        return _("No contact frequency holds for this campaign, so they get it all the same.")
    values = {"limit": words_of_all(limits), "n": num(capped)}
    values |= {"rest": num(count - capped)}
    if capped == count:
        return _("The contact frequency (%(limit)s) leaves all of them out.") % values
    if not capped:
        return _("The contact frequency (%(limit)s) lets it through to all of them.") % values
    words = _("The contact frequency (%(limit)s) leaves out %(n)s of them; %(rest)s get it again.")
    return words % values


def _limits(campaign: Campaign) -> list[Frequency]:
    step = first_message(campaign)
    return caps_of(campaign.caps, step.get("channel", ""), step.get("tags") or ())


def who(campaign: Campaign, kind: str, after: int, now: datetime) -> list[Judged]:
    """The next of these people, by id. Raises CannotGoOn."""
    plan = plan_of(campaign)
    terms = terms_of(plan, now=now)
    test = every([WOULD_GET, got_before(plan, terms)[kind]])
    return next_people(terms, test, after, PAGE_SIZE + 1)


def why_of(campaign: Campaign, kind: str) -> ReasonWords:
    """What the page of these people says on top."""
    if kind == SAME:
        label = _("Got this same mail before")
        text = _("In the last %(days)d days, by its subject or its words.") % {
            "days": SAME_MAIL_DAYS
        }
    else:
        label = _("Got marketing lately")
        days = lately_days(terms_of(plan_of(campaign), now=timezone.now()))
        text = ngettext(
            "Marketing by mail, today.", "Marketing by mail, in the last %(n)d days.", days
        ) % {"n": days}
    return ReasonWords(label, text, "clock", _("Change the frequency"), "when")


@requires("campaigns.view")
def people(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """A page of them."""
    campaign = found(slug)
    if kind not in KINDS or not campaign.entry.get("segment") or not step_of(campaign):
        raise Http404(kind)
    try:
        numbers = who(campaign, kind, after_of(request), timezone.now())
        why = why_of(campaign, kind)
    except CannotGoOn as error:
        raise Http404(str(error)) from error
    own = reverse("campaigns:earlier", args=[slug, kind])
    return people_page(request, campaign, numbers, why=why, own=own, title=str(why.label))

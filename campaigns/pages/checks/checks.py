"""The step Checks: from the audience to the recipients, real inbox rows, and what to look at."""

from dataclasses import dataclass, field
from functools import partial
from math import floor, log10
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign
from campaigns.models.message import MessageReason
from campaigns.outcomes.report import report
from campaigns.pages import page_header
from campaigns.pages.checks import earlier
from campaigns.pages.checks.findings import Finding
from campaigns.pages.editor import preview_people
from campaigns.pages.editor.forms import step_of
from campaigns.pages.editor.previews import (
    CUT,
    PreviewContent,
    Seen,
    draft_of,
    found,
    is_personal,
    note_look,
)
from campaigns.pages.editor.starters import PLACEHOLDER
from campaigns.pages.launch.launch_number import audience_of
from campaigns.pages.reasons import (
    LATER,
    WHY,
    DetailCount,
    detail_counts,
    remedy_for,
    remedy_of,
    remedy_url,
)
from campaigns.plan import plan_of
from campaigns.services.checks import Check, NotReady, check_campaign
from campaigns.services.rehearsing import Rehearsal, rehearse
from config.console.pages import ApiCall, page, part
from config.console.shell import places
from config.console.shell.theme import resolve
from config.workspace.lifecycle.revisions import number_in
from config.workspace.permissions import requires

WHOLE = 0.6  # below this share of recipients the axis of the funnel begins at nought


@dataclass(frozen=True)
class ReasonRow:
    """One reason: how many leave here, where the loss falls, what to do."""

    key: str
    label: str | Promise
    text: str | Promise
    icon: str
    count: int
    url: str
    remedy: str | Promise
    remedy_url: str
    left: str = "0"
    lost: str = "0"
    details: list[DetailCount] = field(default_factory=list)


@dataclass(frozen=True)
class Funnel:
    """Everyone of the audience, reason by reason."""

    audience: int
    recipients: int
    rows: list[ReasonRow]
    low: int
    final: str

    @property
    def excluded(self) -> int:
        """Who gets nothing."""
        return self.audience - self.recipients


def funnel_of(campaign: Campaign, rehearsal: Rehearsal) -> Funnel:
    """The rows in the fixed order, those without a loss among them."""
    low = _low(rehearsal.audience, rehearsal.recipients)
    span = max(rehearsal.audience - low, 1)
    rows, left = [], rehearsal.audience
    for key in WHY:
        count = rehearsal.excluded.get(key, 0)
        details = rehearsal.details.get(key, {})
        if key in LATER or (key == MessageReason.OBJECTED and not count):  # few are built on it
            continue
        left -= count
        why = remedy_for(key, details, count)
        there = remedy_url(why, campaign)
        url = door_to(campaign, key) if count else ""
        door = partial(door_to, campaign, key)
        rows.append(
            ReasonRow(
                key, why.label, why.text, why.icon, count, url, remedy_of(why, there), there,
                _share(left - low, span), _share(count, span, 0.4 if count else 0),
                detail_counts(details, door),
            )
        )  # fmt: skip
    final = _share(rehearsal.recipients - low, span)
    return Funnel(rehearsal.audience, rehearsal.recipients, rows, low, final)


def door_to(campaign: Campaign, reason: str, detail: str = "") -> str:
    """The people behind a loss: messages once there are some, before that the dry run's."""
    more = {"detail": detail} if detail else {}
    if campaign.launched_at:
        return places.messages(campaign=campaign.slug, reason=reason, **more)
    there = reverse("campaigns:left_out", args=[campaign.slug, reason])
    return f"{there}?{urlencode(more)}" if more else there


def _low(audience: int, recipients: int) -> int:
    """Where the axis begins: at nought, or cut so that small losses can be seen."""
    if not audience or recipients / audience < WHOLE or audience == recipients:
        return 0
    rough = recipients - 0.6 * (audience - recipients)
    unit = 10 ** max(floor(log10(max(audience - recipients, 1))), 0)
    return max(0, int(floor(rough / unit) * unit))


def _share(value: float, span: int, least: float = 0) -> str:
    return f"{min(max(100 * value / span, least), 100):.2f}"


def checks_page(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """The page at once; the counts load by themselves."""
    return page(
        request,
        "campaigns/checks.html",
        page_header.head(request, campaign, "checks")
        | {"ready": page_header.ready(campaign), "was": number_in(request.GET, "was")},
        title=campaign.name,
        crumbs=page_header.crumbs(),
        api_call=ApiCall("POST", f"/api/campaigns/{campaign.slug}/rehearse/"),
    )


def what_was(campaign: Campaign) -> Rehearsal:
    """Of a launched campaign: not what would be now, but what the gate said then."""
    counted = report(campaign)
    excluded = counted["excluded"]
    return Rehearsal(
        audience=counted["audience"],
        excluded=excluded,
        recipients=counted["audience"] - sum(excluded.values()),
        control=excluded.get("holdout", 0),
        details=counted["excluded_details"],
    )


@requires("campaigns.view")
def count(request: HttpRequest, slug: str) -> HttpResponse:
    """The dry run: the funnel, the inboxes, the checks, and the button that repeats the number."""
    campaign = found(slug)
    context = page_header.head(request, campaign, request.GET.get("on", "checks"))
    context["lacks"] = page_header.lacks(campaign)
    rehearsal = None if context["lacks"] else _rehearsal(campaign)
    if rehearsal is not None:
        context |= {
            "funnel": funnel_of(campaign, rehearsal),
            "rehearsal": rehearsal,
            "segment_url": _people_url(campaign),
        } | audience_of(campaign, rehearsal, number_in(request.GET, "was"))
    context |= _inboxes(request, campaign)
    if rehearsal is not None:
        said = earlier.findings(campaign, rehearsal.earlier)
        context["findings"] = sorted([*context["findings"], *said], key=_rank)
    context["blocked"] = any(one.state == "bad" for one in context["findings"])
    context["to_look_at"] = sum(one.state != "ok" for one in context["findings"])
    context["counted_at"] = timezone.now()
    return part(request, "campaigns/_checks.html", context)


def _rehearsal(campaign: Campaign) -> Rehearsal | None:
    """None where something that it names is gone: the list of checks says what."""
    if campaign.launched_at:
        return what_was(campaign)
    try:
        return rehearse(campaign)
    except NotReady:
        return None


def _people_url(campaign: Campaign) -> str:
    slug = plan_of(campaign).entry.get("segment", "")
    return places.people(segment=slug)


def _inboxes(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    segment = preview_people.segment_of(campaign)
    personal = is_personal(request)
    draft = draft_of(campaign)
    seen = [draft.seen_by(one) for one in preview_people.cast_of(segment, personal=personal)]
    for one in seen:
        note_look(campaign, one.cast)
    return {
        "seen": seen,
        "is_made_up": all(one.cast.person is None for one in seen),
        "findings": findings_of(campaign, draft, seen),
        "sender": campaign.sender,
    }


def findings_of(campaign: Campaign, draft: PreviewContent, seen: list[Seen]) -> list[Finding]:
    """What is wrong first, then what to look at, then what is fine."""
    checks = check_campaign(campaign)
    found_ = [_of_check(campaign, check) for check in checks]
    found_ += _own(campaign, draft, seen)
    found_ += _fine(campaign, draft, checks)
    return sorted(found_, key=_rank)


def _rank(one: Finding) -> int:
    return {"bad": 0, "warn": 1, "ok": 2}[one.state]


def _of_check(campaign: Campaign, check: Check) -> Finding:
    state = "bad" if check.severity == "error" else "warn"
    link = check.remedy.rstrip(".")  # a link, not a sentence
    return Finding(state, check.message, check.detail, _remedy(campaign, check), link)


def _remedy(campaign: Campaign, check: Check) -> str:
    if check.code == "no_postal_address" and campaign.sender_id:
        return resolve(["admin:campaigns_sender_change"], campaign.sender_id)
    if check.code == "no_sender":
        return resolve(["admin:campaigns_sender_add"])
    if check.code in ("segment_failed", "segment_empty"):
        return places.segment(campaign.entry.get("segment", ""))
    return reverse("campaigns:step", args=[campaign.slug, _step_of(check.path)])


def _step_of(path: str) -> str:
    if path.startswith(("entry", "holdout", "name")):
        return "who"
    return "when" if path.startswith(("goal", "caps")) else "what"


def _what_url(campaign: Campaign) -> str:
    return reverse("campaigns:step", args=[campaign.slug, "what"])


def _own(campaign: Campaign, draft: PreviewContent, seen: list[Seen]) -> list[Finding]:
    found_ = []
    cut = sum(one.is_cut for one in seen)
    if cut:
        title = ngettext(
            "The subject is cut for %(n)d of those shown",
            "The subject is cut for %(n)d of those shown",
            cut,
        ) % {"n": cut}
        text = _("A phone shows some %(n)d characters.") % {"n": CUT}
        found_.append(Finding("warn", title, text, _what_url(campaign), _("Shorten")))
    if PLACEHOLDER in str(step_of(campaign)):
        title = _("The starter's own words are still in the mail")
        text = _("Look for “%s”.") % PLACEHOLDER
        found_.append(Finding("warn", title, text, _what_url(campaign), _("Write yours")))
    at = page_header.start_of(campaign)
    if at and at <= timezone.now() and campaign.status == Campaign.Status.DRAFT:
        title = _("The chosen time has passed")
        when = reverse("campaigns:step", args=[campaign.slug, "when"])
        text = _("It would leave at once.")
        found_.append(Finding("warn", title, text, when, _("Choose another")))
    return found_


def _fine(campaign: Campaign, draft: PreviewContent, checks: list[Check]) -> list[Finding]:
    codes = {check.code for check in checks}
    found_ = []
    if draft.compiled and draft.compiled.usable and not codes & {"render", "content"}:
        text = _("Rendered for real people without an error.")
        found_.append(Finding("ok", _("The mail can be made for everyone looked at"), text))
    if draft.compiled and not codes & {"no_postal_address", "no_unsubscribe", "no_sender"}:
        text = _("One click, without a log-in.")
        found_.append(Finding("ok", _("Postal address and unsubscribe are there"), text))
    if campaign.sender and "no_sender" not in codes:
        found_.append(Finding("ok", _("A sender is chosen"), str(campaign.sender)))
    if campaign.goal:
        text = _("%(event)s counts after a click.") % {"event": campaign.goal.get("event", "")}
        found_.append(Finding("ok", _("There is a goal"), text))
    return found_

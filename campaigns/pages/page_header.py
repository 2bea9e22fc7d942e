"""What every page of one campaign shows on top: where it stands, its five steps, its clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign
from campaigns.pages import journeys
from campaigns.pages.editor.forms import has_variants, launched_step, step_of
from campaigns.pages.journeys import plain
from campaigns.plan import messages_in, purpose_slug
from config.console.pages import Crumb
from config.console.shell import places
from config.console.words import day, zone_name
from config.workspace.permissions import may
from config.workspace.zones import read_exact, workspace_zone
from consent.models import Purpose, Topic
from segments.models import Segment

Status = Campaign.Status
STEPS: dict[str, str | Promise] = {
    "who": gettext_lazy("Who"),
    "what": gettext_lazy("What"),
    "when": gettext_lazy("When"),
    "checks": gettext_lazy("Checks"),
    "launch": gettext_lazy("Launch"),
}
# status -> (state of the chip, icon)
LOOKS: dict[str, tuple[str, str]] = {
    Status.DRAFT: ("warn", "pen"),
    Status.SCHEDULED: ("brand", "cal"),
    Status.HELD: ("brand", "clock"),
    Status.RUNNING: ("brand", "send"),
    Status.PAUSED: ("warn", "pause"),
    Status.FINISHED: ("ok", "ok"),
    Status.CANCELLED: ("", "x"),
}


@dataclass(frozen=True)
class CampaignStage:
    """One of the five, with a word about where it stands."""

    key: str
    label: str | Promise
    note: str
    number: int
    is_done: bool
    url: str


@dataclass(frozen=True)
class Look:
    """A status as a chip."""

    text: str
    state: str
    icon: str


def look_of(campaign: Campaign) -> Look:
    """The chip of a campaign's status, with the day it was sent."""
    if campaign.fault_count:
        return Look(_("Cannot go on"), "bad", "alert")
    state, icon = LOOKS[Status(campaign.status)]
    text = str(campaign.get_status_display())
    if campaign.status == Status.FINISHED and campaign.launched_at:
        text = _("Sent %(day)s") % {"day": day(timezone.localdate(campaign.launched_at))}
    return Look(text, state, icon)


def seconds_left(campaign: Campaign) -> int:
    """Until a held campaign leaves."""
    if campaign.hold_until is None:
        return 0
    return max(0, round((campaign.hold_until - timezone.now()).total_seconds()))


def ready(campaign: Campaign) -> bool:
    """Whether there is an audience and a step to send: what a dry run needs."""
    return not lacks(campaign)


def lacks(campaign: Campaign) -> str:
    """What a dry run needs and has not: first "entry", then "message"; "" for nothing."""
    if campaign.current is not None:
        return ""
    if not campaign.entry.get("segment"):
        return "entry"
    return "" if messages_in(campaign.steps) else "message"


def start_of(campaign: Campaign) -> datetime | None:
    """When it is to start by the clock, if not by hand."""
    return campaign.scheduled_at or read_exact(campaign.entry.get("at"))


def in_zone(at: datetime) -> str:
    """Tue 24 Nov, 9:00 CET: by the workspace's clock."""
    local = at.astimezone(workspace_zone())
    return f"{formats.date_format(local, 'D j M, H:i')} {zone_name(local)}"


def steps_of(campaign: Campaign, notes: dict[str, str] | None = None) -> list[CampaignStage]:
    """The five with their notes; one query."""
    content = step_of(campaign).get("content") or {}
    segment = Segment.objects.filter(slug=campaign.entry.get("segment", "")).first()
    written = has_variants(campaign) or (
        bool((content.get("subject") or "").strip())
        and any((content.get(name) or "").strip() for name in ("mjml", "html", "text"))
    )
    at, left = start_of(campaign), campaign.launched_at
    launched = campaign.status not in (Status.DRAFT, Status.CANCELLED)
    said = {
        "who": segment.name if segment else campaign.entry.get("segment") or _("nobody yet"),
        "what": _what(campaign, content),
        "when": in_zone(at) if at else (in_zone(left) if left else _("at the press of a button")),
        "checks": _("passed") if launched else _("a dry run"),
        "launch": look_of(campaign).text
        if campaign.status != Status.DRAFT
        else _("held %(n)d s") % {"n": settings.CONSOLE_HOLD_SECONDS},
    } | (notes or {})
    done = {"who": segment is not None, "what": written, "when": True}
    return [
        CampaignStage(
            key, label, said[key], number, launched or done.get(key, False),
            reverse("campaigns:step", args=[campaign.slug, key]),
        )
        for number, (key, label) in enumerate(STEPS.items(), 1)
    ]  # fmt: skip


def _what(campaign: Campaign, content: dict[str, Any]) -> str:
    if steps := journeys.steps_words(campaign):
        return steps
    if has_variants(campaign):
        return _("%(n)d variants") % {"n": len(step_of(campaign)["variants"])}
    return plain(content.get("subject") or "") or _("no subject yet")


def sentence_of(campaign: Campaign) -> str:
    """Email, purpose Marketing, topic New arrivals."""
    step = launched_step(campaign)
    purpose = Purpose.objects.filter(slug=purpose_slug(step)).first()
    topic = Topic.objects.filter(slug=step["topic"]).first() if step.get("topic") else None
    parts = [_("Email"), _("purpose %(name)s") % {"name": purpose}]
    if steps := journeys.steps_words(campaign):
        parts.append(steps)
    if topic:
        parts.append(_("topic %(name)s") % {"name": topic})
    return ", ".join(parts)


def head(
    request: HttpRequest, campaign: Campaign, here: str, notes: dict[str, str] | None = None
) -> dict[str, Any]:
    """The context of the top of the page. Some four queries."""
    user: Any = request.user
    is_draft = campaign.status == Status.DRAFT
    return {
        "campaign": campaign,
        "look": look_of(campaign),
        "sentence": sentence_of(campaign),
        "steps": steps_of(campaign, notes),
        "here": here,
        "is_draft": is_draft,
        "may_edit": may(user, "campaigns.edit"),
        "may_launch": may(user, "campaigns.launch"),
        "can_edit": is_draft and may(user, "campaigns.edit"),
        "seconds_left": seconds_left(campaign),
        "hold": settings.CONSOLE_HOLD_SECONDS,
        "start": start_of(campaign),
        "start_words": in_zone(at) if (at := start_of(campaign)) else "",
        "zone": str(workspace_zone()),
        "has_report": campaign.launched_at is not None,
        "revision": campaign.revision,
    }


def crumbs(*more: Crumb) -> list[Crumb]:
    """Engage / Campaigns / ..."""
    return [(_("Engage"), None), (_("Campaigns"), places.campaigns()), *more]

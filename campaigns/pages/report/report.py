"""The report: the answer first, then the funnel, then the detail; every rate with its base."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.outcomes.report import report
from campaigns.pages import page_header
from campaigns.pages.editor.forms import DEFAULT_WINDOW, in_days
from campaigns.pages.editor.previews import found
from campaigns.pages.journeys import journey_of
from campaigns.pages.report.closely import links_of, rates_of, standings_of, times_of
from campaigns.pages.report.estimates import points, scale_of
from campaigns.pages.report.funnel import Doors, funnel_of, seen_bars
from campaigns.pages.report.report_base import measured_of
from campaigns.plan import plan_of
from config.console.pages import ApiCall, page, part, wants_partial
from config.console.words import num, pct
from config.workspace.pages.open_pages import open_to
from config.workspace.permissions import may, requires
from profiles.selectors.masking import shown_to

Status = Campaign.Status


def window_of(campaign: Campaign) -> int:
    """The days after a click in which a goal counts."""
    goal = plan_of(campaign).goal or {}
    return in_days(goal.get("window")) or DEFAULT_WINDOW


def counts_until(campaign: Campaign) -> datetime | None:
    """While goals of the last mails still come in; None once they do not."""
    goal = plan_of(campaign).goal
    if not goal or campaign.launched_at is None:
        return None
    last = campaign.finished_at or timezone.now()
    until = last + timedelta(days=window_of(campaign))
    return until if until > timezone.now() else None


def answer_of(data: dict[str, Any], goal: str) -> dict[str, Any]:
    """The headline: the lift where there is a control group, else what came after a click."""
    lift = data["lift"]
    if lift:
        clear = lift["low"] > 0 or lift["high"] < 0
        more = lift["difference"] >= 0
        return {
            "kind": "lift",
            "number": _("%(n)s points") % {"n": points(lift["difference"])},
            "is_clear": clear,
            "is_more": more,
            "low": points(lift["low"]),
            "high": points(lift["high"]),
            "scale": scale_of(lift["difference"], lift["low"], lift["high"]),
            "at": points(lift["difference"]),
            "least": round(lift["low"] * lift["people"]),
            "most": round(lift["high"] * lift["people"]),
        }
    kind, counted = ("goal", "converted") if goal else ("clicks", "clicked")
    rate = data["rates"]["conversion" if goal else "click"]
    share = "" if rate["value"] is None else pct(rate["value"], 1)
    return {"kind": kind, "number": num(data[counted]), "share": share, "base": rate["base"]}


@requires("campaigns.view")
def report_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The head at once, the counts by themselves."""
    campaign = found(slug)
    if campaign.launched_at is None:
        return redirect("campaigns:detail", slug)
    if request.GET.get("beside"):
        context = {"standings": standings_of(campaign), "campaign": campaign}
        return part(request, "campaigns/_standings.html", context)
    if wants_partial(request) or request.GET.get("counted"):
        return part(request, "campaigns/_report.html", _counted(request, campaign))
    return page(
        request,
        "campaigns/report.html",
        page_header.head(request, campaign, "report")
        | {
            "until": counts_until(campaign),
            "window": window_of(campaign),
            "goal": _goal(campaign),
            "is_moving": campaign.status in (Status.RUNNING, Status.PAUSED),
        },
        title=_("Report"),
        crumbs=page_header.crumbs(
            (campaign.name, reverse("campaigns:step", args=[slug, "launch"]))
        ),
        api_call=ApiCall("GET", f"/api/campaigns/{slug}/report/"),
    )


def _goal(campaign: Campaign) -> str:
    goal = plan_of(campaign).goal or {}
    return str(goal.get("event", ""))


def _counted(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    data, goal = report(campaign), _goal(campaign)
    measured = measured_of(campaign, data, shown_to(request.user))
    doors = Doors(campaign)
    door = {
        name: doors.to(did=name) for name in ("converted", "unsubscribed", "complained", "left")
    }
    door |= {"unknown": doors.to(did="unknown_opened")}
    door |= {"bounced": doors.to(state="bounced"), "control": doors.to(reason="holdout")}
    return {
        "campaign": campaign,
        "journey": journey_of(request, campaign),
        "data": data,
        "goal": goal,
        "window": window_of(campaign),
        "answer": answer_of(data, goal),
        "bars": funnel_of(data, measured, doors, goal),
        "seen": [
            (one, doors.to(did=one.did), doors.to(did=f"machine_{one.did}"))
            for one in seen_bars(data, measured)
        ],
        "measured": measured,
        "setbacks": [(*row, doors.to(state=row[0])) for row in measured.setbacks],
        "variants": _variants(campaign, data),
        "rates": rates_of(data, doors),
        "links": links_of(campaign, data, doors),
        "times": times_of(campaign, doors, partial(open_to, request.user)),
        "door": door,
        "until": counts_until(campaign),
        "may_edit": may(request.user, "campaigns.edit"),
    }


def _variants(campaign: Campaign, data: dict[str, Any]) -> list[dict[str, Any]]:
    subjects = {
        one["name"]: one["content"].get("subject", "")
        for node in reversed(plan_of(campaign).messages)
        for one in node.step.get("variants") or []
    }
    return [
        {
            **one,
            "subject": subjects.get(one["name"], ""),
        }
        for one in data["variants"]
    ]

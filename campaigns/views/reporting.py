"""The report: the answer first, then the funnel, then the detail; every rate with its base."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.forms import DEFAULT_WINDOW, in_days
from campaigns.models import Campaign
from campaigns.selectors.report import report
from campaigns.views import heads
from campaigns.views.estimates import points, scale_of
from campaigns.views.measured import Measured, measured_of
from campaigns.views.previews import found
from campaigns.views.reasons import WHY
from config.console.pages import ApiCall, page, part, wants_partial
from config.console.words import num, pct
from config.workspace.permissions import may, requires

Status = Campaign.Status


@dataclass(frozen=True)
class Loss:
    """Some who are not at the next step, with a door to them."""

    count: int
    text: str | Promise
    url: str


@dataclass(frozen=True)
class Bar:
    """One step from audience to buyer."""

    label: str | Promise
    count: int
    url: str
    width: str
    note: str = ""
    losses: list[Loss] = field(default_factory=list)
    is_goal: bool = False


@dataclass(frozen=True)
class SeenBar:
    """People, unknown and machines, of those we may measure."""

    label: str | Promise
    base: int
    people: int
    unknown: int
    machines: int
    did: str
    text: str | Promise

    @property
    def none(self) -> int:
        """Of whom nothing is known."""
        return max(self.base - self.people - self.unknown - self.machines, 0)

    def share(self, count: int) -> float:
        """Of the base."""
        return count / self.base if self.base else 0.0

    @property
    def parts(self) -> list[tuple[str, str]]:
        """(class, width) of the parts of the bar."""
        counted = (("", self.people), ("r-hatch", self.unknown), ("is-0", self.machines))
        return [(css, f"{100 * self.share(n):.2f}") for css, n in counted if n]


class Doors:
    """Addresses of the messages behind a number."""

    def __init__(self, campaign: Campaign) -> None:
        self._slug, self._own = campaign.slug, reverse("campaigns:messages")

    def to(self, **filters: str) -> str:
        """The log, narrowed."""
        return f"{self._own}?{urlencode({'campaign': self._slug, **filters})}"


def window_of(campaign: Campaign) -> int:
    """The days after a click in which a goal counts."""
    goal = (campaign.current.goal if campaign.current else campaign.goal) or {}
    return in_days(goal.get("window")) or DEFAULT_WINDOW


def counts_until(campaign: Campaign) -> datetime | None:
    """While goals of the last mails still come in; None once they do not."""
    goal = campaign.current.goal if campaign.current else campaign.goal
    if not goal or campaign.launched_at is None:
        return None
    last = campaign.finished_at or timezone.now()
    until = last + timedelta(days=window_of(campaign))
    return until if until > timezone.now() else None


def funnel_of(data: dict[str, Any], measured: Measured, doors: Doors, goal: str) -> list[Bar]:
    """From audience to buyer, each loss with its reason."""
    excluded = dict(data["excluded"])
    control = excluded.pop("holdout", 0)
    writable = data["audience"] - sum(excluded.values())
    top = data["audience"]

    def bar(label: Any, count: int, url: str, base: int, of: Any, **more: Any) -> Bar:
        width = f"{100 * count / top:.2f}" if top else "0"
        note = (
            _("%(share)s of %(what)s") % {"share": pct(count / base, 1), "what": of} if base else ""
        )
        return Bar(label, count, url, width, note, **more)

    left_out = [
        Loss(n, WHY[key].label if key in WHY else key, doors.to(reason=key))
        for key, n in excluded.items()
        if n
    ]
    kept = [Loss(control, _("kept out as the control group"), doors.to(reason="holdout"))]
    bars = [
        Bar(_("Audience"), top, doors.to(), "100" if top else "0", losses=left_out),
        bar(
            _("May be written to"), writable, "", top, _("audience"),
            losses=(kept if control else []) + _not_left(data, doors),
        ),
        bar(
            _("Handed over"), data["sent"], doors.to(did="left"), writable, _("those"),
            losses=_states(data, doors, bounced=_("bounced, now suppressed")),
        ),
        bar(
            _("Delivered"), data["delivered"], doors.to(state="sent"), data["sent"], _("handed over"),
            losses=[Loss(n, _("did not allow measuring"), "")] if (n := measured.unmeasured) else [],
        ),
        bar(_("May be measured"), measured.base, "", data["delivered"], _("delivered")),
        bar(
            _("Clicked, people only"), data["clicked"], doors.to(did="clicked"), measured.base,
            _("measured"),
        ),
    ]  # fmt: skip
    if goal:
        url = doors.to(did="converted")
        label = _("%(event)s after a click") % {"event": goal}
        bars.append(
            bar(label, data["converted"], url, data["clicked"], _("clickers"), is_goal=True)
        )
    return bars


def _not_left(data: dict[str, Any], doors: Doors) -> list[Loss]:
    words = {
        "failed": _("failed"),
        "unknown": _("of unknown outcome"),
        "cancelled": _("cancelled"),
    }
    losses = _states(data, doors, **words)
    if data["queued"]:
        losses.append(Loss(data["queued"], _("still waiting"), doors.to(state="queued")))
    return losses


def _states(data: dict[str, Any], doors: Doors, **words: Any) -> list[Loss]:
    return [
        Loss(data[state], text, doors.to(state=state))
        for state, text in words.items()
        if data.get(state)
    ]


def seen_bars(data: dict[str, Any], measured: Measured) -> list[SeenBar]:
    """Opened and clicked: people, unknown, machines, of those we may measure."""
    return [
        SeenBar(
            _("Opened"), measured.base, data["opened"], measured.unknown_opens,
            data["machine_opened"], "opened",
            _("Unknown: a mail app opened it for privacy, with or without the person."),
        ),
        SeenBar(
            _("Clicked"), measured.base, data["clicked"], 0, data["machine_clicked"], "clicked",
            _("Machines: security scanners that follow every link within seconds. They count nowhere."),
        ),
    ]  # fmt: skip


def answer_of(data: dict[str, Any], measured: Measured, goal: str) -> dict[str, Any]:
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
        }
    if goal:
        base = data["delivered"]
        share = pct(data["converted"] / base, 1) if base else ""
        return {"kind": "goal", "number": num(data["converted"]), "share": share, "base": base}
    share = pct(data["clicked"] / measured.base, 1) if measured.base else ""
    return {"kind": "clicks", "number": num(data["clicked"]), "share": share, "base": measured.base}


@requires("campaigns.view")
def report_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The head at once, the counts by themselves."""
    campaign = found(slug)
    if campaign.launched_at is None:
        return redirect("campaigns:detail", slug)
    if wants_partial(request) or request.GET.get("counted"):
        return part(request, "campaigns/_report.html", _counted(request, campaign))
    return page(
        request,
        "campaigns/report.html",
        heads.head(request, campaign, "report")
        | {
            "until": counts_until(campaign),
            "window": window_of(campaign),
            "goal": _goal(campaign),
            "is_moving": campaign.status in (Status.RUNNING, Status.PAUSED),
        },
        title=_("Report"),
        crumbs=heads.crumbs((campaign.name, reverse("campaigns:step", args=[slug, "launch"]))),
        api_call=ApiCall("GET", f"/api/campaigns/{slug}/report/"),
    )


def _goal(campaign: Campaign) -> str:
    goal = (campaign.current.goal if campaign.current else campaign.goal) or {}
    return str(goal.get("event", ""))


_NO_MESSAGE = gettext_lazy("no words")


def _counted(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    data, goal = report(campaign), _goal(campaign)
    measured = measured_of(campaign, data)
    doors = Doors(campaign)
    return {
        "campaign": campaign,
        "data": data,
        "goal": goal,
        "window": window_of(campaign),
        "answer": answer_of(data, measured, goal),
        "bars": funnel_of(data, measured, doors, goal),
        "seen": [(one, doors.to(did=one.did), doors.to(did=f"machine_{one.did}")) for one in seen_bars(data, measured)],
        "measured": measured,
        "setbacks": [
            (*row, doors.to(state=row[0])) for row in measured.setbacks
        ],
        "variants": _variants(campaign, data),
        "door": {
            name: doors.to(did=name) for name in ("converted", "unsubscribed", "complained", "clicked")
        }
        | {"control": doors.to(reason="holdout"), "left": doors.to(did="left"), "bounced": doors.to(state="bounced")},
        "until": counts_until(campaign),
        "may_edit": may(request.user, "campaigns.edit"),  # type: ignore[arg-type]
    }  # fmt: skip


def _variants(campaign: Campaign, data: dict[str, Any]) -> list[dict[str, Any]]:
    steps = campaign.current.steps if campaign.current else campaign.steps
    written = (steps[0].get("variants") or []) if steps else []
    subjects = {one["name"]: one["content"].get("subject", "") for one in written}
    return [
        {
            **one,
            "subject": subjects.get(one["name"], ""),
            "click_share": one["clicked"] / one["delivered"] if one["delivered"] else None,
            "buy_share": one["converted"] / one["delivered"] if one["delivered"] else None,
        }
        for one in data["variants"]
    ]

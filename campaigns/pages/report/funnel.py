"""The report's pictures: from audience to buyer, and people beside machines."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.pages.reasons import WHY, DetailCount, detail_counts
from campaigns.pages.report.report_base import ReportBase
from config.console.words import pct


@dataclass(frozen=True)
class Loss:
    """Some who are not at the next step, with a door to them."""

    count: int
    text: str | Promise
    url: str
    details: list[DetailCount] = field(default_factory=list)


@dataclass(frozen=True)
class ReportBar:
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

    def more_of(self, reason: str, detail: str) -> str:
        """The log of who was left out for a reason, more closely."""
        return self.to(reason=reason, detail=detail)


def funnel_of(
    data: dict[str, Any], measured: ReportBase, doors: Doors, goal: str
) -> list[ReportBar]:
    """From audience to buyer, each loss with its reason."""
    excluded = dict(data["excluded"])
    control = excluded.pop("holdout", 0)
    writable = data["audience"] - sum(excluded.values())
    top = data["audience"]

    def bar(label: Any, count: int, url: str, base: int, of: Any, **more: Any) -> ReportBar:
        width = f"{100 * count / top:.2f}" if top else "0"
        note = (
            _("%(share)s of %(what)s") % {"share": pct(count / base, 1), "what": of} if base else ""
        )
        return ReportBar(label, count, url, width, note, **more)

    def loss(key: str, count: int, text: Any) -> Loss:
        details = data["excluded_details"].get(key, {})
        more = detail_counts(details, partial(doors.more_of, key))
        return Loss(count, text, doors.to(reason=key), more)

    left_out = [
        loss(key, n, _lowered(WHY[key].label if key in WHY else key))
        for key, n in excluded.items()
        if n
    ]
    unmeasured = (
        [Loss(n, _("did not allow measuring"), doors.to(did="unmeasured"))]
        if (n := measured.unmeasured)
        else []
    )
    kept = [loss("holdout", control, _("kept out as the control group"))]
    bars = [
        ReportBar(_("Audience"), top, doors.to(), "100" if top else "0", losses=left_out),
        bar(
            _("May be written to"), writable, doors.to(did="writable"), top, _("audience"),
            losses=(kept if control else []) + _not_left(data, doors),
        ),
        bar(
            _("Handed over"), data["sent"], doors.to(did="left"), writable, _("those"),
            losses=_states(data, doors, bounced=_("bounced, now suppressed")),
        ),
        bar(
            _("Delivered"), data["delivered"], doors.to(did="delivered"), data["sent"],
            _("handed over"), losses=unmeasured,
        ),
        bar(
            _("Could be measured"), measured.base, doors.to(did="measured"), data["delivered"],
            _("delivered"),
        ),
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
        if idle := data["clicked"] - data["converted"]:
            words = _("clicked and have not done it")
            bars[-2].losses.append(Loss(idle, words, doors.to(did="clicked_only")))
    return bars


def _lowered(text: Any) -> str:
    return str(text)[:1].lower() + str(text)[1:]


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


def seen_bars(data: dict[str, Any], measured: ReportBase) -> list[SeenBar]:
    """Opened and clicked: people, unknown, machines, of those we may measure."""
    return [
        SeenBar(
            _("Opened"), measured.base, data["opened"], measured.unknown_opens,
            data["machine_opened"], "opened",
            _("Unknown: a mail app opened it for privacy, with or without the person."),
        ),
        SeenBar(
            _("Clicked"), measured.base, data["clicked"], 0, data["machine_clicked"], "clicked",
            _("Machines: security scanners that follow every link at once. They count nowhere."),
        ),
    ]  # fmt: skip

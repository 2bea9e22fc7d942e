"""The loop on Home: six stations, each with its health, the week's number and what is new."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.console.pages import part
from config.console.shell import places
from config.console.shell.health import STATES
from config.console.words import compact, money, num
from config.home import figures
from config.workspace.health import status
from config.workspace.health.status import HealthLevel
from config.workspace.selectors import workspace
from config.workspace.work.waiting import DELIVERY_WORKER, WORKER, WORKERS
from segments.models import Segment

STATIONS = {
    "collect": ["ingest"],
    "unify": ["merge", "rewrite"],
    "segment": ["segments"],
    "decide": ["campaigns"],
    "send": ["delivery", DELIVERY_WORKER],
}
Station = dict[str, Any]  # as `console/_loop.html` draws it


@dataclass(frozen=True)
class Stand:
    """How a station does: ok, warn or bad, and the age in seconds of the oldest that waits."""

    state: str
    lag: float


def loop(request: HttpRequest) -> HttpResponse:
    """The six stations: lag now, the week's number against the week before."""
    events = figures.kept("events", 60, figures.events_of_two_weeks)
    messages = figures.kept("messages", 60, figures.messages_of_two_weeks)
    sales = figures.sales()
    context = {
        "stations": _stations(events.value, messages.value, sales.value),
        "state": STATES[status.current().level],
        "back": messages.value,
        "doors": {
            "clicked": places.messages(did="clicked", days=7),
            "converted": places.messages(did="converted", days=7),
            "bounced": places.messages(state="bounced", days=7),
            "stopped": places.messages(did="unsubscribed", days=7),
        },
        "counted_at": min(events.at, messages.at, sales.at),
    }
    return part(request, "console/_loop.html", context)


def _stations(
    events: dict[str, Any], messages: dict[str, Any], sales: figures.Sales
) -> list[Station]:
    stands = _stands()
    return [
        _collect(stands["collect"], events),
        _unify(stands["unify"]),
        _segment(stands["segment"]),
        _decide(stands["decide"]),
        _send(stands["send"], messages),
        _respond(messages, sales),
    ]


def _collect(stand: Stand, events: dict[str, Any]) -> Station:
    refused = figures.refused(_a_week_ago())
    return _station(
        "inbox",
        _("Collect"),
        stand,
        places.live(),
        num(events["now"]),
        _("events in"),
        change=(events["now"], events["before"]),
        news=ngettext("{} call refused", "{} calls refused", refused).format(num(refused))
        if refused
        else "",
        news_url=places.live(status="refused"),
    )


def _unify(stand: Stand) -> Station:
    people, guessed = figures.people_known()
    week = figures.new_people(_a_week_ago())
    return _station(
        "merge",
        _("Unify"),
        stand,
        places.people(),
        num(people) if not guessed else _("about %(n)s") % {"n": compact(people)},
        _("people known"),
        more=_or_more(week) if week else "",
    )


def _segment(stand: Stand) -> Station:
    live = Segment.objects.filter(archived_at=None)
    fresh, of = live.filter(status=Segment.Status.FRESH).count(), live.count()
    return _station(
        "seg",
        _("Segment"),
        stand,
        places.segments(),
        _("%(fresh)s of %(all)s") % {"fresh": num(fresh), "all": num(of)},
        _("segments fresh"),
        news=_("%(n)s catching up") % {"n": num(of - fresh)} if of > fresh else "",
    )


def _decide(stand: Stand) -> Station:
    inside, due = figures.due_steps()
    return _station(
        "route",
        _("Decide"),
        stand,
        places.campaigns(),
        _or_more(inside),
        _("people in campaigns"),
        news=_("%(n)s steps due now") % {"n": num(due)} if due else "",
    )


def _send(stand: Stand, messages: dict[str, Any]) -> Station:
    return _station(
        "gate",
        _("Send"),
        stand,
        places.messages(did="left", days=7),
        num(messages["out"]),
        _("messages out"),
        change=(messages["out"], messages["out_before"]),
        news=_("%(n)s not sent, each with a reason") % {"n": num(messages["kept_back"])}
        if messages["kept_back"]
        else "",
        news_url=places.messages(state="excluded", days=7),
    )


def _respond(messages: dict[str, Any], sales: figures.Sales) -> Station:
    revenue = money(round(sales.revenue), workspace().currency)
    return _station(
        "bag",
        _("Respond"),
        None,
        places.messages(did="clicked", days=7),
        num(messages["engaged"]),
        _("people engaged"),
        change=(messages["engaged"], messages["engaged_before"]),
        news=_("%(n)s bought: %(money)s") % {"n": num(sales.buyers), "money": revenue}
        if sales.buyers
        else "",
        news_title=_(
            "People with an order of the last seven days that was not given back whole, after "
            "a message or not; revenue less refunds and cancellations."
        ),
    )


def _or_more(count: int) -> str:
    """What is counted up to a cap."""
    return num(count) if count <= figures.CAP else f"{num(figures.CAP)}+"


def _a_week_ago() -> datetime:
    return timezone.now() - timedelta(days=7)


def _stands() -> dict[str, Stand]:
    """Each station by its units of work; all stand still with the worker."""
    health = status.current()
    dead = any(unit.name == WORKER for unit in health.failing)
    found = {}
    for station, names in STATIONS.items():
        units = [unit for name in names if (unit := health.unit(name))]
        level = (
            HealthLevel.FAILING
            if dead
            else max((unit.level for unit in units), default=HealthLevel.OK)
        )
        lag = max((u.lag_seconds for u in units if u.name not in WORKERS), default=0.0)
        found[station] = Stand(STATES[level], lag)
    return found


def _station(  # noqa: PLR0913 - one row of a table
    icon: str,
    title: str,
    stand: Stand | None,
    url: str,
    number: str,
    label: str,
    *,
    change: tuple[float, float] | None = None,
    more: str = "",
    news: str = "",
    news_url: str = "",
    news_title: str = "",
) -> Station:
    return {
        "icon": icon,
        "title": title,
        "stand": stand,
        "url": url,
        "number": number,
        "label": label,
        "now": change[0] if change else None,
        "before": change[1] if change else None,
        "more": more,
        "news": news,
        "news_url": news_url,
        "news_title": news_title,
    }

"""Home: the sentence, what needs me, the loop, and growth. Heavier parts load by themselves."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.console import health_words
from config.console.charts import Series, bar_chart, line_chart
from config.console.pages import PAGES, page, part
from config.console.shell import places
from config.console.templatetags.console import door
from config.console.words import day, money, num
from config.home import figures
from config.home.checklist import checklist, first_event_received
from config.home.loop import loop
from config.home.needs import needs
from config.workspace.health import status
from config.workspace.permissions import may
from config.workspace.selectors import workspace
from consent.channels import label_of, usual_channels
from segments.models import Segment

HIDDEN = "home_checklist_hidden"
MONDAY, SATURDAY = 0, 5
Part = Callable[[HttpRequest], HttpResponse]


@PAGES.register("home")
def home(request: HttpRequest) -> HttpResponse:
    """The page itself: some fifteen small queries."""
    ticks = checklist(request.user)
    done = sum(tick.done for tick in ticks)
    show = done < len(ticks) and not request.session.get(HIDDEN)
    return page(
        request,
        "console/home.html",
        {
            "sentence": _sentence(request, begun=ticks[0].done),
            "clock": _clock(),
            "needs": needs(request.user),
            "ticks": ticks,
            "next_tick": next((tick.name for tick in ticks if not tick.done), ""),
            "ticks_done": done,
            "show_checklist": show,
            "new_campaign": places.new_campaign() if may(request.user, "campaigns.edit") else "",
            "begun": ticks[0].done,
        },
        title=_("Home"),
    )


@PAGES.register("home_part")
def home_part(request: HttpRequest, name: str) -> HttpResponse:
    """One lazily loaded part by name. Raises Http404."""
    view = PARTS.get(name)
    if view is None:
        raise Http404(name)
    return view(request)


def _since() -> tuple[datetime, str]:
    """The last working day's start and its name: what happened while I was away."""
    today = timezone.localdate()
    back = {MONDAY: 3, SATURDAY: 1, SATURDAY + 1: 2}.get(today.weekday(), 1)
    then = today - timedelta(days=back)
    start = timezone.make_aware(datetime.combine(then, time.min))
    return start, _("yesterday") if back == 1 else formats.date_format(then, "l")


def _clock() -> str:
    now = timezone.localtime()
    city = timezone.get_current_timezone_name().rpartition("/")[2].replace("_", " ")
    return _("%(day)s, %(time)s in %(city)s") % {
        "day": formats.date_format(now, "l j F"),
        "time": f"{now:%H:%M}",
        "city": city,
    }


def _sentence(request: HttpRequest, *, begun: bool) -> SafeString | str | Promise:
    """What stands still comes before what came in."""
    headline = health_words.headline(status.current())
    usual = _usual_sentence(request, begun=begun)
    return format_html("{} {}", headline, usual) if headline else usual


def _usual_sentence(request: HttpRequest, *, begun: bool) -> SafeString | str | Promise:
    if not begun and not figures.people_known()[0]:
        return _("Nothing has come in yet. One call is enough to begin.")
    since, name = _since()
    new = figures.new_people(since)
    counted = num(new) if new <= figures.CAP else f"{num(figures.CAP)}+"
    clauses = [
        format_html(
            ngettext("{} new person", "{} new people", new),
            door(places.people(new_since=since.isoformat()) if new else "", counted),
        )
    ]
    refused = figures.refused(since)
    if refused and may(request.user, "events.view"):
        clauses.append(
            format_html(
                ngettext("{} call refused", "{} calls refused", refused),
                door(places.live(status="refused"), num(refused)),
            )
        )
    behind = Segment.objects.filter(archived_at=None, status=Segment.Status.FAILED).count()
    if behind:
        clauses.append(
            format_html(
                ngettext("{} segment that failed", "{} segments that failed", behind),
                door(places.segments(), num(behind)),
            )
        )
    return format_html(_("Since {}: {}."), name, _listed(clauses))


def _listed(clauses: list[SafeString]) -> SafeString:
    """One, two and three."""
    if len(clauses) == 1:
        return clauses[0]
    begin = format_html_join(", ", "{}", ((clause,) for clause in clauses[:-1]))
    return format_html(_("{} and {}"), begin, clauses[-1])


# --- parts ----------------------------------------------------------------------------------------
def _listening(request: HttpRequest) -> HttpResponse:
    """Polled while nobody has called yet; then it says so and stops."""
    return part(request, "console/_listening.html", {"received": first_event_received()})


def _hide(request: HttpRequest) -> HttpResponse:
    """The checklist goes away for this session."""
    if request.method == "POST":
        request.session[HIDDEN] = True
    return part(request, "console/_nothing.html")


def _charts(request: HttpRequest) -> HttpResponse:
    """Three charts, counted at most every ten minutes."""
    zone = timezone.get_current_timezone_name()
    figure = figures.kept(f"charts:{zone}", 600, lambda: _weekly(zone))
    mondays, reach, new = figure.value
    revenue = figures.sales().value.by_week
    labels = [day(monday) for monday in mondays]
    currency = workspace().currency
    now = timezone.localdate()
    ends = [day(now - timedelta(weeks=n)) for n in reversed(range(figures.WEEKS))]
    context = {
        "reach": line_chart(
            _("People you may write to"),
            labels,
            [
                Series(str(label_of(name)), reach[name])
                for name in usual_channels()
                if name in reach
            ],
            column=_("Week of"),
        )
        if reach
        else None,
        "new": bar_chart(
            _("New people a week"),
            labels,
            new,
            unfinished=True,
            last_label=_("this week so far"),
            column=_("Week of"),
        )
        if any(new)
        else None,
        "revenue": line_chart(
            _("Revenue, each seven days"),
            ends,
            [Series(currency, revenue)],
            written=lambda value: money(round(value), currency),
            column=_("Seven days to"),
        )
        if any(revenue)
        else None,
        "currency": currency,
        "counted_at": figure.at,
    }
    return part(request, "console/_charts.html", context)


def _weekly(zone: str) -> tuple[Any, ...]:
    mondays = figures.week_starts(timezone.localdate())
    return (
        mondays,
        figures.reachable_by_week(mondays),
        figures.new_people_by_week(mondays, zone),
    )


PARTS: dict[str, Part] = {"listening": _listening, "hide": _hide, "loop": loop, "charts": _charts}

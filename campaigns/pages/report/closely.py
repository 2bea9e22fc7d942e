"""The report more closely: rates with their bases, links, hours and days, and campaigns like it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.models import Campaign
from campaigns.outcomes.figures import RATES
from campaigns.outcomes.parts.by_link import LinkCount, by_link
from campaigns.outcomes.parts.by_time import TimeCounts, by_time
from campaigns.outcomes.parts.lately import Standing, standings
from campaigns.pages.journeys import plain
from campaigns.pages.report.funnel import Doors
from config.console import words
from config.console.charts import Chart, Series, line_chart
from config.console.templatetags.console import door

Text = str | Promise
# rate -> its name, and of whom, in words after a number
RATE_WORDS: dict[str, tuple[Text, Text]] = {
    "open": (pgettext_lazy("rate", "Opened"), gettext_lazy("who could be measured")),
    "click": (pgettext_lazy("rate", "Clicked"), gettext_lazy("who could be measured")),
    "unsubscribe": (pgettext_lazy("rate", "Unsubscribed"), gettext_lazy("delivered")),
    "bounce": (pgettext_lazy("rate", "Bounced"), gettext_lazy("handed over")),
    "complaint": (pgettext_lazy("rate", "Complained"), gettext_lazy("delivered")),
}
SMALL = 0.01  # shares below are said with two decimals
LINKS = 20  # of a mail, shown


def share(value: float | None) -> str:
    """13.5 %, and 0.26 % where it is little; a dash where it is a share of nobody."""
    if value is None:
        return "–"
    return words.pct(value, 2 if 0 < value < SMALL else 1)


@dataclass(frozen=True)
class RateLine:
    """A rate: how many of how many, with the door to the first."""

    label: Text
    value: str
    count: int
    url: str
    base: int
    of: Text


def rates_of(data: dict[str, Any], doors: Doors) -> list[RateLine]:
    """Open, click, unsubscribe, bounce, complaint: each with its base said."""
    found = []
    for rate, (label, of) in RATE_WORDS.items():
        counted, said = RATES[rate][0], data["rates"][rate]
        url = doors.to(did=counted)
        found.append(RateLine(label, share(said["value"]), data[counted], url, said["base"], of))
    return found


@dataclass(frozen=True)
class LinkLine:
    """A link: where it leads, how many followed it, and the width of its bar."""

    url: str
    count: int
    door: str
    share: str
    width: str


def links_of(campaign: Campaign, data: dict[str, Any], doors: Doors) -> list[LinkLine]:
    """The most followed first; the share is of those who clicked at all."""
    counted: Sequence[LinkCount] = by_link(campaign)[:LINKS]
    most = max((one.clicked for one in counted), default=0)
    return [
        LinkLine(
            plain(one.url),
            one.clicked,
            doors.to(link=one.url) if one.clicked else "",
            share(one.clicked / data["clicked"]) if data["clicked"] else "–",
            f"{100 * one.clicked / most:.2f}" if most else "0",
        )
        for one in counted
    ]


@dataclass(frozen=True)
class Times:
    """Opens and clicks by the hour after the launch, and by the day: charts with their tables."""

    hours: Chart
    days: Chart | None


def times_of(campaign: Campaign, doors: Doors, may_open: Callable[[str], str]) -> Times | None:
    """None where nobody opened or clicked yet. `may_open` says which addresses the reader opens."""
    found = by_time(campaign)
    if found is None or not any(map(sum, (*found.hours.values(), *found.days.values()))):
        return None

    def chart(title: Text, numbers: dict[str, list[int]], at: Callable[[int], Any]) -> Chart:
        labels = [_label(at(n)) for n in range(len(numbers["opened"]))]
        series = [
            Series(_("opened"), [*numbers["opened"]]),
            Series(_("clicked"), [*numbers["clicked"]]),
            Series(_("unsubscribed"), [*numbers["unsubscribed"]]),
        ]
        ends = (_end(at(0)), _end(at(len(labels) - 1)))
        drawn = line_chart(title, labels, series, column=_("When"), ends=ends)
        drawn.rows = [
            [
                label,
                *(_cell(doors, may_open, name, numbers[name][n], at(n)) for name in numbers),
            ]
            for n, label in enumerate(labels)
        ]
        return drawn

    hours = chart(_("By the hour"), dict(found.hours), found.hour)
    days = chart(_("By the day"), dict(found.days), found.day) if _days(found) > 1 else None
    return Times(hours, days)


def _days(found: TimeCounts) -> int:
    return len(found.days["opened"])


def _label(at: datetime | date) -> str:
    return words.moment(at) if isinstance(at, datetime) else words.day(at)


def _end(at: datetime | date) -> str:
    """As the axis has it: year and zone are in the table behind it."""
    return words.day_minute(at) if isinstance(at, datetime) else words.day(at)


def _cell(
    doors: Doors, may_open: Callable[[str], str], name: str, count: int, at: datetime | date
) -> str:
    when = at.isoformat()
    return door(may_open(doors.to(did=name, when=when)) if count else "", count)


@dataclass(frozen=True)
class StandingLine:
    """A rate beside those of the last campaigns, as dots on a line from nought to the highest."""

    label: Text
    of: Text
    value: str
    usual: str
    place: int
    among: int
    at: str
    usual_at: str
    others: list[tuple[str, str, str, str]]  # name, share, place on the line, slug


def standings_of(campaign: Campaign) -> list[StandingLine]:
    """Against the last ten; none where it was the first of its kind."""
    return [_standing(one) for one in standings(campaign)]


def _standing(one: Standing) -> StandingLine:
    values = [one.value, *(value for _campaign, value in one.others)]
    most = max(values) or 1
    label = RATE_WORDS[one.rate][0]
    of = _("handed over") if one.rate == "bounce" else _("delivered")

    def at(value: float) -> str:
        return f"{4 + 92 * value / most:.2f}"

    return StandingLine(
        label, of, share(one.value), share(one.usual), one.place, len(values), at(one.value),
        at(one.usual),
        [(other.name, share(value), at(value), other.slug) for other, value in one.others],
    )  # fmt: skip

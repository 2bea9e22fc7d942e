"""The timeline as one reads it: bursts folded, grouped by the reader's days."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.console import words
from profiles.selectors.words import device_words
from profiles.timeline import TimelineItem

GAP = timedelta(minutes=30)
FEWEST = 3
NAMED = 2


def fold_bursts(items: Sequence[TimelineItem]) -> list[TimelineItem]:
    """Runs of items with one word in `fold`, close to each other, become one item each."""
    folded: list[TimelineItem] = []
    for run in _runs(items):
        folded += [_burst(run)] if run[0].fold and len(run) >= FEWEST else run
    return folded


def _runs(items: Sequence[TimelineItem]) -> Iterator[list[TimelineItem]]:
    run: list[TimelineItem] = []
    for item in items:
        if run and not (item.fold and item.fold == run[-1].fold and run[-1].at - item.at <= GAP):
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def _burst(run: list[TimelineItem]) -> TimelineItem:
    newest, oldest = run[0], run[-1]
    span = words.lasting(max((newest.at - oldest.at).total_seconds(), 1))
    title = _("%(what)s in %(span)s") % {"what": _counted(run), "span": span}
    device = device_words(newest.fold.rpartition(":")[2])
    return replace(
        newest,
        title=" ".join(filter(None, (title, device))),
        detail=_mostly(run),
        properties=None,
        folded=tuple(run),
    )


def _counted(run: list[TimelineItem]) -> str:
    """14 pages; 6 products viewed; 6 products and 2 pages."""
    products = sum(item.thing == "product" for item in run)
    pages = len(run) - products
    if not products:
        return ngettext("%(n)s page", "%(n)s pages", pages) % {"n": pages}
    if not pages:
        return ngettext("%(n)s product viewed", "%(n)s products viewed", products) % {"n": products}
    return _("%(products)s and %(pages)s") % {
        "products": ngettext("%(n)s product", "%(n)s products", products) % {"n": products},
        "pages": ngettext("%(n)s page", "%(n)s pages", pages) % {"n": pages},
    }


def _mostly(run: list[TimelineItem]) -> str:
    counts = Counter(item.subject for item in run if item.subject)
    named = [
        ngettext("%(what)s once", "%(what)s %(n)s times", n) % {"what": what, "n": n}
        for what, n in counts.most_common(NAMED)
    ]
    return ", ".join(named)


@dataclass(frozen=True)
class Day:
    """The items of one day of the reader; `heading` is "" where the page before had it."""

    day: date
    heading: str
    full: str
    items: list[TimelineItem]


def by_day(items: Sequence[TimelineItem], shown: str = "") -> list[Day]:
    """Grouped by local day. `shown`: the ISO day whose heading stands already."""
    days: list[Day] = []
    for item in items:
        day = timezone.localtime(item.at).date()
        if not days or days[-1].day != day:
            known = not days and day.isoformat() == shown
            heading, full = ("", "") if known else _heading(day)
            days.append(Day(day, heading, full, []))
        days[-1].items.append(item)
    return days


def _heading(day: date) -> tuple[str, str]:
    today = timezone.localdate()
    pattern = "j F" if day.year == today.year else "j F Y"
    full = formats.date_format(day, pattern)
    weekday = formats.date_format(day, "l")
    if day == today:
        return _("Today"), f"{weekday} {full}"
    if day == today - timedelta(days=1):
        return _("Yesterday"), f"{weekday} {full}"
    return weekday, full

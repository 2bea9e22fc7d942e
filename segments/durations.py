"""Durations such as {"days": 30}, and the windows of events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.console.words import when_words
from config.postgres.sql import Sql, sql
from config.workspace.zones import UTC, begins, ends
from segments.context import Clock
from segments.reading import Reader, is_number

UNITS = ("minutes", "hours", "days", "weeks", "months")
LONGEST = {"minutes": 5_256_000, "hours": 876_000, "days": 36_500, "weeks": 5_200, "months": 1_200}


@dataclass(frozen=True)
class Duration:
    """So many of one unit; months are calendar months."""

    unit: str
    amount: int

    @property
    def interval(self) -> Sql:
        """As SQL; the unit is one of UNITS."""
        return sql(f"make_interval({_ARGUMENTS[self.unit]} => {{n}}::int)", n=self.amount)

    def before(self, clock: Clock) -> Sql:
        """So long before `clock.as_of`; months by the workspace's calendar, the rest is rolling."""
        return self._from(clock, "-")

    def after(self, clock: Clock) -> Sql:
        """So long after it."""
        return self._from(clock, "+")

    def _from(self, clock: Clock, sign: str) -> Sql:
        parts = {"as_of": clock.as_of, "span": self.interval, "zone": clock.home}
        if self.unit != "months":
            return sql(f"({{as_of}}::timestamptz {sign} {{span}})", **parts)
        local = "({as_of}::timestamptz AT TIME ZONE {zone}"
        return sql(f"({local} {sign} {{span}}) AT TIME ZONE {{zone}})", **parts)

    def describe(self) -> str:
        """In words: "30 days"."""
        forms = {
            "minutes": ngettext("%(n)d minute", "%(n)d minutes", self.amount),
            "hours": ngettext("%(n)d hour", "%(n)d hours", self.amount),
            "days": ngettext("%(n)d day", "%(n)d days", self.amount),
            "weeks": ngettext("%(n)d week", "%(n)d weeks", self.amount),
            "months": ngettext("%(n)d month", "%(n)d months", self.amount),
        }
        return forms[self.unit] % {"n": self.amount}


_ARGUMENTS = {
    "minutes": "mins",
    "hours": "hours",
    "days": "days",
    "weeks": "weeks",
    "months": "months",
}


def read_duration(
    reader: Reader, name: str, *, least: int = 1, units: tuple[str, ...] = UNITS
) -> Duration | None:
    """The duration under `name`, or a problem and None."""
    value: Any = reader.data.get(name)
    if not isinstance(value, Mapping) or len(value) != 1:
        reader.fail(name, "type", _("This must be a duration such as {“days”: 30}."))
        return None
    unit, amount = next(iter(value.items()))
    if unit not in units:
        message = _("“%(unit)s” is no unit here; known are %(units)s.")
        reader.fail(
            f"{name}.{unit}", "unknown_field", message % {"unit": unit, "units": ", ".join(units)}
        )
        return None
    if not is_number(amount) or amount != int(amount) or not least <= amount <= LONGEST[unit]:
        message = _("This must be a whole number from %(least)d to %(most)d.")
        reader.fail(f"{name}.{unit}", "range", message % {"least": least, "most": LONGEST[unit]})
        return None
    return Duration(unit, int(amount))


@dataclass(frozen=True)
class Window:
    """When an event counts: ever, in the last so long, between two times, or since the entry.

    A day is one of the workspace's; the end includes it.
    """

    last: Duration | None = None
    start: date | datetime | None = None
    end: date | datetime | None = None
    since_entry: bool = False

    @property
    def is_timed(self) -> bool:
        """Whether time alone moves people."""
        return self.last is not None

    def lower(self, clock: Clock) -> Sql | None:
        """The first moment that counts, or None."""
        if self.last:
            return self.last.before(clock)
        if self.start is None:
            return None
        return sql("{start}::timestamptz", start=begins(self.start, clock.home_zone))

    def upper(self, clock: Clock) -> Sql:
        """The first moment that does not count any more."""
        end = min(ends(self.end, clock.home_zone), clock.as_of) if self.end else clock.as_of
        return sql("{end}::timestamptz", end=end)

    def describe(self) -> str:
        """In words: "in the last 30 days"; empty for ever."""
        if self.last:
            return _("in the last %(duration)s") % {"duration": self.last.describe()}
        if self.since_entry:
            return _("since entering the campaign")
        words = {"start": when_words(self.start), "end": when_words(self.end)}
        if self.start and self.end:
            return _("from %(start)s to %(end)s") % words
        if self.start:
            return _("since %(start)s") % words
        return _("before %(end)s") % words if self.end else ""


def read_window(reader: Reader, name: str = "window") -> Window:
    """The window under `name`; ever when absent."""
    inner = reader.mapping(name)
    if inner is None:
        return Window()
    inner.only("last", "from", "to", "since_entry")
    kinds = [
        bool(inner.has("last")),
        inner.has("from") or inner.has("to"),
        inner.has("since_entry"),
    ]
    if sum(kinds) != 1:
        inner.fail("", "conflict", _("Say one of: last, from and to, since_entry."))
        return Window()
    if inner.has("last"):
        return Window(last=read_duration(inner, "last"))
    if inner.has("since_entry"):
        if inner.data["since_entry"] is not True:
            inner.fail("since_entry", "type", _("This must be true."))
        elif not inner.has_entry:
            inner.fail("since_entry", "no_entry", _("Nobody enters here; this works in campaigns."))
        return Window(since_entry=True)
    start = inner.when("from") if inner.has("from") else None
    end = inner.when("to") if inner.has("to") else None
    if start and end and begins(start, UTC) >= ends(end, UTC):
        inner.fail("to", "range", _("The end lies before the beginning."))
    return Window(start=start, end=end)

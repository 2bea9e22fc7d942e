"""Durations such as {"days": 30}: the one reader of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.postgres.sql import Sql, sql
from config.workspace.zones import months_later
from profiles.language.reading.reader import Reader, is_number
from profiles.language.times.clock import Clock

UNITS = ("minutes", "hours", "days", "weeks", "months")
SECONDS = "seconds"  # for waits: no rule asks so finely
LONGEST = {"minutes": 5_256_000, "hours": 876_000, "days": 36_500, "weeks": 5_200, "months": 1_200}
_MOST = LONGEST | {SECONDS: 315_360_000}


@dataclass(frozen=True)
class Duration:
    """So many of one unit; months are calendar months."""

    unit: str
    amount: int

    @property
    def interval(self) -> Sql:
        """As SQL."""
        return sql(f"make_interval({_ARGUMENTS[self.unit]} => {{n}}::int)", n=self.amount)

    def before(self, clock: Clock) -> Sql:
        """So long before `clock.as_of`; months by the workspace's calendar, the rest is rolling."""
        return self._from(clock, "-")

    def after(self, clock: Clock) -> Sql:
        """So long after it."""
        return self._from(clock, "+")

    def _from(self, clock: Clock, sign: str) -> Sql:
        return self.moved(sql("{as_of}::timestamptz", as_of=clock.as_of), clock.home, sign)

    def moved(self, moment: Sql, zone: Sql, sign: str = "+") -> Sql:
        """So long after a moment (or with "-" before it); months by the calendar of `zone`."""
        parts = {"moment": moment, "span": self.interval, "zone": zone}
        if self.unit != "months":
            return sql(f"({{moment}} {sign} {{span}})", **parts)
        return sql(
            f"(({{moment}} AT TIME ZONE {{zone}} {sign} {{span}}) AT TIME ZONE {{zone}})", **parts
        )

    @property
    def text(self) -> str:
        """As the text of an interval."""
        return f"{self.amount} {self.unit}"

    @property
    def in_days(self) -> float:
        """Roughly, for a field of a form: a month has 30 days."""
        return self.amount * _DAYS[self.unit]

    def after_moment(self, moment: datetime, zone: tzinfo) -> datetime:
        """So long after a moment; months by the calendar of `zone`, as in SQL."""
        if self.unit != "months":
            return moment + timedelta(**{self.unit: self.amount})
        there = months_later(moment.astimezone(zone), self.amount)
        # where the hour is there twice or never, the database takes standard time
        return max(there.replace(fold=fold).astimezone(UTC) for fold in (0, 1))

    def describe(self) -> str:
        """In words: "30 days"."""
        forms = {
            SECONDS: ngettext("%(n)d second", "%(n)d seconds", self.amount),
            "minutes": ngettext("%(n)d minute", "%(n)d minutes", self.amount),
            "hours": ngettext("%(n)d hour", "%(n)d hours", self.amount),
            "days": ngettext("%(n)d day", "%(n)d days", self.amount),
            "weeks": ngettext("%(n)d week", "%(n)d weeks", self.amount),
            "months": ngettext("%(n)d month", "%(n)d months", self.amount),
        }
        return forms[self.unit] % {"n": self.amount}


def unit_words() -> dict[str, str]:
    """The units, for a screen that offers them."""
    words = (_("minutes"), _("hours"), _("days"), _("weeks"), _("months"))
    return dict(zip(UNITS, words, strict=True))


_ARGUMENTS = {
    SECONDS: "secs",
    "minutes": "mins",
    "hours": "hours",
    "days": "days",
    "weeks": "weeks",
    "months": "months",
}


_DAYS = {SECONDS: 1 / 86_400} | {
    "minutes": 1 / 1440,
    "hours": 1 / 24,
    "days": 1,
    "weeks": 7,
    "months": 30,
}


def stored_duration(value: Any) -> Duration | None:
    """What was checked when it was saved; None without one.

    Parts of a unit were taken once: they are so many minutes.
    """
    if not isinstance(value, Mapping) or not value:
        return None
    unit, amount = next(iter(value.items()))
    if amount == int(amount):
        return Duration(unit, int(amount))
    return Duration("minutes", max(1, round(amount * _DAYS[unit] / _DAYS["minutes"])))


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
    if not is_number(amount) or amount != int(amount) or not least <= amount <= _MOST[unit]:
        message = _("This must be a whole number from %(least)d to %(most)d.")
        reader.fail(f"{name}.{unit}", "range", message % {"least": least, "most": _MOST[unit]})
        return None
    return Duration(unit, int(amount))

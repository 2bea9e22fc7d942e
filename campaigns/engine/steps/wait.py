"""The step `wait`: for a while, until a time of day, or until a date of the person's own.

A time of day, and the day of a date without a time, are by the person's clock, or by the
workspace's where theirs is not known; months are by the workspace's calendar, all else is
rolling. When somebody goes on is reckoned when they arrive, so that nobody has to be looked at
until then.
"""

from collections.abc import Mapping
from datetime import time
from typing import Any, Final

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from campaigns.composition.field_errors import Errors, as_faults, duration_faults, fault
from campaigns.engine.steps.base import Card, StepBatch, StepKind, onward, step_kind
from campaigns.plan import Step
from config.postgres.sql import Sql, sql
from config.workspace.zones import database_zones
from profiles.language.reading.reader import Reader
from profiles.language.subjects import json_subject, json_value
from profiles.language.times.clock import rule_zone
from profiles.language.times.durations import (
    LONGEST,
    SECONDS,
    UNITS,
    Duration,
    read_duration,
    stored_duration,
)
from segments.insight.computed.reading import stored_value

UNITS_OF_WAITS: Final = (SECONDS, *UNITS)
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WAITED: Final = "waited"

_NEXT = """(SELECT (CASE WHEN d.wall < l.wall THEN d.wall + make_interval(days => {round})
                       ELSE d.wall END) AT TIME ZONE l.zone
    FROM (SELECT {zone} AS zone, {arrival} AT TIME ZONE {zone} AS wall) l
    CROSS JOIN LATERAL (SELECT l.wall::date + {clock}::time + make_interval(days => {ahead}) AS wall
    ) d)"""
_AHEAD = "(({weekday} - extract(isodow FROM l.wall)::int + 7) %% 7)"


@step_kind
class WaitStep(StepKind):
    """Nothing is done; who arrives is due when the wait is over."""

    kind = "wait"

    def faults(self, step: Step, path: str) -> Errors:
        """Exactly one of `for` and `until`."""
        if (step.get("for") is None) == (step.get("until") is None):
            yield fault(path, _("Say how long (“for”) or until when (“until”)."), "required")
        elif step.get("for") is not None:
            yield from duration_faults(step, "for", path, UNITS_OF_WAITS)
        else:
            yield from _until_faults(step["until"], f"{path}.until")

    def run(self, cursor: CursorWrapper, batch: StepBatch) -> Sql:
        """They have waited."""
        return onward(batch, WAITED)

    def due(self, step: Step, arrival: Sql) -> Sql:
        """When the wait is over; of a date that is past or not known, at once."""
        if step.get("for") is not None:
            home = sql("{zone}", zone=rule_zone().key)
            return _stored(step["for"]).moved(arrival, home)
        until = step["until"]
        if "trait" in until:
            return _until_trait(until, arrival)
        return _until_time(until, arrival)

    def describe(self, step: Step) -> str:
        """ "Wait 2 days"."""
        if step.get("for") is not None:
            return _("Wait %(duration)s") % {"duration": _stored(step["for"]).describe()}
        until = step["until"]
        if "trait" in until:
            return _trait_words(until)
        words = {"time": until["time"], "day": _day_words().get(until.get("weekday", ""), "")}
        if words["day"]:
            return _("Wait until %(day)s, %(time)s") % words
        return _("Wait until %(time)s") % words

    def card(self, step: Step) -> Card:
        """Whose clock it is."""
        by_clock = step.get("for") is None
        text = _("By each person's own clock, where it is known.") if by_clock else ""
        return Card("clock", self.describe(step), text)


def _stored(value: Any) -> Duration:
    if isinstance(value, Mapping):
        unit, amount = next(iter(value.items()))
        if unit == SECONDS or amount < 0:
            return Duration(unit, int(amount))
    found = stored_duration(value)
    return found or Duration(SECONDS, 0)


def _until_faults(until: Any, path: str) -> Errors:
    if not isinstance(until, Mapping):
        yield fault(path, _('An object such as {"time": "09:00"}.'), "type")
        return
    reader = Reader(until, path)
    if "trait" in until:
        reader.only("trait", "offset")
        reader.text("trait")
        if reader.has("offset"):
            read_duration(reader, "offset", least=-LONGEST["days"], units=UNITS)
    else:
        reader.only("time", "weekday")
        try:
            time.fromisoformat(reader.text("time") or "00:00")
        except ValueError:
            yield fault(f"{path}.time", _("A time of day, as 21:00."))
        if reader.has("weekday"):
            reader.choice("weekday", DAYS)
    yield from as_faults(reader.problems)


def _zone() -> Sql:
    """The person's zone where the database knows it, else the workspace's."""
    return sql(
        "(CASE WHEN p.time_zone = ANY({known}::text[]) THEN p.time_zone ELSE {home} END)",
        known=sorted(database_zones()),
        home=rule_zone().key,
    )


def _until_time(until: Mapping[str, Any], arrival: Sql) -> Sql:
    weekday = until.get("weekday")
    ahead = sql(_AHEAD, weekday=DAYS.index(weekday) + 1) if weekday else Sql("0")
    return sql(
        _NEXT,
        zone=_zone(),
        arrival=arrival,
        clock=until["time"],
        ahead=ahead,
        round=Sql("7" if weekday else "1"),
    )


def _until_trait(until: Mapping[str, Any], arrival: Sql) -> Sql:
    zone = _zone()
    name = sql("{name}", name=until["trait"])
    computed = json_value(stored_value(name, Sql("p.id")), zone).time
    came_in = json_subject("p.traits", until["trait"], zone).time
    moment = sql("coalesce({computed}, {came_in})", computed=computed, came_in=came_in)
    if until.get("offset"):
        moment = _stored(until["offset"]).moved(moment, zone)
    return sql("greatest({arrival}, {moment})", arrival=arrival, moment=moment)


def _trait_words(until: Mapping[str, Any]) -> str:
    words = {"trait": until["trait"], "duration": ""}
    if not until.get("offset"):
        return _("Wait until %(trait)s") % words
    unit, amount = next(iter(until["offset"].items()))
    words["duration"] = Duration(unit, abs(int(amount))).describe()
    if amount < 0:
        return _("Wait until %(duration)s before %(trait)s") % words
    return _("Wait until %(duration)s after %(trait)s") % words


def _day_words() -> dict[str, str]:
    names = (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
        _("Sunday"),
    )  # fmt: skip
    return dict(zip(DAYS, names, strict=True))

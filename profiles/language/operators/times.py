"""Before, after, lately, soon, and anniversaries."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from config.postgres.sql import Sql, sql
from profiles.language.operators.base import (
    A_MOMENT,
    DURATION,
    JSON,
    MOMENT,
    TIME,
    Operator,
    operator,
)
from profiles.language.operators.moments import begin, end, is_day
from profiles.language.reading.reader import Reader
from profiles.language.subjects import Subject
from profiles.language.times.clock import Clock
from profiles.language.times.durations import read_duration

QUARTER = timedelta(minutes=15)
DAYS = ("days", "weeks", "months")


class _Moment(Operator):
    """Beside a day or a moment."""

    types = (JSON, TIME)
    widget = MOMENT
    suits = (A_MOMENT,)

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A day or a moment, as it is written."""
        reader.when(name)
        return reader.data[name]


@operator
class Before(_Moment):
    """Before a day begins, or before a moment."""

    name = "before"

    def words(self) -> str:
        """In words."""
        return _("is before")

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return sql("{time} < {value}::timestamptz", time=subject.time, value=begin(value, clock))


@operator
class After(_Moment):
    """From the day after a day on, or after a moment."""

    name = "after"

    def words(self) -> str:
        """In words."""
        return _("is after")

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        sign = ">=" if is_day(value) else ">"
        return sql(
            f"{{time}} {sign} {{value}}::timestamptz", time=subject.time, value=end(value, clock)
        )


class _Span(Operator):
    """So long from now."""

    types = (JSON, TIME)
    widget = DURATION
    suits = (A_MOMENT,)

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A duration."""
        return read_duration(reader, name)

    def due_at(self, now: datetime) -> datetime | None:
        """At once: the next value may leave at any moment."""
        return now

    def operand_words(self, value: Any) -> str:
        """The duration."""
        return str(value.describe())


@operator
class InLast(_Span):
    """So long ago at most."""

    name = "in_last"
    begins = (A_MOMENT,)

    def words(self) -> str:
        """In words."""
        return _("was in the last")

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return sql(
            "({time} >= {first} AND {time} <= {as_of}::timestamptz)",
            time=subject.time,
            as_of=clock.as_of,
            first=value.before(clock),
        )


@operator
class InNext(_Span):
    """So far ahead at most."""

    name = "in_next"

    def words(self) -> str:
        """In words."""
        return _("is in the next")

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return sql(
            "({time} >= {as_of}::timestamptz AND {time} <= {last})",
            time=subject.time,
            as_of=clock.as_of,
            last=value.after(clock),
        )


@operator
class AnniversaryIn(_Span):
    """The day comes round again within so many days; zero is today."""

    name = "anniversary_in"

    def words(self) -> str:
        """In words."""
        return _("has its anniversary within")

    def due_at(self, now: datetime) -> datetime | None:
        """When somewhere a day begins: zones differ by quarters of an hour."""
        return now + QUARTER - (now - datetime.min.replace(tzinfo=UTC)) % QUARTER

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A duration of whole days, from none."""
        return read_duration(reader, name, least=0, units=DAYS)

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return sql(
            "rapport_anniversary({day}, {today}) <= {today} + {span}",
            day=subject.day_in(clock.own),
            today=clock.today,
            span=value.interval,
        )

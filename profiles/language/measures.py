"""What events come to: an aggregate of them, or of one of their properties."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.postgres.sql import AND, EMPTY, Sql, sql
from config.workspace.zones import database_zones
from profiles.language.comparisons import Comparison, read_comparison
from profiles.language.events import (
    ITEM_PREFIX,
    ITEMS,
    PropertyTest,
    item_subject,
    owner_of,
    subject_of,
)
from profiles.language.operators import JSON, NUMBER, TIME
from profiles.language.question import Question
from profiles.language.reading.reader import Reader
from profiles.language.subjects import NOTHING, Subject
from profiles.language.words import joined
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown

AGGREGATES: Final = ("sum", "avg", "min", "max", "count_distinct")
COUNT, SHARE, DAYS_SINCE, HOUR, WEEKDAY = "count", "share", "days_since", "hour", "weekday"
FIRST, LAST, MOST_FREQUENT = "first", "last", "most_frequent"
TOP, UNIQUE_LIST, RATIO = "top", "unique_list", "ratio"
# of the events themselves, and of no property
OF_EVENTS: Final = (COUNT, SHARE, DAYS_SINCE, HOUR, WEEKDAY)
# without a property, when it was
OF_EITHER: Final = (FIRST, LAST)
# what a computed trait can be
EVERY_AGGREGATE: Final = (
    *OF_EVENTS,
    *AGGREGATES,
    *(RATIO, MOST_FREQUENT, TOP, FIRST, LAST, UNIQUE_LIST),
)
# how much there was: nothing is 0
FROM_NOUGHT: Final = (COUNT, "sum", "count_distinct")
_TEXTS: Final = (MOST_FREQUENT, TOP, UNIQUE_LIST)
LONGEST_LIST: Final = 100
DECIMALS: Final = 6
MONEY_DECIMALS: Final = 2
_DAY: Final = 86_400  # seconds
_ZONE: Final = "profile z ON z.id = {owner}"
_OFTEN: Final = (
    "mode() WITHIN GROUP (ORDER BY extract({part} FROM e.occurred_at AT TIME ZONE"
    " (CASE WHEN z.time_zone = ANY({zones}::text[]) THEN z.time_zone ELSE {home} END)))"
)
_OF_VALUES: Final[Mapping[str, str]] = {
    MOST_FREQUENT: "mode() WITHIN GROUP (ORDER BY {it}) FILTER (WHERE {there})",
    UNIQUE_LIST: f"to_jsonb((array_agg(DISTINCT {{it}}) FILTER (WHERE {{there}}))"
    f"[1:{LONGEST_LIST}])",
    TOP: "(SELECT jsonb_agg(t.v ORDER BY t.n DESC, t.v) FROM (SELECT u.v, count(*) AS n"
    " FROM unnest(array_agg({it}) FILTER (WHERE {there})) AS u(v) GROUP BY u.v"
    " ORDER BY 2 DESC, 1 LIMIT 3) t)",
    FIRST: "(array_agg({it} ORDER BY e.occurred_at, e.id) FILTER (WHERE {there}))[1]",
    LAST: "(array_agg({it} ORDER BY e.occurred_at DESC, e.id DESC) FILTER (WHERE {there}))[1]",
}


@dataclass(frozen=True)
class Aggregate:
    """What one person's events come to.

    `of` is the property, "" where it is of the events themselves; `per`: of a ratio, the property
    that it is divided by; `where`: of a share, which of the events are counted.
    """

    agg: str
    of: str = ""
    per: str = ""
    where: tuple[PropertyTest, ...] = ()

    @property
    def type_(self) -> str:
        """What the value is to whoever compares it."""
        if self.agg in OF_EITHER:
            return JSON if self.of else TIME
        return JSON if self.agg in _TEXTS else NUMBER

    def value(self, context: Question, event: str) -> Sql:
        """The aggregate over the grouped rows `e`, joined by `join`; NULL where there is none."""
        if self.agg in OF_EVENTS or not self.of:
            return self._of_events(context, event)
        subject = self._subject(context, event, self.of)
        if self.agg == "count_distinct":
            return sql("count(DISTINCT {place})", place=_plain(subject))
        if self.agg == RATIO:
            per = self._subject(context, event, self.per)
            quotient = "sum({one})::numeric / nullif(sum({other}), 0)::numeric"
            return sql(quotient, one=subject.number, other=per.number)
        if self.type_ == NUMBER:
            return sql(f"{self.agg}({{number}})", number=subject.number)
        it = _plain(subject)
        is_text = not subject.is_column or subject.text != NOTHING
        there = sql("nullif({text}, '')", text=subject.text) if is_text else it
        return sql(
            _OF_VALUES[self.agg],
            it=sql("to_jsonb({it})", it=it) if subject.is_column else it,
            there=sql("{there} IS NOT NULL", there=there),
        )

    def _of_events(self, context: Question, event: str) -> Sql:
        if self.agg == COUNT:
            return Sql("count(*)")
        if self.agg == SHARE:
            tests = AND.joined(test.test(context, event) for test in self.where)
            share = "(count(*) FILTER (WHERE {tests}))::numeric / count(*)"
            return sql(share, tests=tests)
        if self.agg == DAYS_SINCE:
            return whole_days(context, Sql("max(e.occurred_at)"))
        if self.agg in OF_EITHER:
            return Sql(f"{'min' if self.agg == FIRST else 'max'}(e.occurred_at)")
        part = Sql("hour" if self.agg == HOUR else "isodow")
        return sql(_OFTEN, part=part, zones=sorted(database_zones()), home=context.zone.key)

    def join(self, context: Question) -> Sql:
        """What the rows `e` are joined with for it."""
        if self.agg in (HOUR, WEEKDAY):
            return sql(f" JOIN {_ZONE}", owner=owner_of(context))
        return ITEMS if self.of.startswith(ITEM_PREFIX) else EMPTY

    def reads(self) -> set[str]:
        """The properties that it is made of."""
        tested = {test.property for test in self.where}
        return tested | {name for name in (self.of, self.per) if name}

    def _subject(self, context: Question, event: str, name: str) -> Subject:
        if name.startswith(ITEM_PREFIX):
            return item_subject(context, name)
        return subject_of(context, event, name)

    def describe(self) -> str:
        """In words: "total revenue"."""
        words = {
            COUNT: pgettext("of events", "number"),
            SHARE: _("share where %(tests)s,"),
            DAYS_SINCE: _("whole days since the last time"),
            HOUR: _("most frequent hour of the day"),
            WEEKDAY: _("most frequent day of the week"),
            "sum": _("total %(property)s"),
            "avg": _("average %(property)s"),
            "min": _("lowest %(property)s"),
            "max": _("highest %(property)s"),
            "count_distinct": _("number of different %(property)s"),
            RATIO: _("total %(property)s divided by total %(per)s"),
            MOST_FREQUENT: _("most frequent %(property)s"),
            TOP: _("three most frequent %(property)s"),
            FIRST: _("first %(property)s") if self.of else _("first time"),
            LAST: _("last %(property)s") if self.of else _("last time"),
            UNIQUE_LIST: _("every %(property)s, each once"),
        }
        said = [test.describe() for test in self.where]
        tests = joined(said, _("and")) if said else "…"
        return words[self.agg] % {"property": self.of, "per": self.per, "tests": tests}


def _plain(subject: Subject) -> Sql:
    """The value in the type in which it is kept."""
    if not subject.is_column:
        return subject.json
    return subject.number if subject.text == NOTHING else subject.text


def whole_days(context: Question, at: Sql) -> Sql:
    """How many times 24 hours lie between a moment and that of the question."""
    span = f"floor(extract(epoch FROM {{now}} - {{at}}) / {_DAY})"
    return sql(span, now=context.moment, at=at)


@dataclass(frozen=True)
class Measure:
    """An aggregate of a property over the matching events compares."""

    agg: str
    property: str
    comparison: Comparison

    def aggregate(self) -> Aggregate:
        """What is compared."""
        return Aggregate(self.agg, self.property)

    def value(self, context: Question, event: str) -> Sql:
        """The aggregate."""
        return self.aggregate().value(context, event)

    def test(self, context: Question, event: str) -> Sql:
        """For HAVING."""
        number = Subject(number=self.value(context, event))
        return self.comparison.bare_test(number, context.clock())

    def masked(self, shown: Shown) -> "Measure":
        """Without the operand, where the reader may not see the property."""
        is_shown = shown.may_ask(FieldPlace.PROPERTY, self.property)
        return replace(self, comparison=self.comparison.masked(shown, is_shown=is_shown))

    def describe(self) -> str:
        """In words: "total revenue is more than 250"."""
        return self.comparison.describe(self.aggregate().describe())


def read_measure(reader: Reader) -> Measure | None:
    """The measure of `reader`'s object; None when absent."""
    inner = reader.mapping("measure")
    if inner is None:
        return None
    inner.only("agg", "property", "op", "value")
    agg, name = inner.choice("agg", AGGREGATES), inner.text("property")
    if name.startswith(ITEM_PREFIX):
        inner.fail("property", "unknown_field", _("Products cannot be summed."))
    return Measure(agg, name, read_comparison(inner, NUMBER))

"""What events come to: an aggregate of them, or of one of their properties."""

from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _

from config.postgres.sql import EMPTY, Sql, sql
from profiles.language.comparisons import Comparison, read_comparison
from profiles.language.events import ITEM_PREFIX, ITEMS, item_subject, subject_of
from profiles.language.operators import JSON, NUMBER, TIME
from profiles.language.question import Question
from profiles.language.reading.reader import Reader
from profiles.language.subjects import NOTHING, Subject
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown

AGGREGATES: Final = ("sum", "avg", "min", "max", "count_distinct")
COUNT, DAYS_SINCE = "count", "days_since"
FIRST, LAST, MOST_FREQUENT, UNIQUE_LIST = "first", "last", "most_frequent", "unique_list"
# what a computed trait can be besides: the first two are of the events themselves
EVERY_AGGREGATE: Final = (
    *(COUNT, DAYS_SINCE),
    *AGGREGATES,
    *(MOST_FREQUENT, FIRST, LAST, UNIQUE_LIST),
)
OF_EVENTS: Final = (COUNT, DAYS_SINCE)
# without a property, when it was
OF_EITHER: Final = (FIRST, LAST)
# how much there was: nothing is 0
FROM_NOUGHT: Final = (COUNT, "sum", "count_distinct")
LONGEST_LIST: Final = 100
DECIMALS: Final = 6
_DAY: Final = 86_400  # seconds


@dataclass(frozen=True)
class Aggregate:
    """What one person's events come to.

    `of` is the property, "" where it is of the events themselves.
    """

    agg: str
    of: str = ""

    @property
    def type_(self) -> str:
        """What the value is to whoever compares it."""
        if self.agg in OF_EITHER:
            return JSON if self.of else TIME
        return JSON if self.agg in (MOST_FREQUENT, UNIQUE_LIST) else NUMBER

    def value(self, context: Question, event: str) -> Sql:
        """The aggregate over the grouped rows `e`, joined by `join`; NULL where there is none."""
        if self.agg == COUNT:
            return Sql("count(*)")
        if self.agg == DAYS_SINCE:
            return whole_days(context, Sql("max(e.occurred_at)"))
        if not self.of:
            return Sql(f"{'min' if self.agg == FIRST else 'max'}(e.occurred_at)")
        subject = self._subject(context, event)
        if self.agg == "count_distinct":
            return sql("count(DISTINCT {place})", place=_plain(subject))
        if self.type_ == NUMBER:
            return sql(f"{self.agg}({{number}})", number=subject.number)
        way = " DESC" if self.agg == LAST else ""
        shapes = {
            MOST_FREQUENT: "mode() WITHIN GROUP (ORDER BY {it}) FILTER (WHERE {there})",
            UNIQUE_LIST: f"to_jsonb((array_agg(DISTINCT {{it}}) FILTER (WHERE {{there}}))"
            f"[1:{LONGEST_LIST}])",
        }
        one = (
            f"(array_agg({{it}} ORDER BY e.occurred_at{way}, e.id{way})"
            " FILTER (WHERE {there}))[1]"
        )
        it = _plain(subject)
        is_text = not subject.is_column or subject.text != NOTHING
        there = sql("nullif({text}, '')", text=subject.text) if is_text else it
        return sql(
            shapes.get(self.agg, one),
            it=sql("to_jsonb({it})", it=it) if subject.is_column else it,
            there=sql("{there} IS NOT NULL", there=there),
        )

    def join(self) -> Sql:
        """What the rows `e` are joined with for it."""
        return ITEMS if self.of.startswith(ITEM_PREFIX) else EMPTY

    def _subject(self, context: Question, event: str) -> Subject:
        if self.of.startswith(ITEM_PREFIX):
            return item_subject(context, self.of)
        return subject_of(context, event, self.of)

    def describe(self) -> str:
        """In words: "total revenue"."""
        words = {
            COUNT: _("number of times"),
            DAYS_SINCE: _("whole days since the last time"),
            "sum": _("total %(property)s"),
            "avg": _("average %(property)s"),
            "min": _("lowest %(property)s"),
            "max": _("highest %(property)s"),
            "count_distinct": _("number of different %(property)s"),
            MOST_FREQUENT: _("most frequent %(property)s"),
            FIRST: _("first %(property)s") if self.of else _("first time"),
            LAST: _("last %(property)s") if self.of else _("last time"),
            UNIQUE_LIST: _("every %(property)s, each once"),
        }
        return words[self.agg] % {"property": self.of}


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

"""What events come to: an aggregate of one of their properties."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from config.postgres.sql import Sql, sql
from profiles.language.comparisons import Comparison, read_comparison
from profiles.language.events import ITEM_PREFIX, subject_of
from profiles.language.operators import NUMBER
from profiles.language.question import Question
from profiles.language.reading.reader import Reader
from profiles.language.subjects import Subject
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown

AGGREGATES = ("sum", "avg", "min", "max", "count_distinct")


@dataclass(frozen=True)
class Measure:
    """An aggregate of a property over the matching events compares."""

    agg: str
    property: str
    comparison: Comparison

    def value(self, context: Question, event: str) -> Sql:
        """The aggregate."""
        subject = subject_of(context, event, self.property)
        if self.agg == "count_distinct":
            place = subject.json if subject.json.text != "NULL" else subject.number
            return sql("count(DISTINCT {place})", place=place)
        return sql(f"{self.agg}({{number}})", number=subject.number)

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
        words = {
            "sum": _("total %(property)s"),
            "avg": _("average %(property)s"),
            "min": _("lowest %(property)s"),
            "max": _("highest %(property)s"),
            "count_distinct": _("number of different %(property)s"),
        }
        return self.comparison.describe(words[self.agg] % {"property": self.property})


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

"""Comparing a value: an operator and its operand.

Every test is two-valued: a missing value satisfies `ne`, `not_in`, `not_contains` and `is_not_set`
and nothing else. Types are strict: 5 is not "5". `eq` and `in` compare texts as they are; letter
case says nothing to `..._ignore_case` and to parts of texts. Contact points compare by their normal
form and codes (country, currency, language) in any case, whatever the operator: see `spelling`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from config.postgres.sql import Sql, sql
from profiles.language.operators import JSON, OPERATORS, Operator, operators_of
from profiles.language.operators.base import NONE
from profiles.language.reading.reader import Reader, is_number
from profiles.language.subjects import Subject
from profiles.language.times.clock import Clock
from profiles.language.times.durations import Duration
from profiles.personal.looks import DOTS as HIDDEN
from profiles.selectors.masking import Shown

COUNTING = ("gte", "gt", "lte", "lt", "eq", "ne")  # in the order in which counts offer them


@dataclass(frozen=True)
class Comparison:
    """An operator and its operand, checked."""

    op: str
    value: Any = None

    @property
    def operator(self) -> Operator:
        """What `op` names."""
        return OPERATORS[self.op]

    def due_at(self, now: datetime) -> datetime | None:
        """From when on time alone may change the answer of `now`; None where it never does."""
        return self.operator.due_at(now)

    @property
    def holds_when_missing(self) -> bool:
        """Whether someone without the value is in."""
        return bool(self.operator.denies)

    @property
    def asks_number(self) -> bool:
        """Whether the operand is a number, or a range of them."""
        values = self.value if isinstance(self.value, list | tuple) else [self.value]
        return bool(values) and all(map(is_number, values))

    def test(self, subject: Subject, clock: Clock) -> Sql:
        """The two-valued test."""
        held = self.operator.test(self.value, subject, clock)
        denied = Sql("NOT " if self.operator.denies else "")
        return sql("{denied}coalesce({held}, FALSE)", denied=denied, held=held)

    def bare_test(self, subject: Subject, clock: Clock) -> Sql:
        """As `test`, but may be NULL for false: for a column's index, and in HAVING."""
        if self.operator.denies:
            return self.test(subject, clock)
        return self.operator.test(self.value, subject, clock)

    def holds(self, number: float) -> bool:
        """Whether a known number compares so."""
        found = self.operator.holds(number, self.value)
        return not found if self.operator.denies else found

    def masked(self, shown: "Shown", *, is_shown: bool) -> "Comparison":
        """For a reader who may not see all: no operand, or one in which nothing looks personal.

        It can be described and nothing else.
        """
        if self.operator.widget == NONE or isinstance(self.value, Duration):
            return self
        if not is_shown:
            return Comparison(self.op, HIDDEN)
        if isinstance(self.value, list | tuple):
            masked = [_as_shown(one, shown) for one in self.value]
            return Comparison(self.op, type(self.value)(masked))
        return Comparison(self.op, _as_shown(self.value, shown))

    def describe(self, label: str) -> str:
        """In words, with the value's name first: "plan is pro"."""
        hidden = isinstance(self.value, str) and self.value == HIDDEN
        operand = HIDDEN if hidden else self.operator.operand_words(self.value)
        return " ".join(word for word in (label, self.operator.words(), operand) if word)


def _as_shown(value: Any, shown: "Shown") -> Any:
    return shown.text(value) if isinstance(value, str) else value


def read_comparison(
    reader: Reader, type_: str = JSON, *, op: str = "op", value: str = "value"
) -> Comparison:
    """The comparison in `reader`'s object; problems go there."""
    known = operators_of(type_)
    name = reader.text(op)
    if name and name not in OPERATORS:
        message = _("“%(value)s” is not known; known are %(options)s.")
        reader.fail(op, "unknown_operator", message % {"value": name, "options": ", ".join(known)})
    elif name and name not in known:
        message = _("“%(op)s” does not fit; here: %(known)s.")
        reader.fail(op, "operator_type", message % {"op": name, "known": ", ".join(known)})
    elif name and OPERATORS[name].widget != NONE and value not in reader.data:
        reader.fail(value, "required", _("This is needed."))
    elif name:
        return Comparison(name, OPERATORS[name].read(reader, value, type_))
    return Comparison("is_set")

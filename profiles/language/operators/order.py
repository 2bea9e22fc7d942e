"""More, less, between: numbers, and times between two."""

import operator as compared
from collections.abc import Callable
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from config.postgres.sql import Sql, sql
from profiles.language.operators.base import (
    A_MOMENT,
    A_NUMBER,
    AMOUNT,
    JSON,
    NUMBER,
    RANGE,
    TIME,
    Operator,
    bound,
    operator,
    shown,
)
from profiles.language.operators.moments import begin, end, is_day
from profiles.language.reading.operands import read_number, read_range
from profiles.language.reading.reader import Reader, is_number
from profiles.language.subjects import Subject
from profiles.language.times.clock import Clock

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": compared.gt,
    ">=": compared.ge,
    "<": compared.lt,
    "<=": compared.le,
}


class _Order(Operator):
    """A number on one side of another."""

    types = (JSON, NUMBER)
    widget = AMOUNT
    suits = (A_NUMBER,)
    sign: ClassVar[str]

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A number."""
        return read_number(reader, name)

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return sql(f"{{number}} {self.sign} {{value}}", number=subject.number, value=bound(value))

    def holds(self, number: float, value: Any) -> bool:
        """On that side."""
        return _SIGNS[self.sign](number, value)


@operator
class Gt(_Order):
    """Above."""

    name, sign = "gt", ">"

    def words(self) -> str:
        """In words."""
        return _("is more than")


@operator
class Gte(_Order):
    """Above, or the same."""

    name, sign = "gte", ">="
    begins = (A_NUMBER,)

    def words(self) -> str:
        """In words."""
        return _("is at least")


@operator
class Lt(_Order):
    """Below."""

    name, sign = "lt", "<"

    def words(self) -> str:
        """In words."""
        return _("is less than")


@operator
class Lte(_Order):
    """Below, or the same."""

    name, sign = "lte", "<="

    def words(self) -> str:
        """In words."""
        return _("is at most")


@operator
class Between(Operator):
    """From the lowest to the highest, both included; a day is in to its end."""

    name = "between"
    types = (JSON, NUMBER, TIME)
    widget = RANGE
    suits = (A_NUMBER, A_MOMENT)

    def words(self) -> str:
        """In words."""
        return _("is between")

    def operand_words(self, value: Any) -> str:
        """Both ends."""
        low, high = map(shown, value)
        return _("%(low)s and %(high)s") % {"low": low, "high": high}

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """Two numbers or two moments."""
        return read_range(reader, name, type_)

    def holds(self, number: float, value: Any) -> bool:
        """From the lowest to the highest."""
        low, high = value
        return bool(low <= number <= high)

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        low, high = value
        if is_number(low):
            return sql(
                "{number} BETWEEN {low} AND {high}",
                number=subject.number,
                low=bound(low),
                high=bound(high),
            )
        sign = "<" if is_day(high) else "<="
        return sql(
            f"({{time}} >= {{low}}::timestamptz AND {{time}} {sign} {{high}}::timestamptz)",
            time=subject.time,
            low=begin(low, clock),
            high=end(high, clock),
        )

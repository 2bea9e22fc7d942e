"""Whether there is a value, and whether it is true."""

from typing import Any

from django.utils.translation import gettext as _

from config.postgres.sql import Sql
from profiles.language.operators.base import (
    A_TRUTH,
    JSON,
    LOOKS,
    NONE,
    NUMBER,
    TEXT,
    TIME,
    Operator,
    operator,
)
from profiles.language.reading.reader import Reader
from profiles.language.subjects import Subject
from profiles.language.times.clock import Clock


class _Bare(Operator):
    """Without an operand."""

    widget = NONE

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """None may be there."""
        if reader.has(name):
            message = _("“%(op)s” takes no value.") % {"op": self.name}
            reader.fail(name, "not_allowed", message)

    def operand_words(self, value: Any) -> str:
        """None."""
        return ""


@operator
class IsSet(_Bare):
    """There is a value."""

    name = "is_set"
    types = (JSON, TEXT, NUMBER, TIME)
    suits = LOOKS

    def words(self) -> str:
        """In words."""
        return _("is known")

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return subject.exists


@operator
class IsNotSet(IsSet):
    """There is none."""

    name = "is_not_set"
    denies = "is_set"

    def words(self) -> str:
        """In words."""
        return _("is not known")


@operator
class IsTrue(_Bare):
    """The value true; no text that says so."""

    name = "is_true"
    suits = (A_TRUTH,)
    begins = (A_TRUTH,)

    def words(self) -> str:
        """In words."""
        return _("is true")

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return subject.is_truth(True)


@operator
class IsFalse(_Bare):
    """The value false."""

    name = "is_false"
    suits = (A_TRUTH,)

    def words(self) -> str:
        """In words."""
        return _("is false")

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return subject.is_truth(False)

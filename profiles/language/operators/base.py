"""What an operator is, and the register of all of them."""

from abc import ABC, abstractmethod
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from config.console.words import is_blank, when_words
from config.postgres.sql import Sql
from config.workspace.zones import read_when
from profiles.language.reading.reader import Reader, is_number
from profiles.language.subjects import Subject
from profiles.language.times.clock import Clock

JSON, TEXT, NUMBER, TIME = "json", "text", "number", "time"
# what asks for an operand of such an operator on a screen
NONE, ONE, WRITTEN, SEVERAL = "none", "one", "text", "several"
AMOUNT, RANGE, MOMENT, DURATION = "number", "range", "moment", "duration"
# what values look like to whoever chooses among operators, whatever their type in the database
LOOKS = (A_TEXT, A_CODE, A_NUMBER, A_TRUTH, A_MOMENT, A_LIST) = (
    "text",
    "code",
    "number",
    "truth",
    "moment",
    "list",
)


class Operator(ABC):
    """One way to compare a subject with an operand.

    `types`: which subjects can be asked; `widget`: what asks for the operand; `denies`: the
    operator whose opposite this is, which then is true of a missing value, as no other is.
    `suits`: the looks of values for which it is offered at once (of others, and without any, it is
    one press further away); `begins`: those of which it is the first choice.
    """

    name: ClassVar[str]
    types: ClassVar[tuple[str, ...]] = (JSON,)
    widget: ClassVar[str] = WRITTEN
    denies: ClassVar[str] = ""
    suits: ClassVar[tuple[str, ...]] = ()
    begins: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def words(self) -> str:
        """What stands between the value's name and the operand: "is", "contains"."""

    @abstractmethod
    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """The operand under `name`, checked for a subject of the type; no database."""

    @abstractmethod
    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test; NULL says no."""

    def holds(self, number: float, value: Any) -> bool:
        """Whether a known number compares so; of those that take numbers, by what they deny."""
        raise NotImplementedError(self.name)

    def due_at(self, now: datetime) -> datetime | None:
        """From when on time alone may change the answer of `now`; None where it never does."""
        return None

    def operand_words(self, value: Any) -> str:
        """The operand in words."""
        return shown(value)


OPERATORS: dict[str, Operator] = {}  # in the order in which they are offered
Class = TypeVar("Class", bound=type[Operator])


def operator(kind: Class) -> Class:
    """Sign an operator in."""
    OPERATORS[kind.name] = kind()
    return kind


def bound(number: float) -> Decimal:
    """A number as it is bound: beside a numeric a double would make it one, and a sum of it may be
    beyond a double; and the numbers of a list are of one type.
    """
    return Decimal(repr(number))


def shown(value: Any) -> str:
    """An operand as one would write it."""
    if isinstance(value, bool):
        return _("true") if value else _("false")
    if is_number(value):
        return str(number_format(value, use_l10n=True, force_grouping=True))
    when = read_when(value)
    if when is not None:
        return when_words(when)
    text = str(value)
    if not text:
        return _("empty")
    return f"“{text}”" if is_blank(text) else text

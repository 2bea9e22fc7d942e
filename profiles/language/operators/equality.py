"""Is, is one of: texts as they are, or in any case; contact points and codes by their form."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _

from config.postgres.sql import OR, Sql, sql
from profiles.identifiers.normalise import text_of
from profiles.language.operators.base import (
    A_CODE,
    A_NUMBER,
    A_TEXT,
    JSON,
    NUMBER,
    ONE,
    SEVERAL,
    TEXT,
    Operator,
    bound,
    operator,
    shown,
)
from profiles.language.reading.operands import read_list, read_scalar, read_texts
from profiles.language.reading.reader import Reader, is_number
from profiles.language.subjects import Subject
from profiles.language.times.clock import Clock
from profiles.language.words import joined

SHOWN = 5  # of many values in words


class _Several(Operator):
    """Any of some values."""

    widget = SEVERAL

    def operand_words(self, value: Any) -> str:
        """The first of them, and how many more."""
        words = [shown(each) for each in value[:SHOWN]]
        more = len(value) - len(words)
        if more > 0:
            words.append(_("%(n)d more") % {"n": more})
        return joined(words, _("and") if more > 0 else _("or"))


@operator
class Eq(Operator):
    """The same value; a text is no number."""

    name = "eq"
    types = (JSON, TEXT, NUMBER)
    widget = ONE
    suits = (A_TEXT, A_CODE, A_NUMBER)
    begins: ClassVar[tuple[str, ...]] = (A_TEXT, A_CODE)

    def words(self) -> str:
        """In words."""
        return _("is")

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """One value."""
        return read_scalar(reader, name, type_)

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return equals(subject, [value])

    def holds(self, number: float, value: Any) -> bool:
        """The same number."""
        return bool(number == value)


@operator
class Ne(Eq):
    """Another value, or none."""

    name = "ne"
    denies = "eq"
    begins = ()

    def words(self) -> str:
        """In words."""
        return _("is not")


@operator
class In(_Several):
    """One of these values."""

    name = "in"
    types = (JSON, TEXT, NUMBER)
    suits = (A_TEXT, A_CODE)

    def words(self) -> str:
        """In words."""
        return _("is one of")

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A list of values."""
        return read_list(reader, name, type_)

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return equals(subject, list(value))

    def holds(self, number: float, value: Any) -> bool:
        """One of these numbers."""
        return number in value


@operator
class NotIn(In):
    """None of these values, or no value."""

    name = "not_in"
    denies = "in"

    def words(self) -> str:
        """In words."""
        return _("is none of")


@operator
class EqIgnoreCase(Operator):
    """The same text in any case."""

    name = "eq_ignore_case"
    types: ClassVar[tuple[str, ...]] = (JSON, TEXT)

    def words(self) -> str:
        """In words."""
        return _("is (in any case)")

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A text."""
        return reader.text(name)

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return subject.any_case.among([value])


@operator
class NeIgnoreCase(EqIgnoreCase):
    """Another text in any case, or none."""

    name = "ne_ignore_case"
    denies = "eq_ignore_case"

    def words(self) -> str:
        """In words."""
        return _("is not (in any case)")


@operator
class InIgnoreCase(_Several):
    """One of these texts in any case."""

    name = "in_ignore_case"
    types = (JSON, TEXT)

    def words(self) -> str:
        """In words."""
        return _("is one of (in any case)")

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A list of texts."""
        return read_texts(reader, name)

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return subject.any_case.among(list(value))


@operator
class NotInIgnoreCase(InIgnoreCase):
    """None of these texts in any case, or no text."""

    name = "not_in_ignore_case"
    denies = "in_ignore_case"

    def words(self) -> str:
        """In words."""
        return _("is none of (in any case)")


def equals(subject: Subject, values: list[Any]) -> Sql:
    """Whether the subject is one of `values`, each as its own type."""
    if subject.spelling and subject.spelling.reads_numbers:
        values = [text_of(value) if is_number(value) else value for value in values]
    texts = [value for value in values if isinstance(value, str)]
    truths = [value for value in values if isinstance(value, bool)]
    numbers = [value for value in values if is_number(value)]
    tests = _equal_texts(subject, texts)
    if numbers:
        tests.append(_among(subject.number, [bound(number) for number in numbers], "numeric"))
    tests += [subject.is_truth(truth) for truth in dict.fromkeys(truths)]
    return tests[0] if len(tests) == 1 else sql("({tests})", tests=OR.joined(tests))


def _equal_texts(subject: Subject, texts: list[str]) -> list[Sql]:
    if subject.spelling:
        return [subject.spelling.among(texts)] if texts else []
    plain = texts if subject.exact_text else [each for each in texts if not _looks_typed(each)]
    typed = [] if subject.exact_text else [each for each in texts if _looks_typed(each)]
    tests = [_among(subject.text, plain, "text")] if plain else []
    if typed:
        tests.append(
            sql(
                "(jsonb_typeof({json}) = 'string' AND {same})",
                json=subject.json,
                same=_among(subject.text, typed, "text"),
            )
        )
    return tests


def _looks_typed(value: str) -> bool:
    """Whether a JSON value that is no text could read the same: 5, true, [1], {"a": 1}."""
    text = value.strip()
    return text in ("true", "false") or text[:1] in tuple("-0123456789[{")


def _among(place: Sql, values: list[Any], type_: str) -> Sql:
    if len(values) == 1:
        return sql("{place} = {value}", place=place, value=values[0])
    return sql(f"{{place}} = ANY({{values}}::{type_}[])", place=place, values=values)

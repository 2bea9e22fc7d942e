"""Parts of texts, in any case; a list contains its elements. Patterns are PostgreSQL's."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _

from config.postgres.sql import FALSE, Sql, sql
from profiles.language.operators.base import A_LIST, A_TEXT, JSON, ONE, TEXT, Operator, operator
from profiles.language.reading.operands import read_part, read_pattern
from profiles.language.reading.reader import Reader
from profiles.language.subjects import Subject
from profiles.language.times.clock import Clock


class _Part(Operator):
    """A part of a text, in the form in which the subject's texts compare."""

    types = (JSON, TEXT)

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A text."""
        return reader.text(name)

    def part(self, template: str, value: Any, subject: Subject) -> Sql:
        """`template` over {text} and {value}, both in that form."""
        return subject.any_case.test(
            lambda text, part: sql(template, text=text, value=part), str(value)
        )


@operator
class Contains(_Part):
    """A part of a text, or an element of a list."""

    name = "contains"
    widget = ONE
    suits = (A_TEXT, A_LIST)
    begins: ClassVar[tuple[str, ...]] = (A_LIST,)

    def words(self) -> str:
        """In words."""
        return _("contains")

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A text; of a list also a number or a truth."""
        return read_part(reader, name, type_)

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        inside = self.part("position({value} IN {text}) > 0", value, subject)
        if subject.exact_text:
            return inside
        if not isinstance(value, str):
            inside = FALSE
        return sql(
            "CASE WHEN jsonb_typeof({json}) = 'array'"
            " THEN {json} @> jsonb_build_array({value}{cast}) ELSE {inside} END",
            json=subject.json,
            inside=inside,
            value=value,
            cast=_cast(value),
        )


def _cast(value: Any) -> Sql:
    if isinstance(value, bool):
        return Sql("::boolean")
    return Sql("::text") if isinstance(value, str) else Sql("::numeric")


@operator
class NotContains(Contains):
    """Not a part of it, or no value."""

    name = "not_contains"
    denies = "contains"
    begins = ()

    def words(self) -> str:
        """In words."""
        return _("does not contain")


@operator
class StartsWith(_Part):
    """The beginning."""

    name = "starts_with"
    suits = (A_TEXT,)

    def words(self) -> str:
        """In words."""
        return _("begins with")

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return self.part("starts_with({text}, {value})", value, subject)


@operator
class EndsWith(_Part):
    """The end."""

    name = "ends_with"

    def words(self) -> str:
        """In words."""
        return _("ends with")

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return self.part("right({text}, length({value})) = {value}", value, subject)


@operator
class Matches(Operator):
    """A regular expression somewhere in the text, as it is."""

    name = "matches"
    types = (JSON, TEXT)

    def words(self) -> str:
        """In words."""
        return _("matches")

    def read(self, reader: Reader, name: str, type_: str) -> Any:
        """A pattern that takes linear time."""
        return read_pattern(reader, name)

    def test(self, value: Any, subject: Subject, clock: Clock) -> Sql:
        """The test."""
        return sql("{text} ~ {value}", text=subject.only_text, value=value)

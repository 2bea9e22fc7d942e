"""What a comparison looks at: a jsonb value, a text column, a time column or a number column."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.postgres.sql import FALSE, Sql, sql

NOTHING = Sql("NULL")
WAY = "."  # between the steps to a value within objects
TextTest = Callable[[Sql, Sql], Sql]


class Spelling(ABC):
    """The texts of a subject, compared by a form of theirs."""

    reads_numbers = False  # whether a JSON number is one of its texts

    @abstractmethod
    def among(self, values: Sequence[str]) -> Sql:
        """Whether the text means one of `values`; NULL where there is none."""

    @abstractmethod
    def test(self, ask: TextTest, value: str) -> Sql:
        """`ask(text, value)` of both in their form: begins with, contains and so on."""


@dataclass(frozen=True)
class AnyCase(Spelling):
    """Letter case says nothing."""

    text: Sql

    def fold(self, text: Sql) -> Sql:
        """The form of a text, in SQL: for both sides, so that they are folded alike."""
        return sql("lower({text})", text=text)

    def among(self, values: Sequence[str]) -> Sql:
        """One is compared directly, several by a hash of their forms."""
        mine = self.fold(self.text)
        if len(values) == 1:
            return sql("{mine} = {value}", mine=mine, value=self.fold(bound_text(values[0])))
        return sql(
            "{mine} IN (SELECT {form} FROM unnest({values}::text[]) AS v)",
            mine=mine,
            form=self.fold(Sql("v")),
            values=list(values),
        )

    def test(self, ask: TextTest, value: str) -> Sql:
        """Both folded."""
        return ask(self.fold(self.text), self.fold(bound_text(value)))


def bound_text(value: str) -> Sql:
    """A value as a text, where the database could not tell."""
    return sql("{value}::text", value=value)


@dataclass(frozen=True)
class Subject:
    """The same value as text, number, time and jsonb; each NULL where the value is not that.

    The type is checked before it is read, since jsonb orders across types and a cast of a text
    that is no number would end the query. `exact_text`: `text` holds a text and nothing else.
    `spelling`: how its texts compare, where not as they are.
    """

    text: Sql = NOTHING
    number: Sql = NOTHING
    time: Sql = NOTHING
    json: Sql = NOTHING
    exists: Sql = FALSE
    exact_text: bool = True
    spelling: Spelling | None = None

    @property
    def is_column(self) -> bool:
        """Whether it is a column of its own, with statistics."""
        return self.json == NOTHING

    @property
    def only_text(self) -> Sql:
        """`text`, NULL where the value is none."""
        if self.exact_text:
            return self.text
        return sql(
            "CASE WHEN jsonb_typeof({json}) = 'string' THEN {text} END",
            json=self.json,
            text=self.text,
        )

    def day_in(self, zone: Sql) -> Sql:
        """The day in `zone`; of a text that says a day and no hour, that day."""
        if self.is_column:
            return sql("({time} AT TIME ZONE {zone})::date", time=self.time, zone=zone)
        return sql("rapport_day({text}, {zone})", text=self.only_text, zone=zone)

    def is_truth(self, truth: bool) -> Sql:
        """Whether the value is this truth, and no text that says so."""
        return sql(f"{{json}} = '{'true' if truth else 'false'}'::jsonb", json=self.json)

    @property
    def any_case(self) -> Spelling:
        """How its texts compare where case says nothing."""
        return self.spelling or AnyCase(self.only_text)


def json_subject(column: str, name: str, zone: str | Sql, *, is_number: bool = False) -> Subject:
    """The value under `name` of a jsonb column; a day begins when it does in `zone`.

    A name with dots is a name, else the way to a value in objects: "address.city". `is_number`: a
    text that says a number is one, too.
    """
    place, text = _place(column, name, "->"), _place(column, name, "->>")
    return _of_json(place, text, zone, is_number=is_number)


def json_value(place: Sql, zone: str | Sql) -> Subject:
    """A jsonb value by itself."""
    return _of_json(place, sql("({place} #>> '{{}}')", place=place), zone, is_number=False)


def _of_json(place: Sql, text: Sql, zone: str | Sql, *, is_number: bool) -> Subject:
    return Subject(
        text=text,
        number=_number(place, text, is_number=is_number),
        time=sql(
            "CASE WHEN jsonb_typeof({it}) = 'string' THEN rapport_time({text}, {zone}) END",
            it=place,
            text=text,
            zone=zone,
        ),
        json=place,
        exists=sql("({text}) IS NOT NULL", text=text),
        exact_text=False,
    )


def _number(place: Sql, text: Sql, *, is_number: bool) -> Sql:
    if not is_number:
        return sql("CASE WHEN jsonb_typeof({it}) = 'number' THEN {it}::numeric END", it=place)
    return sql(
        "CASE jsonb_typeof({it}) WHEN 'number' THEN {it}::numeric"
        " WHEN 'string' THEN rapport_number({text}) END",
        it=place,
        text=text,
    )


def _place(column: str, name: str, arrow: str) -> Sql:
    own = sql(f"({column}{arrow}{{name}})", name=name)
    if WAY not in name:
        return own
    deep = arrow.replace("-", "#")
    way = sql(f"({column}{deep}{{way}}::text[])", way=name.split(WAY))
    return sql("coalesce({own}, {way})", own=own, way=way)


def value_at(values: Mapping[str, Any], name: str) -> Any:
    """The same in Python: the value under `name`, or at the end of its way; None without one."""
    if name in values or WAY not in name:
        return values.get(name)
    found: Any = values
    for step in name.split(WAY):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def text_subject(column: str) -> Subject:
    """A text column, in which "" says unknown."""
    return Subject(text=Sql(f"nullif({column}, '')"), exists=Sql(f"{column} <> ''"))


def time_subject(column: str) -> Subject:
    """A timestamptz column."""
    return Subject(time=Sql(column), exists=Sql(f"{column} IS NOT NULL"))


def number_subject(column: str, factor: int = 1) -> Subject:
    """A double precision column, times `factor` (1 or -1)."""
    number = Sql(column if factor == 1 else f"({column} * {factor})")
    return Subject(number=number, exists=Sql(f"{column} IS NOT NULL"))

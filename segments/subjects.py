"""What a comparison looks at: a jsonb value, a text column, a time column or a number column."""

from dataclasses import dataclass

from segments.sql import FALSE, Sql, sql

NOTHING = Sql("NULL")


@dataclass(frozen=True)
class Subject:
    """The same value as text, number, time and jsonb; each NULL where the value is not that.

    The type is checked before it is read, since jsonb orders across types and a cast of a text
    that is no number would end the query. `exact_text`: `text` holds a text and nothing else.
    """

    text: Sql = NOTHING
    number: Sql = NOTHING
    time: Sql = NOTHING
    json: Sql = NOTHING
    exists: Sql = FALSE
    exact_text: bool = True

    @property
    def is_column(self) -> bool:
        """Whether it is a column of its own, with statistics."""
        return self.json == NOTHING


def json_subject(column: str, name: str) -> Subject:
    """The value under `name` of a jsonb column."""
    place = sql(f"({column}->{{name}})", name=name)
    text = sql(f"{column}->>{{name}}", name=name)
    return Subject(
        text=text,
        number=sql("CASE WHEN jsonb_typeof({it}) = 'number' THEN {it}::numeric END", it=place),
        time=sql(
            "CASE WHEN jsonb_typeof({it}) = 'string' THEN rapport_time({text}) END",
            it=place,
            text=text,
        ),
        json=place,
        exists=sql("({text}) IS NOT NULL", text=text),
        exact_text=False,
    )


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

"""SQL composed of pieces with their bound values: the one composer.

`sql("SELECT ... WHERE {test}", test=...)` takes the text of a piece and binds any other value, so
that a statement is put together by meaning and no text is cut or searched. A literal `%` is `%%`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from string import Formatter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL


@dataclass(frozen=True)
class Sql:
    """Text with `%s` placeholders, and their values."""

    text: str
    params: tuple[Any, ...] = ()

    def joined(self, parts: Iterable["Sql"]) -> "Sql":
        """`parts` with this text between them."""
        parts = list(parts)
        return Sql(
            self.text.join(part.text for part in parts),
            tuple(value for part in parts for value in part.params),
        )

    def on(self, cursor: CursorWrapper) -> None:
        """Ask it on this cursor."""
        cursor.execute(self.text, self.params)

    def raw(self) -> RawSQL:
        """For a query set: `filter(id__in=...)`."""
        return RawSQL(self.text, self.params)  # noqa: S611 - values are bound


def sql(template: str, /, **parts: Any) -> Sql:
    """`template` with each {name} replaced: a piece of SQL by its text, any other value bound."""
    text: list[str] = []
    params: list[Any] = []
    for literal, name, _, _ in Formatter().parse(template):
        text.append(literal)
        if name is None:
            continue
        part = parts[name]
        if not isinstance(part, Sql):
            part = Sql("%s", (part,))
        text.append(part.text)
        params += part.params
    return Sql("".join(text), tuple(params))


# UNION, not UNION ALL: only so does the planner know how many different people come out of it
AND, OR, UNION, COMMA = Sql(" AND "), Sql(" OR "), Sql(" UNION "), Sql(", ")
UNION_ALL = Sql(" UNION ALL ")
EMPTY, TRUE, FALSE = Sql(""), Sql("TRUE"), Sql("FALSE")


def every(tests: Iterable[Sql]) -> Sql:
    """All `tests` hold; TRUE without any."""
    tests = list(tests)
    return AND.joined(tests) if tests else TRUE


def ids_in(rows: QuerySet[Any], column: str = "id") -> Sql:
    """A column of ids of a query set, in no order, as a piece.

    Django has no text for what it knows to be empty (`none()`, a search that found nobody) and
    raises; here that is a query which finds nothing.
    """
    try:
        text, params = rows.order_by().values(column).query.sql_with_params()
    except EmptyResultSet:
        return Sql(f'SELECT NULL::bigint AS "{column}" WHERE FALSE')
    return Sql(text, tuple(params))


def run(query: Sql) -> list[tuple[Any, ...]]:
    """All rows of `query`."""
    with connection.cursor() as cursor:
        query.on(cursor)
        return list(cursor.fetchall())


def streamed(query: Sql, at_a_time: int) -> Iterator[tuple[Any, ...]]:
    """All rows of `query`, so many of which are held at a time. Inside a transaction."""
    connection.ensure_connection()
    with connection.connection.cursor(f"streamed_{id(query)}") as cursor:
        cursor.itersize = at_a_time
        yield from cursor.execute(query.text, query.params)


def one(query: Sql) -> tuple[Any, ...]:
    """The one row of `query`."""
    return run(query)[0]


def ids_of(rows: Iterable[tuple[Any, ...]]) -> list[int]:
    """The first column."""
    return [row[0] for row in rows]

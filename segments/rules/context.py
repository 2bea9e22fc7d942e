"""What a rule is compiled in: a question, and the segments that its statement uses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db import connection

from config.postgres.sql import COMMA, Sql, sql
from profiles.language.question import Question
from segments.models import Segment


@dataclass
class UsedSegments:
    """The segments that a statement uses: each read once, compiled once, evaluated once.

    `tables`: their queries by the name under which the statement asks them, before all that use
    them. `way`: those that are being compiled, outermost first.
    """

    tables: dict[str, Sql] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # slug -> name of the table
    way: list[str] = field(default_factory=list)
    conditions: int = 0
    _rows: dict[str, Segment | None] = field(default_factory=dict)

    def read(self, slugs: Iterable[str]) -> None:
        """Read those that are not known yet; one query."""
        lacking = sorted(set(slugs) - self._rows.keys())
        if lacking:
            found = {row.slug: row for row in Segment.objects.filter(slug__in=lacking)}
            self._rows |= {slug: found.get(slug) for slug in lacking}

    def get(self, slug: str) -> Segment | None:
        """The segment as it was when first asked for."""
        self.read([slug])
        return self._rows[slug]

    def keep(self, slug: str, query: Sql) -> None:
        """Remember the query that a segment was compiled to."""
        name = f"used_{len(self.tables)}"
        self.tables[name], self.names[slug] = query, name


@dataclass
class CompileContext(Question):
    """`is_now`: whether the question is about the present, so that stored membership and current
    permission may answer it; otherwise they are asked for as they were.
    """

    is_now: bool = True
    used: UsedSegments = field(default_factory=UsedSegments)

    def beside(self, profile_ids: Sequence[int]) -> "CompileContext":
        """For another rule at the same moment: what was read for one is not read again."""
        used = UsedSegments(_rows=self.used._rows)
        return replace(self, profile_ids=profile_ids, names_read=set(), used=used)

    def statement(self, query: Sql, *tables: Sql) -> Sql:
        """`query` with the tables that it uses before it: those of other segments, and `tables`.

        The planner inlines what is used once, and evaluates once what is used more often.
        """
        used = [
            sql("{name} AS ({inner})", name=Sql(name), inner=inner)
            for name, inner in self.used.tables.items()
        ]
        if not used and not tables:
            return query
        return sql("WITH {tables} {query}", tables=COMMA.joined([*used, *tables]), query=query)

    def tune(self) -> None:
        """Settings for segment work, until the transaction ends."""
        with connection.cursor() as cursor:
            # parallel_tuple_cost: what the workers hand over here is 8 bytes each
            cursor.execute(
                "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; "
                "SET LOCAL parallel_tuple_cost = 0.01"
            )

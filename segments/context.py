"""What a rule is compiled in: a moment, perhaps a few profiles, and facts read once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from config.postgres.sql import COMMA, Sql, run, sql
from config.workspace.zones import UTC, database_zones, workspace_zone
from profiles.models import AliasPending, EventDefinition
from segments.models import Segment


def rule_zone() -> ZoneInfo:
    """The workspace's zone, in which rules have their days; UTC where the database knows it not."""
    zone = workspace_zone()
    return zone if zone.key in database_zones() else UTC


@dataclass(frozen=True)
class Clock:
    """The moment that a comparison asks about, and whose days it means.

    `home_zone`: the workspace's, whose day a date without a time is; `own`: the zone, in SQL, of
    whom the value is, for anniversaries.
    """

    as_of: datetime
    home_zone: ZoneInfo
    own: Sql

    @property
    def home(self) -> Sql:
        """The workspace's zone in SQL."""
        return sql("{zone}", zone=self.home_zone.key)

    @property
    def today(self) -> Sql:
        """The day that it is for whom the value is of."""
        return sql(
            "({as_of}::timestamptz AT TIME ZONE {zone})::date", as_of=self.as_of, zone=self.own
        )


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
class CompileContext:
    """`as_of`: the moment of the question; `profile_ids`: narrow to these, where not None.

    `zone`: whose days a rule means, the workspace's.
    `is_now`: whether the question is about the present, so that stored membership and current
    permission may answer it; otherwise they are asked for as they were. `entered`: a query for
    (profile_id, entered_at), where a campaign asks.
    """

    as_of: datetime
    profile_ids: Sequence[int] | None = None
    is_now: bool = True
    entered: Sql | None = None
    zone: ZoneInfo = field(default_factory=rule_zone)
    names_read: set[tuple[str, str]] = field(default_factory=set)
    _definitions: dict[str, EventDefinition | None] = field(default_factory=dict)
    _rows: dict[tuple[str, str], list[tuple[Any, ...]]] = field(default_factory=dict)
    used: UsedSegments = field(default_factory=UsedSegments)

    def definition(self, event: str) -> EventDefinition | None:
        """What is known of an event's name; one query a name."""
        if event not in self._definitions:
            self._definitions[event] = EventDefinition.objects.filter(name=event).first()
        return self._definitions[event]

    def read(self, place: str, name: str) -> None:
        """Note that the query reads what is called so of a person."""
        self.names_read.add((place, name))

    def remembered(self, query: Sql) -> list[tuple[Any, ...]]:
        """All rows of `query`, which is asked once."""
        key = (query.text, repr(query.params))
        if key not in self._rows:
            self._rows[key] = run(query)
        return self._rows[key]

    @cached_property
    def has_aliases(self) -> bool:
        """Whether some events still stand under absorbed profiles."""
        return AliasPending.objects.exists()

    @cached_property
    def event_profile_ids(self) -> list[int]:
        """Under which ids the events of `profile_ids` stand."""
        ids = list(self.profile_ids or ())
        if self.has_aliases:
            pending = AliasPending.objects.filter(survivor_id__in=ids)
            ids += pending.values_list("profile_id", flat=True)
        return ids

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

    @property
    def moment(self) -> Sql:
        """`as_of` as SQL."""
        return sql("{as_of}::timestamptz", as_of=self.as_of)

    def clock(self, zone: Sql | None = None) -> Clock:
        """For comparing; `zone`: of whom the value is, where that is known."""
        return Clock(self.as_of, self.zone, zone or sql("{zone}", zone=self.zone.key))

    def narrowing(self, column: Sql) -> list[Sql]:
        """The test that narrows `column` to `profile_ids`; none where all are asked for."""
        if self.profile_ids is None:
            return []
        return [sql("{column} = ANY({ids}::bigint[])", column=column, ids=list(self.profile_ids))]

    def tune(self) -> None:
        """Settings for segment work, until the transaction ends (design.md section 6)."""
        with connection.cursor() as cursor:
            # parallel_tuple_cost: what the workers hand over here is 8 bytes each
            cursor.execute(
                "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; "
                "SET LOCAL parallel_tuple_cost = 0.01"
            )

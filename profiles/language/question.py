"""What a test is compiled in: a moment, perhaps a few profiles, and facts read once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from config.postgres.sql import Sql, ids_of, run, sql
from profiles.language.times.clock import Clock, rule_zone
from profiles.models import EventDefinition


@dataclass
class Question:
    """`as_of`: the moment of the question; `profile_ids`: narrow to these, where not None.

    `zone`: whose days are meant, the workspace's. `entered`: a query for (profile_id, entered_at),
    where a campaign asks.
    """

    as_of: datetime
    profile_ids: Sequence[int] | None = None
    entered: Sql | None = None
    zone: ZoneInfo = field(default_factory=rule_zone)
    names_read: set[tuple[str, str]] = field(default_factory=set)
    _definitions: dict[str, EventDefinition | None] = field(default_factory=dict)
    _rows: dict[tuple[str, str], list[tuple[Any, ...]]] = field(default_factory=dict)

    def read_definitions(self, events: Iterable[str]) -> None:
        """Read what is known of events by their names; one query."""
        lacking = sorted(set(events) - self._definitions.keys())
        if lacking:
            found = {row.name: row for row in EventDefinition.objects.filter(name__in=lacking)}
            self._definitions |= {name: found.get(name) for name in lacking}

    def definition(self, event: str) -> EventDefinition | None:
        """What is known of an event's name; one query where it was not read before."""
        self.read_definitions([event])
        return self._definitions[event]

    @property
    def number_traits(self) -> set[str]:
        """Traits that are numbers also where they come as texts; one query."""
        rows = self.remembered(Sql("SELECT name FROM trait_name WHERE is_number"))
        return {str(row[0]) for row in rows}

    def read(self, place: str, name: str) -> None:
        """Note that the query reads what is called so of a person."""
        self.names_read.add((place, name))

    def remembered(self, query: Sql) -> list[tuple[Any, ...]]:
        """All rows of `query`, which is asked once."""
        key = (query.text, repr(query.params))
        if key not in self._rows:
            self._rows[key] = run(query)
        return self._rows[key]

    @property
    def has_aliases(self) -> bool:
        """Whether some events still stand under absorbed profiles."""
        return bool(self.remembered(Sql("SELECT 1 FROM alias_pending LIMIT 1")))

    @cached_property
    def event_profile_ids(self) -> list[int]:
        """Under which ids the events of `profile_ids` stand."""
        ids = list(self.profile_ids or ())
        if self.has_aliases:
            pending = (
                "SELECT profile_id FROM alias_pending WHERE survivor_id = ANY({ids}::bigint[])"
            )
            ids += ids_of(self.remembered(sql(pending, ids=ids)))
        return ids

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

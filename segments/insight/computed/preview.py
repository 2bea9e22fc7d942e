"""What a computed trait would be, before it is saved: of how many people, and what is usual."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from config.postgres.sql import Sql, one, run, sql
from config.postgres.wire import loads
from config.workspace.tables.statistics import joining_by_hash
from profiles.language.operators import NUMBER
from profiles.models import Profile
from segments.builder.preview import EVERYBODY, SAMPLE, SECONDS, context_at
from segments.members.values import whom
from segments.rules.compiler import working
from segments.rules.computed import ComputedDefinition

MOST_VALUES: Final = 8
_FOUND: Final = """
WITH found AS MATERIALIZED (
    SELECT q.profile_id, q.v FROM ({values}) q WHERE q.v IS NOT NULL AND q.profile_id IN ({whom}))
"""
_NUMBERS: Final = """
{found} SELECT count(*), (SELECT array_agg(profile_id) FROM (SELECT profile_id FROM found
    ORDER BY mod(profile_id, 9973), profile_id LIMIT {some}) s), {spread} FROM found
"""
_SPREAD: Final = "min(v), percentile_disc(0.5) WITHIN GROUP (ORDER BY v), avg(v), max(v)"
_OFTEN: Final = """
{found} SELECT to_jsonb(v), count(*) FROM found GROUP BY v ORDER BY 2 DESC, 1 LIMIT {most}
"""
_OF_THOSE: Final = """
{found} SELECT profile_id, to_jsonb(v) FROM found WHERE profile_id = ANY({ids}::bigint[])
"""


@dataclass(frozen=True)
class TraitPreview:
    """`numbers`: lowest, median, average, highest, where it is one; `often`: the commonest values.

    `sample`: some people with what it is of them.
    """

    people: int
    total: int
    numbers: tuple[float, float, float, float] | None
    often: Sequence[tuple[Any, int]]
    sample: Sequence[tuple[Profile, Any]]
    took_ms: float

    @property
    def share(self) -> float:
        """Of everybody, from 0 to 1."""
        return self.people / self.total if self.total else 0.0


def preview(definition: ComputedDefinition) -> TraitPreview:
    """Worked out of everybody now; nothing is stored. Three statements over the events."""
    context = context_at(None)
    started = time.perf_counter()
    is_number = definition.aggregate.type_ == NUMBER
    with working(context, seconds=SECONDS), joining_by_hash():
        values, who = definition.values(context), whom(definition.touches(), context)
        found = sql(_FOUND, values=values, whom=who)
        spread = Sql(_SPREAD if is_number else "NULL, NULL, NULL, NULL")
        n, ids, *numbers = one(sql(_NUMBERS, found=found, spread=spread, some=SAMPLE))
        took = (time.perf_counter() - started) * 1000
        often = run(sql(_OFTEN, found=found, most=MOST_VALUES))
        narrowed = context.beside(list(ids or ()))
        few = sql(
            _FOUND, values=definition.values(narrowed), whom=whom(definition.touches(), narrowed)
        )
        of_those = run(sql(_OF_THOSE, found=few, ids=list(ids or ())))
        (total,) = one(EVERYBODY)
    people = Profile.objects.in_bulk(list(ids or ()))
    return TraitPreview(
        int(n),
        int(total),
        _finite(numbers) if is_number and n else None,
        [(loads(value), int(times)) for value, times in often],
        [(people[pk], loads(value)) for pk, value in sorted(of_those) if pk in people],
        round(took, 1),
    )


def _finite(numbers: Sequence[Any]) -> tuple[float, float, float, float]:
    """As doubles, the largest there is where one is beyond them."""
    lowest, median, average, highest = (
        max(-sys.float_info.max, min(sys.float_info.max, float(number))) for number in numbers
    )
    return lowest, median, average, highest

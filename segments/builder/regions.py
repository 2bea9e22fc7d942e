"""Which people some segments share: one count for each way of being in some and not in others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from config.postgres.sql import run, sql
from config.workspace.tables.statistics import joining_by_hash
from segments.builder.preview import SECONDS, context_at
from segments.models import Segment
from segments.rules.compiler import working

MOST = 4
_REGIONS = """
SELECT of, count(*) FROM (
    SELECT m.profile_id, sum(1 << s.place) AS of
    FROM unnest({ids}::bigint[], {places}::int[]) AS s(id, place)
    JOIN membership m ON m.segment_id = s.id AND m.left_at IS NULL
    GROUP BY m.profile_id) each GROUP BY of
"""


@dataclass(frozen=True)
class Region:
    """Those who are in all of `inside` and in none of `outside`."""

    inside: tuple[Segment, ...]
    outside: tuple[Segment, ...]
    count: int

    @property
    def rule(self) -> dict[str, Any]:
        """Whom it holds, as a rule."""
        conditions: list[dict[str, Any]] = [_in(segment) for segment in self.inside]
        if self.outside:
            conditions.append({"match": "none", "conditions": [_in(one) for one in self.outside]})
        return {"match": "all", "conditions": conditions}


def _in(segment: Segment) -> dict[str, Any]:
    return {"kind": "segment", "slug": segment.slug}


def regions(segments: Sequence[Segment]) -> list[Region]:
    """Every way of being in at least one of these, the largest first, those without anybody too.

    By the members as they are stored; one query.
    """
    segments = segments[:MOST]
    with working(context_at(None), seconds=SECONDS), joining_by_hash():
        query = sql(
            _REGIONS,
            ids=[segment.pk for segment in segments],
            places=list(range(len(segments))),
        )
        counts = {int(of): int(n) for of, n in run(query)}
    found = []
    for of in range(1, 1 << len(segments)):
        inside = tuple(one for n, one in enumerate(segments) if of >> n & 1)
        outside = tuple(one for one in segments if one not in inside)
        found.append(Region(inside, outside, counts.get(of, 0)))
    return sorted(found, key=lambda one: (-one.count, len(one.inside)))

"""What a merge does to memberships and to computed values.

Lists go over to the survivor; an undo gives them back.

Dynamic memberships go over as well, so that nobody leaves and enters again; the change that every
merge announces then evaluates both people anew.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from profiles.merging.mergers import MERGERS, Parting
from profiles.merging.moving import Pair
from profiles.people.lineage import ever_ids
from segments.members.stored import change_counts
from segments.models import ComputedValue, Membership

TAKE = """
DELETE FROM membership WHERE profile_id = ANY(%s)
RETURNING profile_id, segment_id, entered_at, left_at, identifier_id,
          coalesce(source_profile_id, profile_id)
"""
GIVE = """
INSERT INTO membership (profile_id, segment_id, entered_at, left_at, identifier_id,
                        source_profile_id)
SELECT g.profile_id, g.segment_id, g.entered_at, g.left_at, g.identifier_id,
       nullif(g.source_profile_id, g.profile_id)
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[],
            %s::bigint[])
     AS g(profile_id, segment_id, entered_at, left_at, identifier_id, source_profile_id)
WHERE EXISTS (SELECT 1 FROM segment s WHERE s.id = g.segment_id)
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
RETURNING profile_id, segment_id, entered_at, left_at IS NULL
"""
# What came to the owner from this person, and lists that named the owner by what is theirs now;
# `gave` is what merges before this was written down had moved.
TAKE_BACK = """
DELETE FROM membership m WHERE m.profile_id = %(owner)s AND (
    m.source_profile_id = ANY(%(former)s)
    OR m.identifier_id = ANY(%(identifiers)s)
    OR m.source_profile_id IS NULL AND EXISTS (
        SELECT 1 FROM unnest(%(segments)s::bigint[], %(times)s::timestamptz[]) AS g(segment_id, at)
        WHERE m.segment_id = g.segment_id AND m.entered_at = g.at))
RETURNING m.segment_id, m.entered_at, m.left_at, m.identifier_id,
          CASE WHEN m.source_profile_id = ANY(%(former)s) THEN m.source_profile_id
          ELSE %(person)s END
"""


class MembershipMerger:
    """Signs in at `MERGERS`."""

    tables = (Membership,)

    def merge(self, cursor: Any, pairs: Sequence[Pair]) -> Mapping[int, Any]:
        """Move the rows; where the survivor is in already, the absorbed person's open row goes.

        Each row keeps whose it was. The snapshot holds what the absorbed person had, for what went.
        """
        survivor_of = {pair.absorbed: pair.survivor for pair in pairs}
        cursor.execute(TAKE, [sorted(survivor_of)])
        taken = cursor.fetchall()
        if not taken:
            return {}
        given = _give(cursor, [(survivor_of[row[0]], *row[1:]) for row in taken])
        moves = Counter(segment for _profile, segment, _at, is_open in given if is_open)
        moves.subtract(row[1] for row in taken if row[3] is None)
        change_counts(moves)
        snapshot: dict[int, dict[str, Any]] = defaultdict(lambda: {"had": []})
        for absorbed, segment, at, left, identifier, source in sorted(taken, key=_by_key):
            own = [segment, at.isoformat(), left.isoformat() if left else None, identifier, source]
            snapshot[absorbed]["had"].append(own)
        return snapshot

    def part(self, cursor: Any, parting: Parting, snapshot: Any) -> None:
        """What came from this person goes back as it stands; what went, as it was.

        A list that named the owner since by what is this person's now, has meant this person.
        """
        former = ever_ids(parting.person)
        kept = snapshot or {}
        gave = kept.get("gave", ())
        given = {
            "owner": parting.owner,
            "person": parting.person,
            "former": former,
            "identifiers": sorted(parting.identifiers),
            "segments": [row[0] for row in gave],
            "times": [row[1] for row in gave],
        }
        cursor.execute(TAKE_BACK, given)
        back = cursor.fetchall()
        moves = Counter({segment: 0 for segment, *_rest in back})
        moves.subtract(row[0] for row in back if row[2] is None)
        known = {row[:2] for row in back}
        named = parting.identifiers
        lost = [
            (*row[:4], row[4] if row[4] in former else parting.person)
            for row in _had(kept, parting.person)
            if (row[3] in named if row[3] else row[4] in former)
        ]
        lost = [row for row in lost if row[:2] not in known]
        rows = [*back, *lost]
        if rows:
            handed = _give(cursor, [(parting.person, *row) for row in rows])
            moves.update(segment for _profile, segment, _at, is_open in handed if is_open)
        change_counts(moves)


def _by_key(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(row[:3])


def _had(snapshot: Mapping[str, Any], person: int) -> list[tuple[Any, ...]]:
    """(segment, entered, left, identifier, whose) of the snapshot, also of one of long ago."""
    found = []
    for segment, entered, left, *rest in snapshot.get("had", ()):
        identifier, source = rest or (None, person)
        times = [datetime.fromisoformat(at) if at else None for at in (entered, left)]
        found.append((segment, *times, identifier, source))
    return found


def _give(cursor: Any, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    cursor.execute(GIVE, [list(column) for column in zip(*rows, strict=True)])
    return list(cursor.fetchall())


DROP_VALUES = """
WITH gone AS (DELETE FROM computed_value WHERE profile_id = ANY(%s) RETURNING trait_id),
fewer AS (SELECT trait_id, count(*) AS n FROM gone GROUP BY 1)
UPDATE computed_trait t SET people = greatest(t.people - f.n, 0)
FROM fewer f WHERE t.id = f.trait_id
"""


class ValuesMerger:
    """What was computed of who is absorbed goes; the change that every merge and every parting
    announces then has it worked out anew of both.
    """

    tables = (ComputedValue,)

    def merge(self, cursor: Any, pairs: Sequence[Pair]) -> Mapping[int, Any]:
        """Nothing is kept: it is derived."""
        cursor.execute(DROP_VALUES, [sorted(pair.absorbed for pair in pairs)])
        return {}

    def part(self, cursor: Any, parting: Parting, snapshot: Any) -> None:
        """Nothing is given back."""


MERGERS.register("memberships", order=30)(MembershipMerger())
MERGERS.register("computed values", order=31)(ValuesMerger())

"""What a merge does to memberships: lists go over to the survivor; an undo gives them back.

Dynamic memberships go over as well, so that nobody leaves and enters again; the change that every
merge announces then evaluates both people anew.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from profiles.identity.mergers import MERGERS
from profiles.identity.moving import Pair
from profiles.models import Merge
from segments.membership import change_counts

TAKE = """
DELETE FROM membership WHERE profile_id = ANY(%s)
RETURNING profile_id, segment_id, entered_at, left_at
"""
GIVE = """
INSERT INTO membership (profile_id, segment_id, entered_at, left_at)
SELECT g.profile_id, g.segment_id, g.entered_at, g.left_at
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])
     AS g(profile_id, segment_id, entered_at, left_at)
WHERE EXISTS (SELECT 1 FROM segment s WHERE s.id = g.segment_id)
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
RETURNING profile_id, segment_id, entered_at, left_at IS NULL
"""
TAKE_BACK = """
DELETE FROM membership m
USING unnest(%s::bigint[], %s::timestamptz[]) AS g(segment_id, entered_at)
WHERE m.profile_id = %s AND m.segment_id = g.segment_id AND m.entered_at = g.entered_at
RETURNING m.segment_id, m.left_at IS NULL
"""


class MembershipMerger:
    """Signs in at `MERGERS`."""

    def merge(self, cursor: Any, pairs: Sequence[Pair]) -> Mapping[int, Any]:
        """Move the rows; where the survivor is in already, the absorbed person's open row goes.

        The snapshot holds what the absorbed person had, and which of it the survivor got by this.
        """
        survivor_of = {pair.absorbed: pair.survivor for pair in pairs}
        cursor.execute(TAKE, [sorted(survivor_of)])
        taken = cursor.fetchall()
        if not taken:
            return {}
        given = _give(cursor, [(survivor_of[row[0]], *row[1:]) for row in taken])
        new = {(profile, segment, at) for profile, segment, at, _open in given}
        moves = Counter(segment for _profile, segment, _at, is_open in given if is_open)
        moves.subtract(segment for _profile, segment, _at, left in taken if left is None)
        change_counts(moves)
        snapshot: dict[int, dict[str, Any]] = defaultdict(lambda: {"had": [], "gave": []})
        for absorbed, segment, at, left in sorted(taken, key=lambda row: row[:3]):
            own = snapshot[absorbed]
            own["had"].append([segment, at.isoformat(), left.isoformat() if left else None])
            if (survivor_of[absorbed], segment, at) in new:
                new.discard((survivor_of[absorbed], segment, at))
                own["gave"].append([segment, at.isoformat()])
        return snapshot

    def undo(self, cursor: Any, merge: Merge, snapshot: Any) -> None:
        """Take from the survivor what came by the merge, give the absorbed person back theirs."""
        gave, had = snapshot["gave"], snapshot["had"]
        lists = [[row[0] for row in gave], [row[1] for row in gave]]
        cursor.execute(TAKE_BACK, [*lists, merge.survivor_id])
        moves = Counter({segment: 0 for segment, *_rest in had})
        moves.subtract(segment for segment, is_open in cursor.fetchall() if is_open)
        given = _give(cursor, [(merge.absorbed_id, *row) for row in had])
        moves.update(segment for _profile, segment, _at, is_open in given if is_open)
        change_counts(moves)


def _give(cursor: Any, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    cursor.execute(GIVE, [list(column) for column in zip(*rows, strict=True)])
    return list(cursor.fetchall())


MERGERS.register("memberships", order=30)(MembershipMerger())

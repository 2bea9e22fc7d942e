"""Which identifiers were named together: every pair that a call names, whoever has the two.

A call leads to one person by its best identifier; what else it says of who belongs together would
be lost. A pair is written when it is new, and its last sight at most once a day, so that calls of
somebody known cost an index look-up. The identifiers are locked by their batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from config.postgres import wire
from profiles.calls.messages import Incoming
from profiles.identity.resolve import Key

MOST = 10  # identifiers of one call that are paired with each other
WRITE = """
    INSERT INTO identifier_link AS l (one_id, other_id, is_proven, source_id, first_seen, last_seen)
    SELECT g.* FROM unnest(%s::bigint[], %s::bigint[], %s::boolean[], %s::bigint[],
                           %s::timestamptz[], %s::timestamptz[])
                    AS g(one_id, other_id, is_proven, source_id, first_seen, last_seen)
    WHERE NOT EXISTS (
        SELECT 1 FROM identifier_link k WHERE k.one_id = g.one_id AND k.other_id = g.other_id
          AND k.last_seen > g.last_seen - interval '1 day' AND (k.is_proven OR NOT g.is_proven))
    ON CONFLICT (one_id, other_id) DO UPDATE SET is_proven = l.is_proven OR EXCLUDED.is_proven,
        first_seen = least(l.first_seen, EXCLUDED.first_seen),
        last_seen = greatest(l.last_seen, EXCLUDED.last_seen)
"""


@dataclass
class Sight:
    """What a batch says of a pair."""

    is_proven: bool
    source_id: int
    first_at: datetime
    last_at: datetime


def remember(cursor: Any, messages: Sequence[Incoming], ids: Mapping[Key, int]) -> None:
    """Write down the pairs of these messages. At most one statement."""
    pairs: dict[tuple[int, int], Sight] = {}
    for message in messages:
        if len(message.keys) > 1:
            named = sorted({ids[key] for key in message.keys[:MOST] if key in ids})
            for pair in combinations(named, 2):
                _note(pairs, pair, message)
    if pairs:
        ordered = sorted(pairs)
        seen = [pairs[pair] for pair in ordered]
        given = [
            wire.numbers(one for one, _other in ordered),
            wire.numbers(other for _one, other in ordered),
            [one.is_proven for one in seen],
            wire.numbers(one.source_id for one in seen),
            wire.times(one.first_at for one in seen),
            wire.times(one.last_at for one in seen),
        ]
        cursor.execute(WRITE, given)


def _note(pairs: dict[tuple[int, int], Sight], pair: tuple[int, int], message: Incoming) -> None:
    at, source = message.occurred_at, message.source
    found = pairs.get(pair)
    if found is None:
        pairs[pair] = Sight(source.is_verified, source.id, at, at)
        return
    found.is_proven = found.is_proven or source.is_verified
    found.first_at, found.last_at = min(found.first_at, at), max(found.last_at, at)

"""The current state derived from the ledger, in SQL: `folding.standing` over any number of people.

A wider refusal (the person for an address, the purpose for a topic) is derived first and handed
down, so that the row that fits a question best always says the truth.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from consent.folding import BLOCKING, OWN_ACTS, UNDONE

# (profile, purpose, channel): everything inside one of these is derived again together
Scope = tuple[int, int, str]

_DERIVE = """
WITH keys AS MATERIALIZED (
    SELECT s.id, s.profile_id, s.purpose_id, s.channel, s.contact_point, s.topic_key
    FROM consent_state s
    JOIN unnest(%(profiles)s::bigint[], %(purposes)s::bigint[], %(channels)s::text[])
         AS g(profile_id, purpose_id, channel) USING (profile_id, purpose_id, channel)
    WHERE (s.contact_point <> '')::int + (s.topic_key <> 0)::int = %(depth)s
), said AS (
    SELECT k.id AS key_id, e.id, e.status, e.basis, e.source_id, e.at, e.evidence->>'act' AS act,
           e.evidence->>'restores' AS restores
    FROM keys k JOIN consent_entry e
      ON e.profile_id = k.profile_id AND e.purpose_id = k.purpose_id AND e.channel = k.channel
     AND e.contact_point = k.contact_point AND coalesce(e.topic_id, 0) = k.topic_key
    WHERE e.outcome = 'recorded'
), undoing AS (
    SELECT DISTINCT ON (key_id) key_id, at, id FROM said WHERE act = %(undone)s
    ORDER BY key_id, at DESC, id DESC
), own AS (
    SELECT d.* FROM said d LEFT JOIN undoing u USING (key_id)
    WHERE u.key_id IS NULL OR (d.at, d.id) >= (u.at, u.id)
), refusal AS (
    SELECT DISTINCT ON (key_id) * FROM (
        SELECT key_id, id, status, basis, source_id, at FROM own WHERE status = ANY(%(blocking)s)
        UNION ALL
        SELECT k.id, b.entry_id, b.status, b.basis, b.source_id, b.at
        FROM keys k JOIN consent_state b
          ON b.profile_id = k.profile_id AND b.purpose_id = k.purpose_id AND b.channel = k.channel
         AND b.contact_point IN ('', k.contact_point) AND b.topic_key IN (0, k.topic_key)
         AND b.id <> k.id
        WHERE b.status = ANY(%(blocking)s)
    ) r ORDER BY key_id, at DESC, id DESC
), reopened AS (
    SELECT o.key_id, min(o.at) AS at FROM own o JOIN refusal r USING (key_id)
    WHERE o.status = 'granted' AND o.act = ANY(%(acts)s) AND o.at > r.at GROUP BY o.key_id
), others AS (
    SELECT o.* FROM own o
    LEFT JOIN refusal r USING (key_id) LEFT JOIN reopened a USING (key_id)
    WHERE o.status <> ALL(%(blocking)s) AND (r.key_id IS NULL OR o.at >= a.at)
), decided AS (
    SELECT DISTINCT ON (key_id) key_id, status FROM others
    WHERE status <> 'pending' ORDER BY key_id, at DESC, id DESC
), stands AS (
    SELECT DISTINCT ON (key_id) o.key_id, o.id, o.status, o.basis, o.source_id, o.at,
           o.act IS NOT DISTINCT FROM %(undone)s AND o.restores IS NULL AS is_silence
    FROM others o LEFT JOIN decided d USING (key_id)
    WHERE o.status <> 'pending' OR d.status IS DISTINCT FROM 'granted'
    ORDER BY key_id, at DESC, id DESC
), outcome AS (
    SELECT k.profile_id, k.id AS key_id,
           CASE WHEN s.is_silence THEN NULL ELSE coalesce(s.id, r.id) END AS entry_id,
           coalesce(s.status, r.status) AS status, coalesce(s.basis, r.basis) AS basis,
           CASE WHEN s.id IS NULL THEN r.source_id ELSE s.source_id END AS source_id,
           coalesce(s.at, r.at) AS at
    FROM keys k LEFT JOIN stands s ON s.key_id = k.id LEFT JOIN refusal r ON r.key_id = k.id
), gone AS (
    DELETE FROM consent_state c USING outcome o
    WHERE c.profile_id = o.profile_id AND c.id = o.key_id AND o.entry_id IS NULL
)
UPDATE consent_state c
   SET status = o.status, basis = o.basis, source_id = o.source_id, at = o.at, entry_id = o.entry_id
  FROM outcome o
 WHERE c.profile_id = o.profile_id AND c.id = o.key_id AND o.entry_id IS NOT NULL
   AND c.entry_id <> o.entry_id
"""


def derive(cursor: CursorWrapper, scopes: Sequence[Scope]) -> None:
    """Derive the state rows of these scopes from the ledger; their rows exist and are locked.

    At most four statements, whatever the number of scopes.
    """
    ordered = sorted(set(scopes))
    parameters: dict[str, Any] = {
        "profiles": [scope[0] for scope in ordered],
        "purposes": [scope[1] for scope in ordered],
        "channels": [scope[2] for scope in ordered],
        "blocking": list(BLOCKING),
        "acts": list(OWN_ACTS),
        "undone": UNDONE,
    }
    for depth in _depths(cursor, parameters):
        cursor.execute(_DERIVE, parameters | {"depth": depth})


def _depths(cursor: CursorWrapper, parameters: dict[str, Any]) -> list[int]:
    """Which levels there are rows of, the widest first."""
    cursor.execute(
        """
        SELECT DISTINCT (s.contact_point <> '')::int + (s.topic_key <> 0)::int
        FROM consent_state s
        JOIN unnest(%(profiles)s::bigint[], %(purposes)s::bigint[], %(channels)s::text[])
             AS g(profile_id, purpose_id, channel) USING (profile_id, purpose_id, channel)
        """,
        parameters,
    )
    return sorted(depth for (depth,) in cursor.fetchall())

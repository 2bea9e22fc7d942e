"""The stored state derived from the ledger (`consent.ledger.fold`), for any number of people.

A wider refusal (the person for an address, the purpose for a topic) is derived first and handed
down, so that the row that fits a question best always says the truth.
"""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from config.postgres.sql import Sql, sql
from consent.ledger.fold import SAID, fold

# (profile, purpose, channel): everything inside one of these is derived again together
Scope = tuple[int, int, str]

_SCOPED = """consent_state s
    JOIN unnest({profiles}::bigint[], {purposes}::bigint[], {channels}::text[])
         AS g(profile_id, purpose_id, channel) USING (profile_id, purpose_id, channel)"""
_KEYS = """
    SELECT s.id AS key_id, s.profile_id, s.purpose_id, s.channel, s.contact_point, s.topic_key
    FROM {scoped} WHERE (s.contact_point <> '')::int + (s.topic_key <> 0)::int = {depth}"""
_ENTRIES = """
    SELECT k.profile_id, k.key_id, {columns}
    FROM keys k JOIN consent_entry e
      ON e.profile_id = k.profile_id AND e.purpose_id = k.purpose_id AND e.channel = k.channel
     AND e.contact_point = k.contact_point AND coalesce(e.topic_id, 0) = k.topic_key
    WHERE e.outcome = 'recorded'"""
_DERIVE = """
WITH outcome AS ({outcome}), gone AS (
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
    scoped = sql(
        _SCOPED,
        profiles=[scope[0] for scope in ordered],
        purposes=[scope[1] for scope in ordered],
        channels=[scope[2] for scope in ordered],
    )
    said = sql(_ENTRIES, columns=SAID)
    for depth in _depths(cursor, scoped):
        keys = sql(_KEYS, scoped=scoped, depth=depth)
        sql(_DERIVE, outcome=fold(keys, said, Sql("consent_state"))).on(cursor)


def _depths(cursor: CursorWrapper, scoped: Sql) -> list[int]:
    """Which levels there are rows of, the widest first."""
    sql(
        "SELECT DISTINCT (s.contact_point <> '')::int + (s.topic_key <> 0)::int FROM {scoped}",
        scoped=scoped,
    ).on(cursor)
    return sorted(depth for (depth,) in cursor.fetchall())

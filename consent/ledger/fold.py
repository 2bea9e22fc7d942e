"""What the statements about one permission come to: the rule, once, in SQL.

1. The newest refusal stands, unless the person allowed it by an own act later than it. A refusal of
   a wider permission (the person for an address, the whole purpose for a topic) counts as one.
2. From that act on (or from the start, without a refusal) the newest grant or expiry stands.
3. A pending request never takes away a standing grant.
4. The undoing of a merge says where the person was before it: older entries count no more. Where it
   says "silence", and nothing was said since, nothing stands here, and a wider permission answers.

By the times of the statements (`at`), then by their order of arrival. Source: GDPR art. 7(3).
The tests have it in plain Python (`tests/consent/ledger/reference.py`).
"""

from config.postgres.sql import Sql, sql
from consent.ledger.acts import BLOCKING, OWN_ACTS, UNDONE

# what the rule reads of a ledger row `e`, beside its key
SAID = Sql(
    "e.id, e.status, e.basis, e.source_id, e.at, e.evidence->>'act' AS act,"
    " e.evidence->>'restores' AS restores"
)

_FOLD = """
WITH keys AS MATERIALIZED ({keys}), said AS MATERIALIZED ({said}), undoing AS (
    SELECT DISTINCT ON (profile_id, key_id) profile_id, key_id, at, id FROM said
    WHERE act = {undone} ORDER BY profile_id, key_id, at DESC, id DESC
), own AS (
    SELECT d.* FROM said d LEFT JOIN undoing u USING (profile_id, key_id)
    WHERE u.key_id IS NULL OR (d.at, d.id) >= (u.at, u.id)
), refusal AS (
    SELECT DISTINCT ON (profile_id, key_id) * FROM (
        SELECT profile_id, key_id, id, status, basis, source_id, at FROM own
        WHERE status = ANY({blocking})
        UNION ALL
        SELECT k.profile_id, k.key_id, b.entry_id, b.status, b.basis, b.source_id, b.at
        FROM keys k JOIN {wider} b
          ON b.profile_id = k.profile_id AND b.purpose_id = k.purpose_id AND b.channel = k.channel
         AND b.contact_point IN ('', k.contact_point) AND b.topic_key IN (0, k.topic_key)
         AND (b.contact_point <> k.contact_point OR b.topic_key <> k.topic_key)
        WHERE b.status = ANY({blocking})
    ) r ORDER BY profile_id, key_id, at DESC, id DESC
), reopened AS (
    SELECT o.profile_id, o.key_id, min(o.at) AS at
    FROM own o JOIN refusal r USING (profile_id, key_id)
    WHERE o.status = 'granted' AND o.act = ANY({acts}) AND o.at > r.at GROUP BY 1, 2
), others AS (
    SELECT o.* FROM own o LEFT JOIN refusal r USING (profile_id, key_id)
    LEFT JOIN reopened a USING (profile_id, key_id)
    WHERE o.status <> ALL({blocking}) AND (r.key_id IS NULL OR o.at >= a.at)
), decided AS (
    SELECT DISTINCT ON (profile_id, key_id) profile_id, key_id, status FROM others
    WHERE status <> 'pending' ORDER BY profile_id, key_id, at DESC, id DESC
), stands AS (
    SELECT DISTINCT ON (o.profile_id, o.key_id) o.*
    FROM others o LEFT JOIN decided d USING (profile_id, key_id)
    WHERE o.status <> 'pending' OR d.status IS DISTINCT FROM 'granted'
    ORDER BY o.profile_id, o.key_id, o.at DESC, o.id DESC
), spoken AS (
    SELECT DISTINCT profile_id, key_id FROM own
    WHERE act IS DISTINCT FROM {undone} OR restores IS NOT NULL
)
SELECT k.profile_id, k.purpose_id, k.channel, k.contact_point, k.topic_key, k.key_id,
       CASE WHEN p.key_id IS NOT NULL THEN coalesce(s.id, r.id) END AS entry_id,
       coalesce(s.status, r.status) AS status, coalesce(s.basis, r.basis) AS basis,
       CASE WHEN s.id IS NULL THEN r.source_id ELSE s.source_id END AS source_id,
       coalesce(s.at, r.at) AS at
FROM keys k LEFT JOIN spoken p USING (profile_id, key_id)
LEFT JOIN stands s USING (profile_id, key_id) LEFT JOIN refusal r USING (profile_id, key_id)
"""


def fold(keys: Sql, said: Sql, wider: Sql) -> Sql:
    """For each of `keys` the entry that stands, `entry_id` null where nothing was said (any more).

    `keys`: a SELECT of `profile_id, purpose_id, channel, contact_point, topic_key, key_id`, all
    equally wide. `said`: a SELECT of `profile_id, key_id` and SAID, the entries that count.
    `wider`: a relation that holds what stands for all wider permissions: they are folded first.
    """
    return sql(
        _FOLD,
        keys=keys,
        said=said,
        wider=wider,
        undone=UNDONE,
        blocking=list(BLOCKING),
        acts=list(OWN_ACTS),
    )

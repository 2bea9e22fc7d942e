"""From what a provider names a message by to (profile, message), in one look-up.

Kept in the statement that settles the message, for as long as providers speak of one.
"""

from collections.abc import Sequence
from datetime import datetime

from config.postgres.sql import Sql, run, sql

Key = tuple[int, int]  # profile, message
_DIGEST = "substring(sha256(convert_to({channel} || E'\\n' || {reference}, 'UTF8')) FOR 16)"
# in the order of the key, as whoever else writes some of the same locks them
_REFERRED = f"""
referred AS (
    INSERT INTO message_reference (digest, profile_id, message_id, kept_on)
    SELECT {_DIGEST.format(channel="channel", reference="provider_ref")}, profile_id, id,
           ({{now}}::timestamptz AT TIME ZONE 'UTC')::date
    FROM ended WHERE provider_ref <> ''
    ORDER BY 1 ON CONFLICT (digest) DO NOTHING
)
"""  # noqa: S608 - pieces of ours, here and below
_FIND = f"""
SELECT g.reference, r.profile_id, r.message_id
FROM unnest({{references}}::text[]) AS g(reference)
JOIN message_reference r
  ON r.digest = {_DIGEST.format(channel="{channel}::text", reference="g.reference")}
"""  # noqa: S608


def referred(now: datetime) -> Sql:
    """Part of a statement that settles messages: `ended` has their `channel` and `provider_ref`."""
    return sql(_REFERRED, now=now)


def find(channel: str, references: Sequence[str]) -> dict[str, Key]:
    """The messages of those that are known: one look-up by key for all."""
    found = run(sql(_FIND, channel=channel, references=list(references)))
    return {reference: (profile_id, message_id) for reference, profile_id, message_id in found}

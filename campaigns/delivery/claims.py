"""Claims of delivery, each one conditional statement: a chunk's lease, hand-over, what came of it.

A chunk row is leased for a while; inside it at most BATCH messages are marked `handing_over` (and
checked once more) and committed before they are handed over, then settled. What a crash leaves
marked becomes `unknown` when the lease is taken over, and is never sent again.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from campaigns.channels.base import OwnLink
from campaigns.delivery.references import referred
from campaigns.gate.contact_counts import ENDED, give_back
from campaigns.gate.expression import still_allowed
from campaigns.leases import CLOCK, lease_time
from campaigns.models.message import OWN_LINKS
from campaigns.outbox.pacing import CHUNK, catch_up
from campaigns.people.announcing import announce_states
from config.postgres.sql import EMPTY, Sql, one, run, sql
from config.workspace.work.due import Left
from consent.models import Purpose

BATCH = 25
INTERRUPTED = "interrupted"  # whoever handed it over broke off: nobody knows what became of it
Key = tuple[int, int]  # profile, message


@dataclass(frozen=True)
class Chunk:
    """A leased chunk."""

    id: int
    lease: uuid.UUID
    campaign_id: int | None
    channel: str
    profile_ids: list[int]
    message_ids: list[int]
    attempts: int = 1
    was_held_up: bool = False  # its campaign shows a fault


_LEASE = f"""
WITH due AS (
    SELECT c.id, c.lease, c.due_at FROM message_chunk c
    WHERE c.due_at <= %(now)s AND c.channel = %(channel)s
      AND (c.lease IS NULL AND (c.campaign_id IS NULL OR EXISTS (
               SELECT 1 FROM campaign k WHERE k.id = c.campaign_id AND k.status = 'running'
               AND (k.retry_at IS NULL OR k.retry_at <= %(now)s)))
           OR c.lease_until < {CLOCK})
    ORDER BY c.lane, c.due_at, c.id LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE message_chunk c
   SET lease = %(lease)s, lease_until = {CLOCK} + %(for)s, attempts = c.attempts + 1
  FROM due WHERE c.id = due.id
RETURNING c.id, c.campaign_id, c.profile_ids, c.message_ids, c.attempts,
          EXISTS (SELECT 1 FROM campaign k WHERE k.id = c.campaign_id AND k.fault_count > 0),
          due.lease IS NOT NULL, due.due_at, c.per_second
"""  # noqa: S608 - pieces of ours, values are bound
_LOST = """
UPDATE message m SET state = 'unknown', reason = %(reason)s
FROM unnest(%(profiles)s::bigint[], %(messages)s::bigint[]) AS g(profile_id, id)
WHERE m.profile_id = g.profile_id AND m.id = g.id AND m.state = 'handing_over'
"""


@transaction.atomic
def lease_chunk(channel: str, now: datetime) -> Chunk | None:
    """The next due chunk, lanes in order; what its last worker left marked becomes unknown.

    Of a throttled send that is late the others get their turns after it.
    """
    token = uuid.uuid4()
    values: dict[str, Any] = {"now": now, "channel": channel, "lease": token, "for": lease_time()}
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, values)
        row = cursor.fetchone()
        if row is None:
            return None
        chunk_id, campaign_id, profiles, messages, attempts, held_up, was_leased, due_at, pace = row
        if was_leased:
            marked = {"profiles": profiles, "messages": messages, "reason": INTERRUPTED}
            cursor.execute(_LOST, marked)
        if pace and campaign_id:
            takes = timedelta(seconds=len(messages) / pace)
            catch_up(cursor, campaign_id, due_at=due_at, takes=takes, now=now)
    return Chunk(chunk_id, token, campaign_id, channel, profiles, messages, attempts, held_up)


_LEFT = f"""
SELECT count(*), count(*) FILTER (WHERE c.lease_until >= {CLOCK}) FROM message_chunk c
WHERE c.due_at <= %(now)s AND c.channel = ANY(%(channels)s)
  AND (c.lease IS NOT NULL OR c.campaign_id IS NULL OR EXISTS (
       SELECT 1 FROM campaign k WHERE k.id = c.campaign_id AND k.status = 'running'
       AND (k.retry_at IS NULL OR k.retry_at <= %(now)s)))
"""  # noqa: S608 - pieces of ours, values are bound


def chunks_left(channels: Sequence[str]) -> Left:
    """Chunks that are due; those under a lease are in somebody's hands until it runs out."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, {"now": timezone.now(), "channels": list(channels)})
        due, held = cursor.fetchone()
    return Left(due, held)


_MARK = """
WITH renewed AS (
    UPDATE message_chunk SET lease_until = {clock} + {span}
    WHERE id = {chunk} AND lease = {lease} RETURNING id
), m AS (
    SELECT q.profile_id, q.owner_id, q.id, q.address FROM message q
    JOIN unnest({profiles}::bigint[], {messages}::bigint[]) AS g(profile_id, id)
      ON g.profile_id = q.profile_id AND g.id = q.id
    WHERE q.state = 'queued' AND EXISTS (SELECT 1 FROM renewed)
), still AS ({still})
UPDATE message t SET state = 'handing_over', attempts = t.attempts + 1,
       consent_entry_id = coalesce(s.entry_id, t.consent_entry_id),
       data = CASE WHEN {links}::jsonb ? t.id::text
                   THEN t.data || jsonb_build_object({own}, {links}::jsonb->t.id::text)
                   ELSE t.data END
FROM still s
WHERE t.profile_id = s.profile_id AND t.id = s.message_id AND t.state = 'queued'
  AND s.reason = '' AND t.due_at <= {now}
  AND (t.campaign_id IS NULL OR EXISTS (
       SELECT 1 FROM campaign k WHERE k.id = t.campaign_id AND k.status = 'running'))
RETURNING t.id
"""


def mark_handing_over(
    chunk: Chunk,
    keys: Sequence[Key],
    *,
    purpose: Purpose,
    topic_id: int | None,
    now: datetime,
    since: Sql = EMPTY,
    links: Mapping[int, Sequence[OwnLink]] | None = None,
) -> set[int]:
    """Mark those of `keys` that still may be sent, and renew the lease: one statement, committed.

    Nothing is marked once the lease is another's. `since` is what else may have changed; `links`,
    by message, are kept before the mail leaves, so that a click leads to what it said.
    """
    still = still_allowed(
        Sql("m"),
        purpose=purpose,
        channel=chunk.channel,
        topic_id=topic_id,
        now=now,
        since=since,
    )
    marked = sql(
        _MARK,
        still=still,
        chunk=chunk.id,
        lease=chunk.lease,
        clock=Sql(CLOCK),
        span=lease_time(),
        now=now,
        own=OWN_LINKS,
        links=json.dumps(links or {}),
        profiles=[profile for profile, _message in keys],
        messages=[message for _profile, message in keys],
    )
    return {message for (message,) in run(marked)}


_REFUSE = """
WITH m AS (
    SELECT q.profile_id, q.owner_id, q.id, q.address FROM message q
    JOIN unnest({profiles}::bigint[], {messages}::bigint[]) AS g(profile_id, id)
      ON g.profile_id = q.profile_id AND g.id = q.id
    WHERE q.state = 'queued'
), still AS ({still}), ended AS (
    UPDATE message t
       SET state = CASE WHEN s.reason = 'expired' AND (t.attempts > 0 OR t.data ? 'word')
                        THEN 'failed' ELSE 'excluded' END,
           reason = CASE WHEN s.reason = 'expired' AND (t.attempts > 0 OR t.data ? 'word')
                         THEN coalesce(t.data->>'word', 'expired') ELSE s.reason END,
           detail = s.detail, said_id = s.said_id, decided_at = {now}
    FROM still s
    WHERE t.profile_id = s.profile_id AND t.id = s.message_id AND t.state = 'queued'
      AND s.reason <> ''
    RETURNING {ended}
), {give_back}
SELECT count(*) FROM ended
"""


def exclude_refused(
    keys: Sequence[Key],
    *,
    purpose: Purpose,
    channel: str,
    topic_id: int | None,
    now: datetime,
    since: Sql = EMPTY,
) -> int:
    """Give those of `keys` that may not be sent any more their reason; the others stay queued.

    What they counted is given back.
    """
    still = still_allowed(
        Sql("m"), purpose=purpose, channel=channel, topic_id=topic_id, now=now, since=since
    )
    refused = sql(
        _REFUSE,
        still=still,
        now=now,
        ended=ENDED,
        give_back=give_back(),
        profiles=[profile for profile, _message in keys],
        messages=[message for _profile, message in keys],
    )
    return int(one(refused)[0])


@dataclass(frozen=True, slots=True)
class Settled:
    """What a message comes to. `retry_at` for one that is queued again."""

    profile_id: int
    message_id: int
    state: str
    reason: str = ""
    provider_ref: str = ""
    retry_at: datetime | None = None
    attempt: int = 0  # the marking that this is about, for one that is queued again


_SETTLE = """
WITH ended AS (
    UPDATE message t SET
        state = g.state,
        reason = CASE WHEN g.state = 'queued' THEN '' ELSE g.reason END,
        provider_ref = g.provider_ref,
        sent_at = CASE WHEN g.state = 'sent' THEN {now} ELSE t.sent_at END,
        bounced_at = CASE WHEN g.state = 'bounced' THEN {now} ELSE t.bounced_at END,
        due_at = coalesce(g.retry_at, t.due_at),
        data = CASE WHEN g.state = 'queued' AND g.reason <> ''
                    THEN t.data || jsonb_build_object('word', g.reason) ELSE t.data END
    FROM unnest({profiles}::bigint[], {messages}::bigint[], {states}::text[],
                {reasons}::text[], {refs}::text[], {retries}::timestamptz[],
                {attempts}::int[])
         AS g(profile_id, id, state, reason, provider_ref, retry_at, attempt)
    WHERE t.profile_id = g.profile_id AND t.id = g.id
      -- `unknown` when the lease ran out meanwhile: whoever handed it over knows better. Never
      -- queued again then, since nobody knows how the other would read it.
      AND (t.state = 'handing_over' OR t.state = 'unknown' AND g.state <> 'queued')
      -- said twice (the first answer of the database was lost), and marked anew in between
      AND (g.state <> 'queued' OR g.attempt = 0 OR t.attempts = g.attempt)
    RETURNING {ended}, t.id, t.provider_ref
), {give_back}, {referred}
SELECT coalesce(owner_id, profile_id), state FROM ended
"""


@transaction.atomic
def settle(rows: Sequence[Settled], now: datetime) -> None:
    """Write what became of a batch: one statement, and what rules are told of it. What has not left
    gives its count back; what a provider may speak of is found by its reference from then on.
    """
    written = run(
        sql(
            _SETTLE,
            ended=ENDED,
            give_back=give_back(),
            referred=referred(now),
            now=now,
            profiles=[row.profile_id for row in rows],
            messages=[row.message_id for row in rows],
            states=[row.state for row in rows],
            reasons=[storable(row.reason) for row in rows],
            refs=[row.provider_ref for row in rows],
            retries=[row.retry_at for row in rows],
            attempts=[row.attempt for row in rows],
        )
    )
    announce_states(written)


def storable(word: str) -> str:
    """A server's word may hold what a text column cannot."""
    return word.replace("\0", "").encode("utf-8", "replace").decode()


_NOTE_WORD = """
UPDATE message t SET data = t.data || jsonb_build_object('word', %(word)s::text)
FROM unnest(%(profiles)s::bigint[], %(messages)s::bigint[]) AS g(profile_id, id)
WHERE t.profile_id = g.profile_id AND t.id = g.id AND t.state = 'queued'
"""


def note_word(keys: Sequence[Key], word: str) -> None:
    """Why these wait, in the server's word; they were not tried."""
    values: dict[str, Any] = {
        "word": storable(word),
        "profiles": [profile for profile, _message in keys],
        "messages": [message for _profile, message in keys],
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_WORD, values)


# Whoever holds the lease alone marks: what is marked still was broken off.
_RELEASE = """
WITH lost AS (
    UPDATE message m SET state = 'unknown', reason = %(reason)s
    FROM message_chunk c, unnest(c.profile_ids, c.message_ids) AS g(profile_id, id)
    WHERE c.id = %(chunk)s AND c.lease = %(lease)s
      AND m.profile_id = g.profile_id AND m.id = g.id AND m.state = 'handing_over'
), rest AS (
    SELECT array_agg(m.profile_id ORDER BY m.profile_id, m.id) AS profile_ids,
           array_agg(m.id ORDER BY m.profile_id, m.id) AS message_ids, min(m.due_at) AS due_at
    FROM message_chunk c, unnest(c.profile_ids, c.message_ids) AS g(profile_id, id)
    JOIN message m ON m.profile_id = g.profile_id AND m.id = g.id
    WHERE c.id = %(chunk)s AND m.state = 'queued'
), gone AS (
    DELETE FROM message_chunk WHERE id = %(chunk)s AND lease = %(lease)s
       AND (SELECT message_ids IS NULL FROM rest)
)
UPDATE message_chunk c SET lease = NULL, lease_until = NULL, profile_ids = rest.profile_ids,
       message_ids = rest.message_ids,
       due_at = greatest(rest.due_at, %(not_before)s::timestamptz,
                         CASE WHEN c.per_second IS NOT NULL THEN c.due_at END)
FROM rest WHERE c.id = %(chunk)s AND c.lease = %(lease)s AND rest.message_ids IS NOT NULL
"""


def release_chunk(chunk: Chunk, not_before: datetime | None = None) -> None:
    """Give the chunk back with what is still queued, due when the first of it is; or remove it.

    What is marked still becomes unknown. With `not_before` it waits at least so long.
    """
    values: dict[str, Any] = {
        "chunk": chunk.id,
        "lease": chunk.lease,
        "not_before": not_before,
        "reason": INTERRUPTED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, values)


# nothing has a claim on what no chunk holds, whatever brought it there (a backup, an old fault)
_TAKE_BACK = """
WITH stray AS (
    SELECT m.profile_id, m.id, m.state, m.lane, m.channel, m.due_at FROM message m
    WHERE m.campaign_id = %(campaign)s AND m.state IN ('queued', 'handing_over')
      AND NOT EXISTS (SELECT 1 FROM message_chunk c WHERE c.campaign_id = %(campaign)s)
), lost AS (
    UPDATE message m SET state = 'unknown', reason = %(reason)s FROM stray s
    WHERE s.state = 'handing_over' AND m.profile_id = s.profile_id AND m.id = s.id
      AND m.state = 'handing_over'
), chunked AS (
    INSERT INTO message_chunk (campaign_id, lane, channel, profile_ids, message_ids, due_at,
                               attempts, created_at)
    SELECT %(campaign)s, lane, channel, array_agg(profile_id), array_agg(id), due_at, 0, %(now)s
    FROM (SELECT s.*, (row_number() OVER (PARTITION BY due_at ORDER BY profile_id) - 1)
                      / %(size)s AS part FROM stray s WHERE state = 'queued') w
    GROUP BY lane, channel, due_at, part
)
SELECT count(*) FROM stray
"""


def take_back(campaign_id: int, now: datetime) -> int:
    """Settle or queue again what waits though no chunk holds it; how many messages."""
    values: dict[str, Any] = {
        "campaign": campaign_id,
        "reason": INTERRUPTED,
        "now": now,
        "size": CHUNK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, values)
        return int(cursor.fetchone()[0])

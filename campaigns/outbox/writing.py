"""The only statement that writes messages: fan-outs and single sends come here.

Whatever the gate said of some people becomes in one statement their messages (also the excluded
ones, with their reason), what counts against the contact frequency, and the chunks that delivery
leases. Where a campaign ends with its first message, that message is all that is kept of somebody
who was in it (`campaigns.people.entered`); on a longer way it belongs to their enrolment.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.utils import CursorWrapper

from campaigns.audience.portions import Portion
from campaigns.gate.contact_counts import lock_counts
from campaigns.gate.expression import NO_SHUFFLE, Shuffle, Terms, arm_of
from campaigns.outbox.pacing import chunk_size, spread
from config.postgres.sql import EMPTY, Sql, sql

_WRITE = """
WITH people AS MATERIALIZED ({people}),
judged AS MATERIALIZED ({judged}),
placed AS (
    SELECT j.*, {enrolment} AS enrolment_id, {visit} AS visit, {arm} + 1 AS arm
    FROM judged j{enrolled}
), written AS (
    INSERT INTO message (public_id, profile_id, enrolment_id, campaign_id, step, visit, lane,
        is_marketing, is_test, purpose_id, channel, address, state, reason, queued_at, due_at,
        expires_at, attempts, content_version_id, locale, variant, consent_entry_id,
        idempotency_key, provider_ref, data, counted_on, detail, said_id)
    SELECT gen_random_uuid(), profile_id, enrolment_id, {campaign}::bigint, {step}, visit, {lane},
           {marketing}, false, {purpose}, {channel}, coalesce(address, ''),
           CASE WHEN reason = '' THEN 'queued' ELSE 'excluded' END, reason, {now}, due_at,
           {expires_at}, 0, ({contents}::bigint[])[arm], '', ({variants}::text[])[arm],
           CASE WHEN reason = '' THEN entry_id END, {key}, '', {data}::jsonb,
           CASE WHEN reason = '' THEN day END, CASE WHEN reason = '' THEN '' ELSE detail END,
           CASE WHEN reason <> '' THEN said_id END
    FROM placed
    RETURNING profile_id, id, state, due_at, counted_on
), counted AS (
    INSERT INTO contact_count AS c (profile_id, channel, tag, day, n)
    SELECT profile_id, {channel}, {tag}, counted_on, 1 FROM written{tagged}
    WHERE state = 'queued' AND {marketing}
    ORDER BY profile_id{order}  -- as whoever gives counts back locks them
    ON CONFLICT (profile_id, channel, day, tag) DO UPDATE SET n = c.n + 1
), chunks AS (
    INSERT INTO message_chunk (campaign_id, lane, channel, profile_ids, message_ids, due_at,
                               per_second, ready_at, attempts, created_at)
    SELECT {campaign}::bigint, {lane}, {channel}, profile_ids[low:low + {chunk} - 1],
           message_ids[low:low + {chunk} - 1], due_at,
           {pace}::float, CASE WHEN {pace}::float IS NOT NULL THEN due_at END, 0, {now}
    FROM (SELECT due_at, array_agg(profile_id) AS profile_ids, array_agg(id) AS message_ids
          FROM (SELECT profile_id, id, due_at FROM written WHERE state = 'queued'
                ORDER BY due_at, profile_id) q
          GROUP BY due_at) w
    CROSS JOIN LATERAL generate_series(1, cardinality(profile_ids), {chunk}) AS part(low)
    ORDER BY due_at, low
)
SELECT count(*), coalesce(max(id), 0) FROM written
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant of what is sent, and which share of people gets it."""

    name: str
    share: float
    content_version_id: int


@dataclass(frozen=True)
class Sending:
    """What the messages of one statement share.

    `arms` have shares that add up to 1; `shuffle` says who gets which. `is_enrolled`: the portion's
    people have an `enrolment_id` and a `visit`, which their messages name.
    """

    terms: Terms
    lane: int
    arms: Sequence[Variant]
    step: str = ""
    shuffle: Shuffle = NO_SHUFFLE
    is_enrolled: bool = False
    key: str = ""  # of idempotency
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WrittenCount:
    """How many people were looked at, and one of their messages."""

    seen: int
    message_id: int  # 0 where nobody was


def write(cursor: CursorWrapper, sending: Sending, portion: Portion) -> WrittenCount:
    """Write a message for everybody of the portion; one statement, in the caller's transaction,
    and one more where the send is throttled.

    Who counts against a contact frequency is counted and reserved under one lock.
    """
    if sending.terms.is_limited:
        lock_counts(cursor)
    statement_of(sending, portion).on(cursor)
    written = WrittenCount(*cursor.fetchone())
    if sending.terms.per_second and sending.terms.campaign_id:
        spread(cursor, sending.terms.campaign_id, sending.terms.now)
    return written


def statement_of(sending: Sending, portion: Portion) -> Sql:
    """The statement itself."""
    terms, enrolled = sending.terms, sending.is_enrolled
    return sql(
        _WRITE,
        people=portion.people,
        judged=portion.judged,
        enrolment=Sql("q.enrolment_id" if enrolled else "NULL::bigint"),
        visit=Sql("q.visit" if enrolled else "1"),
        enrolled=Sql(" JOIN people q ON q.profile_id = j.profile_id") if enrolled else EMPTY,
        campaign=terms.campaign_id or None,
        step=sending.step,
        lane=sending.lane,
        marketing=terms.is_marketing,
        purpose=terms.purpose.pk,
        channel=terms.channel,
        contents=[arm.content_version_id for arm in sending.arms],
        variants=[arm.name for arm in sending.arms],
        arm=arm_of([arm.share for arm in sending.arms], sending.shuffle),
        chunk=chunk_size(terms.per_second),
        pace=terms.per_second or None,
        tag=Sql("g.tag" if terms.tags else "''"),
        tagged=_with_tags(terms.tags),
        order=Sql(", g.tag" if terms.tags else ""),
        expires_at=terms.expires_at,
        now=terms.now,
        key=sending.key,
        data=json.dumps(sending.data),
    )


def _with_tags(tags: Sequence[str]) -> Sql:
    """A line more for each tag: "" is every message, so that all are counted once."""
    if not tags:
        return EMPTY
    return sql(" CROSS JOIN unnest({tags}::text[]) AS g(tag)", tags=["", *sorted(set(tags))])

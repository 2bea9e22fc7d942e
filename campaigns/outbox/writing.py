"""The only statement that writes messages: fan-outs and single sends come here.

Whatever the gate said of some people becomes in one statement their messages (also the excluded
ones, with their reason), their enrolments, what counts against the contact frequency, and the
chunks that delivery leases.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.utils import CursorWrapper

from campaigns.audience.portions import Portion
from campaigns.gate.contact_counts import lock_counts
from campaigns.gate.expression import Terms, arm_of
from campaigns.outbox.pacing import chunk_size, spread
from config.postgres.sql import Sql, sql

_WRITE = """
WITH people AS MATERIALIZED ({people}),
judged AS MATERIALIZED ({judged}),
placed AS MATERIALIZED (
    SELECT j.*, CASE WHEN {enrols} AND reason IN ('', 'holdout')
                THEN nextval('enrolment_id_seq') END AS enrolment_id,
           {arm} + 1 AS arm
    FROM judged j
), entered AS (
    INSERT INTO enrolment (id, profile_id, campaign_id, campaign_version_id, instance_key, bucket,
                           step, visit, arm, entered_at, ended_at, end_reason, data)
    SELECT enrolment_id, profile_id, {campaign}::bigint, {version}::bigint, '', bucket, {step}, 1,
           CASE WHEN reason = 'holdout' THEN 'control' ELSE '' END, {now}, {now},
           CASE WHEN reason = 'holdout' THEN 'holdout' ELSE 'completed' END, '{{}}'
    FROM placed WHERE enrolment_id IS NOT NULL
), written AS (
    INSERT INTO message (public_id, profile_id, enrolment_id, campaign_id, step, visit, lane,
        is_marketing, is_test, purpose_id, channel, address, state, reason, queued_at, due_at,
        expires_at, attempts, content_version_id, locale, variant, consent_entry_id,
        idempotency_key, provider_ref, data)
    SELECT gen_random_uuid(), profile_id, enrolment_id, {campaign}::bigint, {step}, 1, {lane},
           {marketing}, false, {purpose}, {channel}, coalesce(address, ''),
           CASE WHEN reason = '' THEN 'queued' ELSE 'excluded' END, reason, {now}, due_at,
           {expires_at}, 0, ({contents}::bigint[])[arm], '', ({variants}::text[])[arm],
           CASE WHEN reason = '' THEN entry_id END, {key}, '', {data}::jsonb
    FROM placed
    RETURNING profile_id, id, state, due_at
), counted AS (
    INSERT INTO contact_count AS c (profile_id, channel, day, n)
    SELECT profile_id, {channel}, ({now}::timestamptz AT TIME ZONE {zone})::date, 1 FROM written
    WHERE state = 'queued' AND {marketing}
    ORDER BY profile_id  -- as whoever gives counts back locks them
    ON CONFLICT (profile_id, channel, day) DO UPDATE SET n = c.n + 1
), chunks AS (
    INSERT INTO message_chunk (campaign_id, lane, channel, profile_ids, message_ids, due_at,
                               per_second, ready_at, attempts, created_at)
    SELECT {campaign}::bigint, {lane}, {channel}, array_agg(profile_id), array_agg(id), due_at,
           {pace}::float, CASE WHEN {pace}::float IS NOT NULL THEN due_at END, 0, {now}
    FROM (SELECT profile_id, id, due_at,
                 (row_number() OVER (PARTITION BY due_at ORDER BY profile_id) - 1) / {chunk}
                 AS part
          FROM written WHERE state = 'queued') w
    GROUP BY due_at, part ORDER BY due_at, part
)
SELECT count(*), coalesce(max(id), 0) FROM written
"""


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant of what is sent, and which share of people gets it."""

    name: str
    share: float
    content_version_id: int


@dataclass(frozen=True)
class Sending:
    """What the messages of one statement share.

    `arms` have shares that add up to 1; `shuffle` says who gets which. With a launched version
    people are enrolled in its campaign.
    """

    terms: Terms
    lane: int
    arms: Sequence[Arm]
    step: str = ""
    shuffle: tuple[int, int] = (1, 0)
    version_id: int | None = None
    key: str = ""  # of idempotency
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """How many people were looked at, and one of their messages."""

    seen: int
    message_id: int  # 0 where nobody was


def write(cursor: CursorWrapper, sending: Sending, portion: Portion) -> Written:
    """Write a message for everybody of the portion; one statement, in the caller's transaction,
    and one more where the send is throttled.

    Who counts against a contact frequency is counted and reserved under one lock.
    """
    if sending.terms.limit:
        lock_counts(cursor, sending.terms.channel)
    statement_of(sending, portion).on(cursor)
    written = Written(*cursor.fetchone())
    if sending.terms.per_second and sending.terms.campaign_id:
        spread(cursor, sending.terms.campaign_id, sending.terms.now)
    return written


def statement_of(sending: Sending, portion: Portion) -> Sql:
    """The statement itself."""
    terms = sending.terms
    return sql(
        _WRITE,
        people=portion.people,
        judged=portion.judged,
        enrols=Sql("TRUE" if sending.version_id else "FALSE"),
        campaign=terms.campaign_id or None,
        version=sending.version_id,
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
        zone=terms.zone,
        expires_at=terms.expires_at,
        now=terms.now,
        key=sending.key,
        data=json.dumps(sending.data),
    )

"""Fan-out: the audience through the gate into messages, in ranges of people.

Each range is one statement in one transaction that also moves the cursor (kept in the campaign's
job), so that a process killed anywhere leaves whole ranges, and whoever comes next goes on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from campaigns.delivery.claims import CHUNK
from campaigns.delivery.gate import BUCKETS, Terms, judged
from campaigns.delivery.reserving import lock_counts
from campaigns.delivery.terms import Plan, plan_of, shuffle_of, terms_of
from campaigns.models import Campaign, ContentVersion
from config.postgres.sql import Sql, sql
from config.workspace.models import Job
from config.workspace.statistics import plan_for_the_unknown, refresh_statistics
from consent.channels import contact_kind
from consent.models import Purpose
from consent.selectors.reach import between
from profiles.identity.addresses import USABLE, told_by_ours
from profiles.people.lineage import ids_ever

RANGE = 50_000  # people a transaction: sorts stay within work_mem, a step takes a second or two
LANE_BULK = 9
JOB = "fan_out"
# what the gate reads of people: a plan without statistics is quadratic
READ = (
    "membership", "profile", "identifier", "consent_state", "consent_entry", "suppression",
    "contact_count", "message", "merge",
)  # fmt: skip

_PEOPLE = """
    SELECT m.profile_id FROM membership m
    WHERE m.segment_id = {segment} AND m.left_at IS NULL AND {bounds}
"""
# who has no address of their own of this kind, but another person's as a trait
_BORROWERS = """
    SELECT m.profile_id FROM membership m JOIN profile p ON p.id = m.profile_id
    WHERE m.segment_id = {segment} AND m.left_at IS NULL AND {borrows}
"""
_BORROWS = f"""(p.traits ? {{kind}}
    AND NOT EXISTS (SELECT 1 FROM identifier i WHERE i.profile_id = p.id AND i.kind = {{kind}}
                    AND {USABLE})
    AND EXISTS (SELECT 1 FROM identifier o WHERE o.kind = {{kind}}
                AND o.value = lower(btrim(p.traits->>{{kind}})))
    AND {{told}})"""  # noqa: S608 - pieces of ours

_WRITE = """
WITH people AS MATERIALIZED ({people}),
judged AS MATERIALIZED ({judged}),
placed AS MATERIALIZED (
    SELECT j.*, CASE WHEN reason IN ('', 'holdout')
                THEN nextval('enrolment_id_seq') END AS enrolment_id,
           width_bucket(((bucket * {arm_a}::bigint + {arm_b}) %% {buckets})::int,
                        {cuts}::int[]) + 1 AS arm
    FROM judged j
), entered AS (
    INSERT INTO enrolment (id, profile_id, campaign_id, campaign_version_id, instance_key, bucket,
                           step, visit, arm, entered_at, ended_at, end_reason, data)
    SELECT enrolment_id, profile_id, {campaign}, {version}, '', bucket, {step}, 1,
           CASE WHEN reason = 'holdout' THEN 'control' ELSE '' END, {now}, {now},
           CASE WHEN reason = 'holdout' THEN 'holdout' ELSE 'completed' END, '{{}}'
    FROM placed WHERE enrolment_id IS NOT NULL
), written AS (
    INSERT INTO message (public_id, profile_id, enrolment_id, campaign_id, step, visit, lane,
        is_marketing, is_test, purpose_id, channel, address, state, reason, queued_at, due_at,
        expires_at, attempts, content_version_id, locale, variant, consent_entry_id,
        idempotency_key, provider_ref, data)
    SELECT gen_random_uuid(), profile_id, enrolment_id, {campaign}, {step}, 1, {lane},
           {marketing}, false, {purpose}, {channel}, coalesce(address, ''),
           CASE WHEN reason = '' THEN 'queued' ELSE 'excluded' END, reason, {now}, due_at,
           {expires_at}, 0, ({contents}::bigint[])[arm], '', ({variants}::text[])[arm],
           CASE WHEN reason = '' THEN entry_id END, '', '', '{{}}'
    FROM placed
    RETURNING profile_id, id, state, due_at
), counted AS (
    INSERT INTO contact_count AS c (profile_id, channel, day, n)
    SELECT profile_id, {channel}, {day}, 1 FROM written WHERE state = 'queued' AND {marketing}
    ORDER BY profile_id  -- as whoever gives counts back locks them
    ON CONFLICT (profile_id, channel, day) DO UPDATE SET n = c.n + 1
), chunks AS (
    INSERT INTO message_chunk (campaign_id, lane, channel, profile_ids, message_ids, due_at,
                               attempts, created_at)
    SELECT {campaign}, {lane}, {channel}, array_agg(profile_id), array_agg(id), due_at, 0,
           {now}
    FROM (SELECT profile_id, id, due_at,
                 (row_number() OVER (PARTITION BY due_at ORDER BY profile_id) - 1) / {chunk}
                 AS part
          FROM written WHERE state = 'queued') w
    GROUP BY due_at, part
)
SELECT count(*), count(*) FILTER (WHERE state = 'queued') FROM written
"""


def fan_out(campaign_id: int) -> int:
    """Queue the next range of a running campaign; the number of people looked at, 0 when done.

    Safe beside others: the campaign's row is the lock, and an uncommitted range is nothing.
    """
    refresh_statistics(*READ)
    with transaction.atomic():
        campaign = (
            Campaign.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=campaign_id, status=Campaign.Status.RUNNING, fanned_out_at=None)
            .select_related("current")
            .first()
        )
        if campaign is None:
            return 0
        return _next_range(campaign, timezone.now())


def _next_range(campaign: Campaign, now: datetime) -> int:
    job = _job(campaign)
    plan = plan_of(campaign, campaign.current)
    terms = terms_of(plan, now=now, start=campaign.launched_at)
    low = int(job.result.get("cursor", 0))
    with connection.cursor() as cursor:
        plan_for_many(cursor)
        if terms.cap:
            lock_counts(cursor, terms.channel)
        high = _high(cursor, terms.segment_id, low)
        if high is not None:
            seen = write_range(cursor, campaign, plan, terms, low, high)
            job.result = {"cursor": high}
        else:
            seen = _write_borrowers(cursor, campaign, plan, terms)
            _finish(campaign, job, now)
    job.done += seen
    job.save(update_fields=["result", "done"])
    return max(seen, 1)


def plan_for_many(cursor: CursorWrapper) -> None:
    """How this transaction plans to ask about a range of people."""
    cursor.execute("SET LOCAL work_mem = '64MB'")
    plan_for_the_unknown(cursor, *READ)


def _job(campaign: Campaign) -> Job:
    job, _made = Job.objects.get_or_create(
        kind=JOB,
        subject=f"campaign:{campaign.slug}:{campaign.current_id}",
        defaults={
            "title": campaign.name,
            "state": Job.State.RUNNING,
            "started_at": timezone.now(),
            "created_by_id": campaign.created_by_id,
        },
    )
    return job


def _finish(campaign: Campaign, job: Job, now: datetime) -> None:
    campaign.fanned_out_at = now
    campaign.save(update_fields=["fanned_out_at"])
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, finished_at=now)


def _high(cursor: CursorWrapper, segment_id: int, low: int, size: int = 0) -> int | None:
    """The end of the range after `low`; None after the last. It holds `size` (or RANGE) at most."""
    cursor.execute(
        "SELECT max(profile_id) FROM (SELECT profile_id FROM membership WHERE segment_id = %s"
        " AND left_at IS NULL AND profile_id > %s ORDER BY profile_id LIMIT %s) m",
        [segment_id, low, size or RANGE],
    )
    high: int | None = cursor.fetchone()[0]
    return high


def write_range(
    cursor: CursorWrapper, campaign: Campaign, plan: Plan, terms: Terms, low: int, high: int
) -> int:
    """Everyone of the range with an address of their own, or none: one statement."""
    return _write(cursor, campaign, plan, terms, own_portion(terms, low, high))


def _write_borrowers(cursor: CursorWrapper, campaign: Campaign, plan: Plan, terms: Terms) -> int:
    """The few who have only another person's address, last: now it is known who got it."""
    taken = sql(
        "EXISTS (SELECT 1 FROM message t"  # noqa: S608 - pieces of ours
        f" WHERE t.profile_id IN ({ids_ever('r.owner_id')}) AND t.owner_id IS NULL"
        " AND t.campaign_id = {campaign} AND t.state <> 'excluded')",
        campaign=campaign.pk,
    )
    return _write(cursor, campaign, plan, terms, borrowing_portion(terms, taken))


@dataclass(frozen=True)
class Portion:
    """Some of an audience and what the gate says of each: `judged` reads the CTE `people`."""

    people: Sql
    judged: Sql


PEOPLE = Sql("people")


def own_portion(terms: Terms, low: int, high: int) -> Portion:
    """Everyone of a range with an address of their own, or none."""
    narrow = between(low, high)
    people = sql(_PEOPLE, segment=terms.segment_id, bounds=narrow(Sql("m.profile_id")))
    return Portion(people, _without_borrowers(terms, judged(terms, PEOPLE, narrow=narrow)))


def _without_borrowers(terms: Terms, lines: Sql) -> Sql:
    """These judged people but for those whose turn comes last (`borrowing_portion`)."""
    return sql(
        "SELECT * FROM ({lines}) j WHERE reason <> 'no_address' OR NOT EXISTS"
        " (SELECT 1 FROM profile p WHERE p.id = j.profile_id AND {borrows})",
        lines=lines,
        borrows=_borrows(terms),
    )


def borrowing_portion(terms: Terms, taken: Sql) -> Portion:
    """Those who have only another person's address; `taken`: that one (`r.owner_id`) gets it."""
    people = sql(_BORROWERS, segment=terms.segment_id, borrows=_borrows(terms))
    return Portion(people, judged(terms, PEOPLE, borrowed=True, taken=taken))


def _borrows(terms: Terms) -> Sql:
    kind = contact_kind(terms.channel)
    return sql(_BORROWS, kind=kind, told=told_by_ours(kind))


def _write(
    cursor: CursorWrapper, campaign: Campaign, plan: Plan, terms: Terms, portion: Portion
) -> int:
    sql(
        _WRITE,
        people=portion.people,
        judged=portion.judged,
        buckets=Sql(str(BUCKETS)),
        **_constants(campaign, plan, terms),
    ).on(cursor)
    seen: int = cursor.fetchone()[0]
    return seen


def _constants(campaign: Campaign, plan: Plan, terms: Terms) -> dict[str, Any]:
    contents = dict(
        ContentVersion.objects.filter(
            version_id=campaign.current_id, step=plan.step["id"]
        ).values_list("variant", "pk")
    )
    names = [name for name, _share in plan.variants]
    arm_a, arm_b = shuffle_of(f"variant:{campaign.slug}:{plan.step['id']}")
    return {
        "campaign": campaign.pk,
        "version": campaign.current_id,
        "step": plan.step["id"],
        "lane": LANE_BULK,
        "marketing": terms.purpose.purpose_class == Purpose.Class.MARKETING,
        "purpose": terms.purpose.pk,
        "channel": terms.channel,
        "contents": [contents[name] for name in names],
        "variants": names,
        "cuts": _cuts([share for _name, share in plan.variants]),
        "arm_a": arm_a,
        "arm_b": arm_b,
        "chunk": CHUNK,
        "day": local_day(terms),
        "expires_at": terms.expires_at,
        "now": terms.now,
    }


def _cuts(shares: list[float]) -> list[int]:
    """Where one variant's buckets end and the next one's begin."""
    cuts, total = [], 0.0
    for share in shares[:-1]:
        total += share
        cuts.append(round(total * BUCKETS))
    return cuts or [BUCKETS]


def local_day(terms: Terms) -> str:
    """Today where the workspace is: the day that contact counts go by."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - beside its only use

    return terms.now.astimezone(ZoneInfo(terms.zone)).date().isoformat()

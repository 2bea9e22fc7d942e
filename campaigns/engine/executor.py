"""The executor: people who are due at a step, executed at it all at once and moved on.

What a step does, and the move of each of its people with the row that says what decided, are one
transaction; so each step of an enrolment is executed once, wherever a process ends. The unit of
work `journeys`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from campaigns.engine.claims import Claim, claim, hold, release
from campaigns.engine.steps import StepBatch, kind_of
from campaigns.faults import one_by_one
from campaigns.leases import CLOCK
from campaigns.models import Campaign, CampaignVersion
from campaigns.plan import Plan, plan_of
from config.postgres.sql import Sql, one, run, sql
from config.workspace.work.due import wake

COMPLETED: Final = "completed"

_DUE = f"""
SELECT k.id FROM campaign k WHERE k.status = 'running' AND EXISTS (
    SELECT 1 FROM enrolment e WHERE e.campaign_id = k.id AND e.ended_at IS NULL
    AND e.due_at <= {{now}} AND (e.lease IS NULL OR e.lease_until < {CLOCK}))
"""  # noqa: S608 - a piece of ours
# until the transaction ends nobody pauses or cancels it: whoever does finds what was queued
_RUNS = "SELECT 1 FROM campaign WHERE id = {campaign} AND status = 'running' FOR SHARE"
# who is due at the next step is reckoned from when they arrive there, by their own profile
_MOVE = """
WITH ways AS MATERIALIZED ({ways}),
timed AS MATERIALIZED (
    SELECT w.*, CASE {dues} END AS due_at FROM ways w JOIN profile p ON p.id = w.profile_id
), moved AS (
    UPDATE enrolment e SET step = t.to_step, due_at = t.due_at, lease = NULL, lease_until = NULL,
           ended_at = CASE WHEN t.to_step = '' THEN {now}::timestamptz END,
           end_reason = CASE WHEN t.to_step = '' THEN {completed} ELSE '' END
    FROM timed t
    WHERE e.profile_id = t.profile_id AND e.id = t.enrolment_id AND e.lease = {lease}
      AND e.step = {step} AND e.ended_at IS NULL
    RETURNING e.profile_id, e.id, e.visit, t.to_step, t.decided
), noted AS (
    INSERT INTO enrolment_transition (profile_id, enrolment_id, campaign_id, from_step, to_step,
                                      visit, at, decided)
    SELECT m.profile_id, m.id, {campaign}, {step}, m.to_step, m.visit, {now}, m.decided FROM moved m
    RETURNING 1
)
SELECT count(*) FROM noted
"""


class Unmoved(Exception):
    """A step did not say of everybody where they go on: nothing of it is kept."""


def advance_enrolments() -> int:
    """One step for people who are due, a batch a campaign; how many were moved, 0 when none is."""
    now = timezone.now()
    due = [number for (number,) in run(sql(_DUE, now=now))]
    moved = one_by_one(Campaign.objects.filter(pk__in=due), lambda number: advance(number, now))
    if moved:
        wake("delivery")
        wake("campaigns")
    return moved


def advance(campaign_id: int, now: datetime) -> int:
    """Execute one batch of a campaign; how many people were moved.

    What fails is given back and raised.
    """
    claimed = claim(campaign_id, now)
    if claimed is None:
        return 0
    try:
        return execute(claimed, now)
    except Exception:
        release(claimed)
        raise


@transaction.atomic
def execute(claimed: Claim, now: datetime) -> int:
    """What the step does, and everybody's move: one transaction. How many were moved."""
    if not run(sql(_RUNS, campaign=claimed.campaign_id)):
        return 0  # paused or ended since: the lease runs out
    pairs = hold(claimed)
    if not pairs:
        return 0
    version = CampaignVersion.objects.select_related("campaign").get(pk=claimed.version_id)
    plan = plan_of(version.campaign, version)
    batch = StepBatch(
        plan=plan,
        node=plan.node(claimed.step),
        lease=claimed.lease,
        now=now,
        profiles=[profile for profile, _enrolment in pairs],
        enrolments=[enrolment for _profile, enrolment in pairs],
    )
    with connection.cursor() as cursor:
        ways = kind_of(batch.node.step).run(cursor, batch)
    moved = int(one(_moving(batch, ways))[0])
    if moved != len(pairs):
        raise Unmoved(f"{moved} of {len(pairs)} at {claimed.step}")
    return moved


def _moving(batch: StepBatch, ways: Sql) -> Sql:
    targets = {batch.node.after, *(to for _name, to in batch.node.ways)}
    return sql(
        _MOVE,
        ways=ways,
        dues=due_by_step(batch.plan, targets, Sql("w.to_step"), Sql("w.at")),
        now=batch.now,
        completed=COMPLETED,
        lease=batch.lease,
        step=batch.node.key,
        campaign=batch.plan.campaign.pk,
    )


def due_by_step(plan: Plan, keys: Iterable[str], at: Sql, arrival: Sql) -> Sql:
    """WHEN ... THEN ... for each of these steps: when who arrives is due; `p` is their profile."""
    whens = [
        sql(
            "WHEN {at} = {key} THEN {due}",
            at=at,
            key=key,
            due=kind_of(plan.node(key).step).due(plan.node(key).step, arrival),
        )
        for key in sorted(keys)
        if key
    ]
    return Sql(" ").joined([*whens, Sql("WHEN FALSE THEN NULL::timestamptz")])

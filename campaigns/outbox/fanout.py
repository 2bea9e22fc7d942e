"""Fan-out: the audience through the gate into messages, portion by portion.

Each is one statement in one transaction that also moves the cursor (kept in the campaign's job), so
that a process killed anywhere leaves whole portions, and whoever comes next goes on.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from campaigns.audience.portions import (
    EARLIER,
    GATE_READS,
    READ,
    Portion,
    next_portion,
    plan_for_many,
)
from campaigns.gate.expression import Shuffle, Terms
from campaigns.gate.terms import shuffle_of, terms_of
from campaigns.models import Campaign, ContentVersion
from campaigns.outbox.writing import Sending, Variant, write
from campaigns.plan import Plan, Step, plan_of, variants_of
from config.postgres.sql import Sql, sql
from config.workspace.models import Job
from config.workspace.tables.statistics import plan_for_the_unknown, refresh_statistics
from profiles.people.lineage import ids_ever

LANE_BULK = 9
JOB = "fan_out"
# what is done with the people above a cursor: how many were seen, and where the next begin, if any
Act = Callable[[CursorWrapper, Plan, int, datetime], tuple[int, int | None]]


def fan_out(campaign_id: int) -> int:
    """Queue the next portion of a running campaign; the number of people looked at, 0 when done."""
    return go_through(campaign_id, _write_portion, GATE_READS)


def go_through(campaign_id: int, act: Act, reads: Sequence[str] = READ) -> int:
    """`act` on the next portion of a running campaign's audience; as `fan_out`.

    Safe beside others: the campaign's row is the lock, and an uncommitted portion is nothing.
    `reads`: the tables whose size and values its plan goes by.
    """
    refresh_statistics(*reads)
    with transaction.atomic():
        campaign = (
            Campaign.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=campaign_id, status=Campaign.Status.RUNNING, fanned_out_at=None)
            .select_related("current")
            .first()
        )
        if campaign is None:
            return 0
        return _next_portion(campaign, act, reads, timezone.now())


def _next_portion(campaign: Campaign, act: Act, reads: Sequence[str], now: datetime) -> int:
    job = _job(campaign)
    after = int(job.result.get("cursor", 0))
    with connection.cursor() as cursor:
        plan_for_many(cursor, *reads)
        seen, end = act(cursor, plan_of(campaign), after, now)
    if end is None:
        _finish(campaign, job, now)
    else:
        job.result = {"cursor": end}
    job.done += seen
    job.save(update_fields=["result", "done"])
    return max(seen, 1)


def _write_portion(
    cursor: CursorWrapper, plan: Plan, after: int, now: datetime
) -> tuple[int, int | None]:
    terms = terms_of(plan, now=now, start=plan.campaign.launched_at)
    portion = next_portion(cursor, terms, after, taken=_taken(plan.campaign))
    if _asks_of_messages(terms, portion):
        refresh_statistics(EARLIER)
        plan_for_the_unknown(cursor, EARLIER)
    step = plan.step
    sending = Sending(
        terms=terms,
        lane=LANE_BULK,
        arms=arms_of(plan, step),
        step=step["id"],
        shuffle=arms_shuffle(plan, step),
    )
    return write(cursor, sending, portion).seen, portion.end


def _asks_of_messages(terms: Terms, portion: Portion) -> bool:
    """Whether the statement reads messages as well. The others only write them: to analyse what
    grows with each portion would cost a sixth of it.
    """
    return portion.end is None or bool(terms.fresh.text)


def _taken(campaign: Campaign) -> Sql:
    """The owner of an address (`r.owner_id`) got it: known, since they come before who borrows."""
    return sql(
        "EXISTS (SELECT 1 FROM message t"  # noqa: S608 - pieces of ours
        f" WHERE t.profile_id IN ({ids_ever('r.owner_id')}) AND t.owner_id IS NULL"
        " AND t.campaign_id = {campaign} AND t.state <> 'excluded')",
        campaign=campaign.pk,
    )


def arms_of(plan: Plan, step: Step) -> Sequence[Variant]:
    """The variants of a launched message, with their frozen contents."""
    rows = ContentVersion.objects.filter(version_id=plan.version_id, step=step["id"])
    contents = dict(rows.values_list("variant", "pk"))
    return [Variant(name, share, contents[name]) for name, share in variants_of(step)]


def arms_shuffle(plan: Plan, step: Step) -> Shuffle:
    """Who gets which variant: the same at each asking, another order in each step."""
    return shuffle_of(f"variant:{plan.campaign.slug}:{step['id']}")


def _job(campaign: Campaign) -> Job:
    job, _made = Job.objects.get_or_create(
        kind=JOB,
        subject=campaign.job_subject,
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

"""Fan-out: the audience through the gate into messages, portion by portion.

Each is one statement in one transaction that also moves the cursor (kept in the campaign's job), so
that a process killed anywhere leaves whole portions, and whoever comes next goes on.
"""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from campaigns.audience.portions import READ, next_portion, plan_for_many
from campaigns.gate.expression import Terms
from campaigns.gate.terms import Plan, plan_of, shuffle_of, terms_of
from campaigns.models import Campaign, ContentVersion
from campaigns.outbox.writing import Arm, Sending, write
from config.postgres.sql import Sql, sql
from config.workspace.models import Job
from config.workspace.statistics import refresh_statistics
from profiles.people.lineage import ids_ever

LANE_BULK = 9
JOB = "fan_out"


def fan_out(campaign_id: int) -> int:
    """Queue the next portion of a running campaign; the number of people looked at, 0 when done.

    Safe beside others: the campaign's row is the lock, and an uncommitted portion is nothing.
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
        return _next_portion(campaign, timezone.now())


def _next_portion(campaign: Campaign, now: datetime) -> int:
    job = _job(campaign)
    plan = plan_of(campaign, campaign.current)
    terms = terms_of(plan, now=now, start=campaign.launched_at)
    after = int(job.result.get("cursor", 0))
    with connection.cursor() as cursor:
        plan_for_many(cursor)
        portion = next_portion(cursor, terms, after, taken=_taken(campaign))
        seen = write(cursor, _sending(campaign, plan, terms), portion).seen
    if portion.end is None:
        _finish(campaign, job, now)
    else:
        job.result = {"cursor": portion.end}
    job.done += seen
    job.save(update_fields=["result", "done"])
    return max(seen, 1)


def _taken(campaign: Campaign) -> Sql:
    """The owner of an address (`r.owner_id`) got it: known, since they come before who borrows."""
    return sql(
        "EXISTS (SELECT 1 FROM message t"  # noqa: S608 - pieces of ours
        f" WHERE t.profile_id IN ({ids_ever('r.owner_id')}) AND t.owner_id IS NULL"
        " AND t.campaign_id = {campaign} AND t.state <> 'excluded')",
        campaign=campaign.pk,
    )


def _sending(campaign: Campaign, plan: Plan, terms: Terms) -> Sending:
    step = plan.step["id"]
    contents = dict(
        ContentVersion.objects.filter(version_id=campaign.current_id, step=step).values_list(
            "variant", "pk"
        )
    )
    return Sending(
        terms=terms,
        lane=LANE_BULK,
        arms=[Arm(name, share, contents[name]) for name, share in plan.variants],
        step=step,
        shuffle=shuffle_of(f"variant:{campaign.slug}:{step}"),
        version_id=campaign.current_id,
    )


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

"""Where a campaign stands: undone, paused, resumed, cancelled, started when it is due."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.faults import forget_fault, one_by_one
from campaigns.gate.contact_counts import ENDED, give_back
from campaigns.models import Campaign
from campaigns.outbox.pacing import begin_again
from campaigns.standing_words import BOUNCES, COMPLAINTS
from config.postgres.sql import one, run, sql
from config.workspace import audit
from config.workspace.work.due import wake
from config.workspace.work.jobs import stop_jobs

Status = Campaign.Status


class WrongStatus(Exception):
    """The campaign is not in a status in which this can be done."""

    def __init__(self, status: str, allowed: str) -> None:
        super().__init__(
            _("The campaign is %(status)s; this needs it to be %(allowed)s.")
            % {"status": status, "allowed": allowed}
        )
        self.status = status


def needs_status(campaign: Campaign, *allowed: str) -> None:
    """Raise WrongStatus unless the campaign is in one of these."""
    if campaign.status not in allowed:
        raise WrongStatus(campaign.status, ", ".join(allowed))


def locked(campaign: Campaign) -> Campaign:
    """Its row, held until the transaction ends."""
    return Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)


def start(campaign: Campaign, now: datetime) -> None:
    """It runs from now on; not saved yet."""
    campaign.status, campaign.launched_at = Status.RUNNING, now
    campaign.hold_until = None


@transaction.atomic
def undo(campaign: Campaign) -> Campaign:
    """Back to a draft while nothing has been sent: held or scheduled. Raises WrongStatus."""
    row = locked(campaign)
    needs_status(row, Status.HELD, Status.SCHEDULED)
    row.status = Status.DRAFT
    forget_fault(row)
    row.current = row.hold_until = row.scheduled_at = None
    row.save()
    audit.record("undo_launch", "campaign", row.slug)
    return row


@transaction.atomic
def pause(campaign: Campaign, *, reason: str = "") -> Campaign:
    """Nothing more goes out until it is resumed; what is queued waits. Raises WrongStatus."""
    row = locked(campaign)
    needs_status(row, Status.RUNNING, Status.SCHEDULED, Status.HELD)
    row.paused_from, row.status, row.pause_reason = row.status, Status.PAUSED, reason
    forget_fault(row)
    row.save()
    audit.record("pause", "campaign", row.slug, detail={"reason": reason} if reason else None)
    return row


@transaction.atomic
def resume(campaign: Campaign) -> Campaign:
    """Go on where it was paused; what expired meanwhile is not sent. Raises WrongStatus."""
    row = locked(campaign)
    needs_status(row, Status.PAUSED)
    row.status, row.paused_from, row.pause_reason = row.paused_from or Status.RUNNING, "", ""
    forget_fault(row)
    row.save()
    audit.record("resume", "campaign", row.slug)
    begin_again(row.pk, timezone.now())
    for unit in ("campaigns", "journeys", "delivery"):
        wake(unit)
    return row


@transaction.atomic
def cancel(campaign: Campaign) -> Campaign:
    """End it: queued messages become cancelled and give their contact counts back.

    What is being handed over at this moment is sent. Raises WrongStatus.
    """
    row = locked(campaign)
    needs_status(row, Status.HELD, Status.SCHEDULED, Status.RUNNING, Status.PAUSED)
    row.status, row.finished_at, row.next = Status.CANCELLED, timezone.now(), None
    forget_fault(row)
    row.save()
    stop_jobs(row.job_subject)
    run(sql(_LEAVE, campaign=row.pk))
    query = sql(_CANCEL, campaign=row.pk, ended=ENDED, give_back=give_back())
    cancelled = int(one(query)[0])
    audit.record("cancel", "campaign", row.slug, detail={"messages": cancelled})
    return row


# whoever is on the way stops where they are
_LEAVE = """
WITH gone AS (
    UPDATE enrolment e SET ended_at = now(), end_reason = 'cancelled', lease = NULL
    WHERE e.campaign_id = {campaign} AND e.ended_at IS NULL RETURNING 1
) SELECT count(*) FROM gone
"""
_CANCEL = """
WITH ended AS (
    UPDATE message t SET state = 'cancelled'
    WHERE t.campaign_id = {campaign} AND t.state = 'queued'
    RETURNING {ended}
), gone AS (
    DELETE FROM message_chunk WHERE campaign_id = {campaign} AND lease IS NULL
), {give_back}
SELECT count(*) FROM ended
"""


def take_up(now: datetime | None = None) -> int:
    """Start what was held or scheduled until now; the number of campaigns started."""
    now = now or timezone.now()
    due = Campaign.objects.filter(status=Status.HELD, hold_until__lte=now) | (
        Campaign.objects.filter(status=Status.SCHEDULED, scheduled_at__lte=now)
    )
    return one_by_one(due, partial(_take_up, now=now))


@transaction.atomic
def _take_up(campaign_id: int, now: datetime) -> int:
    row = (
        Campaign.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=campaign_id, status__in=[Status.HELD, Status.SCHEDULED])
        .first()
    )
    if row is None:
        return 0
    start(row, now)
    row.save()
    return 1


def pause_words(kind: str, values: dict[str, Any]) -> str:
    """Why a send was paused by itself, as it is kept."""
    return {"bounces": BOUNCES, "complaints": COMPLAINTS}[kind] % values

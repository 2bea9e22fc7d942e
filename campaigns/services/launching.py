"""Launch, undo, pause, resume, cancel: where a campaign stands, and what its messages become."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.gate.contact_counts import ENDED, give_back
from campaigns.models import Campaign, CampaignVersion
from campaigns.outbox.pacing import begin_again
from campaigns.services.checks import NotReady, check_campaign, errors_of, skipping_permission
from campaigns.services.contents import freeze_contents
from campaigns.services.drafts import (
    MAY_GO_ON,
    WrongStatus,
    candidate_of,
    needs_status,
    take_next,
)
from campaigns.services.faults import forget_fault, one_by_one
from campaigns.services.field_errors import InvalidCampaign, fault
from campaigns.services.shown import Shown, refuse_other
from campaigns.services.uses import references_of
from campaigns.standing_words import BOUNCES, COMPLAINTS
from config.postgres.sql import one, run, sql
from config.workspace import audit, usage
from config.workspace.jobs import stop_jobs
from config.workspace.work import wake
from config.workspace.zones import read_exact

__all__ = ["NotReady", "WrongStatus", "cancel", "launch", "pause", "resume", "take_up", "undo"]
Status = Campaign.Status


def _locked(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)


@transaction.atomic
def launch(
    campaign: Campaign,
    *,
    at: datetime | None = None,
    hold: int = 0,
    may_skip_permission: bool = True,
    shown: Shown | None = None,
) -> Campaign:
    """Freeze the draft into a version and let it run: after `hold` seconds, at `at`, or at once.

    A transactional purpose asks nobody's permission, so whoever launches such a campaign needs the
    right to say what is transactional (`may_skip_permission`; semantics.md section 15). What they
    have seen of it is `shown`, and is still so, or nothing is launched. Of a campaign that runs it
    is the draft of its next version. Raises WrongStatus, NotReady with what has to be mended first,
    Differs, InvalidCampaign.
    """
    row = _locked(campaign)
    if row.next is not None and row.status in (*MAY_GO_ON, Status.FINISHED):
        return _launch_next(row, at, hold, may_skip_permission=may_skip_permission, shown=shown)
    needs_status(row, Status.DRAFT)
    _refuse(row, may_skip_permission=may_skip_permission, shown=shown)
    row.current = _freeze(row)
    at = at or read_exact(row.entry.get("at"))
    now = timezone.now()
    if at and at > now:
        row.status, row.scheduled_at = Status.SCHEDULED, at
    elif hold > 0:
        row.status, row.hold_until = Status.HELD, now + timedelta(seconds=hold)
    else:
        _start(row, now)
    row.save()
    audit.record("launch", "campaign", row.slug, detail={"version": row.current.number})
    wake("campaigns")
    return row


def _refuse(candidate: Campaign, *, may_skip_permission: bool, shown: Shown | None) -> None:
    usage.hold(references_of(candidate))  # from here on nothing that it uses can be archived
    errors = errors_of(check_campaign(candidate))
    if not may_skip_permission:
        errors += skipping_permission(candidate)
    if errors:
        raise NotReady(errors)
    if shown is not None:
        refuse_other(candidate, shown)


def _launch_next(
    row: Campaign,
    at: datetime | None,
    hold: int,
    *,
    may_skip_permission: bool,
    shown: Shown | None,
) -> Campaign:
    """The next version, for whoever was not in yet: who is on the way goes on by their own.

    It begins at once, since the campaign runs. Raises InvalidCampaign, NotReady, Differs.
    """
    if at is not None or hold:
        words = _("The next version of a campaign that runs begins at once.")
        raise InvalidCampaign([fault("at" if at is not None else "hold", words, "running")])
    _refuse(candidate_of(row), may_skip_permission=may_skip_permission, shown=shown)
    take_next(row)
    row.current = _freeze(row)
    row.revision += 1
    row.fanned_out_at = None
    if row.status == Status.FINISHED:
        row.status, row.finished_at = Status.RUNNING, None
    forget_fault(row)
    row.save()
    audit.record("launch", "campaign", row.slug, detail={"version": row.current.number})
    wake("campaigns")
    return row


def _freeze(campaign: Campaign) -> CampaignVersion:
    last = campaign.versions.order_by("-number").first()
    version = CampaignVersion.objects.create(
        campaign=campaign,
        number=last.number + 1 if last else 1,
        entry=campaign.entry,
        steps=campaign.steps,
        exit=campaign.exit,
        goal=campaign.goal,
        caps=campaign.caps,
        holdout=campaign.holdout,
        sender=campaign.sender,
    )
    freeze_contents(version)
    return version


def _start(campaign: Campaign, now: datetime) -> None:
    campaign.status, campaign.launched_at = Status.RUNNING, now
    campaign.hold_until = None


@transaction.atomic
def undo(campaign: Campaign) -> Campaign:
    """Back to a draft while nothing has been sent: held or scheduled. Raises WrongStatus."""
    row = _locked(campaign)
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
    row = _locked(campaign)
    needs_status(row, Status.RUNNING, Status.SCHEDULED, Status.HELD)
    row.paused_from, row.status, row.pause_reason = row.status, Status.PAUSED, reason
    forget_fault(row)
    row.save()
    audit.record("pause", "campaign", row.slug, detail={"reason": reason} if reason else None)
    return row


@transaction.atomic
def resume(campaign: Campaign) -> Campaign:
    """Go on where it was paused; what expired meanwhile is not sent. Raises WrongStatus."""
    row = _locked(campaign)
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
    row = _locked(campaign)
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
    _start(row, now)
    row.save()
    return 1


def pause_words(kind: str, values: dict[str, Any]) -> str:
    """Why a send was paused by itself, as it is kept."""
    return {"bounces": BOUNCES, "complaints": COMPLAINTS}[kind] % values

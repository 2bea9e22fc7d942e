"""Launch, undo, pause, resume, cancel: where a campaign stands, and what its messages become."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.composition.contents import freeze_contents
from campaigns.composition.field_errors import InvalidCampaign, fault
from campaigns.engine.status import (
    WrongStatus,
    cancel,
    locked,
    needs_status,
    pause,
    resume,
    start,
    take_up,
    undo,
)
from campaigns.faults import forget_fault
from campaigns.models import Campaign, CampaignVersion
from campaigns.services.checks import NotReady, check_campaign, errors_of, skipping_permission
from campaigns.services.drafts import (
    MAY_GO_ON,
    candidate_of,
    take_next,
)
from campaigns.services.shown import ShownDraft, refuse_other
from campaigns.services.uses import references_of
from config.workspace import audit
from config.workspace.lifecycle import usage
from config.workspace.work.due import wake
from config.workspace.zones import read_exact

__all__ = ["NotReady", "WrongStatus", "cancel", "launch", "pause", "resume", "take_up", "undo"]
Status = Campaign.Status


@transaction.atomic
def launch(
    campaign: Campaign,
    *,
    at: datetime | None = None,
    hold: int = 0,
    may_skip_permission: bool = True,
    shown: ShownDraft | None = None,
) -> Campaign:
    """Freeze the draft into a version and let it run: after `hold` seconds, at `at`, or at once.

    A transactional purpose asks nobody's permission, so whoever launches such a campaign needs the
    right to say what is transactional (`may_skip_permission`). What they
    have seen of it is `shown`, and is still so, or nothing is launched. Of a campaign that runs it
    is the draft of its next version. Raises WrongStatus, NotReady with what has to be mended first,
    Differs, InvalidCampaign.
    """
    row = locked(campaign)
    if row.next is not None and row.status in (*MAY_GO_ON, Status.FINISHED):
        return _launch_next(row, at, hold, may_skip_permission=may_skip_permission, shown=shown)
    needs_status(row, Status.DRAFT)
    _refuse(row, may_skip_permission=may_skip_permission, shown=shown)
    row.current = _freeze(row, shown)
    at = at or read_exact(row.entry.get("at"))
    now = timezone.now()
    if at and at > now:
        row.status, row.scheduled_at = Status.SCHEDULED, at
    elif hold > 0:
        row.status, row.hold_until = Status.HELD, now + timedelta(seconds=hold)
    else:
        start(row, now)
    row.save()
    audit.record("launch", "campaign", row.slug, detail={"version": row.current.number})
    wake("campaigns")
    return row


def _refuse(candidate: Campaign, *, may_skip_permission: bool, shown: ShownDraft | None) -> None:
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
    shown: ShownDraft | None,
) -> Campaign:
    """The next version, for whoever was not in yet: who is on the way goes on by their own.

    It begins at once, since the campaign runs. Raises InvalidCampaign, NotReady, Differs.
    """
    if at is not None or hold:
        words = _("The next version of a campaign that runs begins at once.")
        raise InvalidCampaign([fault("at" if at is not None else "hold", words, "running")])
    _refuse(candidate_of(row), may_skip_permission=may_skip_permission, shown=shown)
    take_next(row)
    row.current = _freeze(row, shown)
    row.revision += 1
    row.fanned_out_at = None
    if row.status == Status.FINISHED:
        row.status, row.finished_at = Status.RUNNING, None
    forget_fault(row)
    row.save()
    audit.record("launch", "campaign", row.slug, detail={"version": row.current.number})
    wake("campaigns")
    return row


def _freeze(campaign: Campaign, shown: ShownDraft | None) -> CampaignVersion:
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
        shown_recipients=shown.recipients if shown else None,
        sender=campaign.sender,
    )
    freeze_contents(version)
    return version

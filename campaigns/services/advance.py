"""The unit of work `campaigns`: start what is due, queue audiences, finish what is sent."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from campaigns import standing_words
from campaigns.audience.known import is_known
from campaigns.delivery.claims import take_back
from campaigns.delivery.strays import settle_strays
from campaigns.engine.entering import enter
from campaigns.engine.status import take_up
from campaigns.faults import CannotGoOn, one_by_one
from campaigns.models import Campaign, Enrolment, MessageChunk
from campaigns.outbox.fanout import fan_out
from campaigns.outcomes import told
from campaigns.plan import plan_of
from config.workspace import audit
from config.workspace.work.due import wake
from segments.models import Segment

# whose row the next step locks; paused ones are not under way, nor those that wait after a fault
UNDER_WAY = """
SELECT k.id FROM campaign k
WHERE (k.retry_at IS NULL OR k.retry_at <= now()) AND (
      k.status = 'held' AND k.hold_until <= now()
   OR k.status = 'scheduled' AND k.scheduled_at <= now()
   OR k.status = 'running' AND (k.fanned_out_at IS NULL OR NOT EXISTS (
        SELECT 1 FROM message_chunk c WHERE c.campaign_id = k.id) AND NOT EXISTS (
        SELECT 1 FROM enrolment e WHERE e.campaign_id = k.id AND e.ended_at IS NULL)))
"""


def advance_campaigns() -> int:
    """One step for each campaign that is under way; the number of things done, 0 when none."""
    handled = settle_strays() + take_up()
    running = Campaign.objects.filter(status=Campaign.Status.RUNNING)
    handled += one_by_one(running.filter(fanned_out_at=None), _queue_audience)
    if handled:
        wake("delivery")
    return handled + _finish(running)


def _queue_audience(campaign_id: int) -> int:
    """Messages at once where the campaign ends with its first; else people enter it."""
    if not _audience_is_known(campaign_id):
        return 0
    campaign = Campaign.objects.select_related("current").get(pk=campaign_id)
    return fan_out(campaign_id) if plan_of(campaign).is_single else enter(campaign_id)


def _audience_is_known(campaign_id: int) -> bool:
    """A rule that was not evaluated as it stands says nothing of who is in: wait for the refresh.

    Raises CannotGoOn where that failed.
    """
    campaign = Campaign.objects.select_related("current").get(pk=campaign_id)
    slug = campaign.current.entry.get("segment", "") if campaign.current else ""
    segment = Segment.objects.filter(slug=slug).first()
    if segment is None or is_known(segment):
        return True
    if segment.status == Segment.Status.FAILED:
        raise CannotGoOn(standing_words.UNCOUNTABLE % {"name": segment.name})
    return False


def _finish(running: QuerySet[Campaign]) -> int:
    """Finished is a campaign that nobody enters any more, in which nobody is on the way, and of
    whose messages none waits.
    """
    waiting = MessageChunk.objects.filter(campaign_id=OuterRef("pk"))
    inside = Enrolment.objects.filter(campaign_id=OuterRef("pk"), ended_at=None)
    done = running.filter(~Exists(waiting), ~Exists(inside), fanned_out_at__isnull=False)
    return one_by_one(done, _finish_one)


@transaction.atomic
def _finish_one(campaign_id: int) -> int:
    row = (
        Campaign.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=campaign_id, status=Campaign.Status.RUNNING)
        .first()
    )
    if row is None:
        return 0
    if stray := take_back(campaign_id, timezone.now()):
        return stray
    row.status, row.finished_at = Campaign.Status.FINISHED, timezone.now()
    row.save(update_fields=["status", "finished_at", "updated_at"])
    audit.record("finish", "campaign", row.slug)
    told.finished(row)
    return 1

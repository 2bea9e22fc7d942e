"""What keeps a campaign from going on: written on it, tried again later, gone when it goes."""

import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.standing_words import UNEXPECTED
from config.workspace.work.due import wake
from config.workspace.work.faults import is_outage, is_passing, log_failure, pause_after

log = logging.getLogger(__name__)
ATTEMPTS = 3  # at once, where two were in each other's way
NO_FAULT = {"fault": "", "fault_at": None, "fault_count": 0, "retry_at": None}


class CannotGoOn(Exception):
    """What a campaign needs is not there; the message says what (`standing_words`)."""


def not_waiting() -> Q:
    """Campaigns whose turn it is: none of those that failed a moment ago."""
    return Q(retry_at=None) | Q(retry_at__lte=timezone.now())


def one_by_one(campaigns: QuerySet[Campaign], act: Callable[[int], int]) -> int:
    """`act` for each, by id; what fails on one is written on it, and the others go on.

    Returns the sum of what `act` returned. Raises outages of the database, which are no
    campaign's fault.
    """
    turn = campaigns.filter(not_waiting()).order_by("pk")
    return sum(_guarded(pk, act) for pk in list(turn.values_list("pk", flat=True)))


def _guarded(campaign_id: int, act: Callable[[int], int]) -> int:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            done = act(campaign_id)
        except Exception as error:
            if is_outage(error):
                raise
            if is_passing(error) and attempt < ATTEMPTS:
                continue
            note_fault(campaign_id, error)
            return 0
        if done:
            clear_fault(campaign_id)
        return done
    return 0


@transaction.atomic
def note_fault(campaign_id: int, error: Exception) -> None:
    """Write on the campaign what keeps it, since when, how often, and when it is tried again."""
    row = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign_id)
    now = timezone.now()
    row.fault, row.fault_count = words_of(error), row.fault_count + 1
    row.fault_at = row.fault_at or now
    row.retry_at = now + pause_after(row.fault_count)
    row.save(update_fields=list(NO_FAULT))
    reason = row.fault if isinstance(error, CannotGoOn) else place_of(error)
    log_failure(log, f"campaign {row.slug} cannot go on", reason, row.fault_count)


def words_of(error: Exception) -> str:
    """For the campaign's page. Another's message may hold personal data, so it is not repeated."""
    if isinstance(error, CannotGoOn):
        return str(error)
    name = type(error).__name__
    return UNEXPECTED % {"name": name}


def place_of(error: Exception) -> str:
    """Its kind and where it was raised, for the log."""
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    code = frame.tb_frame.f_code if frame else None
    where = f" in {code.co_filename}:{frame.tb_lineno}" if code and frame else ""
    return f"{type(error).__name__}{where}"


def clear_fault(campaign_id: int) -> None:
    """It goes on again."""
    row = Campaign.objects.filter(pk=campaign_id).exclude(fault_count=0).first()
    if row is not None:
        Campaign.objects.filter(pk=campaign_id).update(**NO_FAULT)
        log.info("campaign %s goes on after %d failures", row.slug, row.fault_count)


def forget_fault(campaign: Campaign) -> None:
    """For a status that somebody set by hand; the caller saves."""
    for name, value in NO_FAULT.items():
        setattr(campaign, name, value)


def try_now(campaign: Campaign) -> None:
    """Do not wait for the next attempt."""
    Campaign.objects.filter(pk=campaign.pk).update(retry_at=None)
    wake("campaigns")

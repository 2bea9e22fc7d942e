"""A rehearsal (dry run): everyone through the same gate, nothing written."""

import time
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from campaigns.audience.counting import Counted, count_audience
from campaigns.audience.earlier import Earlier, lately_days
from campaigns.audience.known import is_known, uncountable
from campaigns.audience.portions import READ, plan_for_many
from campaigns.faults import CannotGoOn
from campaigns.gate.expression import ORDER
from campaigns.gate.terms import terms_of
from campaigns.models import Campaign
from campaigns.models.message import MessageReason
from campaigns.outcomes.figures import by_reason
from campaigns.plan import plan_of
from campaigns.services.checks import Check, NotReady, audience_errors
from config.workspace.tables.statistics import refresh_statistics
from segments.members.stored import refresh
from segments.models import Segment


@dataclass(frozen=True)
class Rehearsal:
    """Who would get it, and how many would not for which reason, in the one fixed order.

    `details` says more of some reasons: how many withdrew, said no, were never asked.
    """

    audience: int
    excluded: dict[str, int]
    recipients: int
    control: int
    variants: dict[str, int] = field(default_factory=dict)
    sample: list[int] = field(default_factory=list)
    took_ms: int = 0
    details: dict[str, dict[str, int]] = field(default_factory=dict)
    earlier: Earlier = field(default_factory=Earlier)


def rehearse(campaign: Campaign, *, as_of: datetime | None = None) -> Rehearsal:
    """Count the draft's (or the launched version's) audience through the gate, as if sent now.

    A segment that waits to be counted is counted first. Raises NotReady where the draft does not
    say who is written to and by which channel, or what it names is gone.
    """
    began = time.perf_counter()
    missing = [] if campaign.current else audience_errors(campaign)
    if missing:
        raise NotReady(missing)
    now = as_of or timezone.now()
    plan = plan_of(campaign)
    try:
        terms = terms_of(plan, now=now)
    except CannotGoOn as error:
        raise NotReady([Check("gone", "error", str(error), "", "entry")]) from error
    _count_segment(terms.segment_id)
    refresh_statistics(*READ)
    with transaction.atomic(), connection.cursor() as cursor:
        plan_for_many(cursor)
        found = count_audience(cursor, terms, plan)
    excluded = {name: found.reasons[name] for name in ORDER if found.reasons.get(name)}
    return Rehearsal(
        audience=sum(found.reasons.values()),
        excluded=excluded,
        recipients=found.reasons.get("", 0),
        control=excluded.get("holdout", 0),
        variants=found.variants,
        sample=found.sample,
        details=by_reason(found.details),
        earlier=_earlier(found, lately_days(terms)),
        took_ms=round((time.perf_counter() - began) * 1000),
    )


def _count_segment(segment_id: int) -> None:
    """A segment that was not counted by its rule as it stands has no true number: count it now.

    Waits where a worker is at it. Raises NotReady where it cannot be counted.
    """
    if is_known(Segment.objects.get(pk=segment_id)):
        return
    refresh(segment_id)
    segment = Segment.objects.get(pk=segment_id)
    if not is_known(segment):
        raise NotReady([Check("uncounted", "error", uncountable(segment), "", "entry")])


def _earlier(found: Counted, days: int) -> Earlier:
    capped = MessageReason.CAPPED
    return Earlier(
        of=found.reasons[""] + found.reasons[capped],
        same=found.same[""] + found.same[capped],
        same_capped=found.same[capped],
        lately=found.lately[""] + found.lately[capped],
        lately_capped=found.lately[capped],
        days=days,
    )

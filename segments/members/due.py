"""What is due: announced changes, refreshes asked for or failed, and what time moves."""

import time
from datetime import datetime, timedelta

from django.utils import timezone

from config.workspace.work.due import LEFT, WORK, left_of
from config.workspace.work.waiting import WAITING
from profiles.changes import keys_of
from segments.members.live import process_changes
from segments.members.stored import counted_in, refresh, retry_at
from segments.members.values import due_traits, refresh_values, store_due
from segments.models import Segment
from segments.rules import SEGMENT, RuleError, parse_rule

SECONDS = 10.0  # after which a call gives way to other work
LEAST_BETWEEN = timedelta(seconds=60)
TIMES_ITS_COST = 20  # a segment that takes 5 s is refreshed every 100 s

# of segments to refresh nobody takes one away: whoever comes second waits for its members' lock
LEFT.register("segments", order=20)(left_of("SELECT id FROM profile_change"))
WAITING.register("segments")(
    "SELECT least((SELECT created_at FROM profile_change ORDER BY id LIMIT 1), "
    "(SELECT min(refresh_requested_at) FROM segment WHERE archived_at IS NULL), "
    "(SELECT min(refresh_requested_at) FROM computed_trait))"
)


@WORK.register("segments", order=20)
def work() -> int:
    """Changes first, then whole traits, what time moves of them, and whole segments; how many."""
    until = time.monotonic() + SECONDS
    handled = 0
    while time.monotonic() < until:
        done = process_changes()
        handled += done
        if not done:
            break
    for trait_id in due_traits(timezone.now()):
        if time.monotonic() > until:
            break
        refresh_values(trait_id)
        handled += 1
    while time.monotonic() < until:
        done = store_due(timezone.now())
        handled += done
        if not done:
            break
    for segment_id in due(timezone.now()):
        if time.monotonic() > until:
            break
        refresh(segment_id)
        handled += 1
    return handled


def due(now: datetime) -> list[int]:
    """Segments to refresh, those first that others refer to.

    Also where the workspace has moved since they were counted: its days are others then.
    """
    live = Segment.objects.filter(archived_at=None)
    asked = list(live.filter(refresh_requested_at__isnull=False))
    timed = live.filter(is_timed=True, status=Segment.Status.FRESH, refresh_requested_at=None)
    soon = filter(_by(now), timed)
    failed = live.filter(status=Segment.Status.FAILED, refresh_requested_at=None)
    settled = live.filter(kind=Segment.Kind.DYNAMIC, status=Segment.Status.FRESH)
    moved = settled.filter(refresh_requested_at=None).exclude(counted_in=counted_in())
    again = [segment for segment in failed if (retry_at(segment) or now) <= now]
    return [segment.pk for segment in _referred_first([*asked, *again, *moved, *soon])]


def _by(now: datetime):  # type: ignore[no-untyped-def]
    def is_due(segment: Segment) -> bool:
        if segment.refreshed_at is None:
            return True
        cost = timedelta(seconds=TIMES_ITS_COST * (segment.refresh_seconds or 0))
        waited = now - segment.refreshed_at >= max(LEAST_BETWEEN, cost)
        return waited and _may_differ(segment, segment.refreshed_at, now)

    return is_due


def _may_differ(segment: Segment, counted: datetime, now: datetime) -> bool:
    """Whether time alone may have moved somebody since; a rule that cannot be read says so then."""
    try:
        rule = parse_rule(segment.rule)
    except RuleError:
        return True
    due_at = rule.due_at(counted)
    return due_at is None or due_at <= now


def _referred_first(segments: list[Segment]) -> list[Segment]:
    waiting = {segment.slug: segment for segment in segments}
    ordered: list[Segment] = []

    def take(segment: Segment) -> None:
        if waiting.pop(segment.slug, None) is None:
            return
        for slug in keys_of(SEGMENT, segment.depends_on):
            if slug in waiting:
                take(waiting[slug])
        ordered.append(segment)

    for segment in segments:
        take(segment)
    return ordered

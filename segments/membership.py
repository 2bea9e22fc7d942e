"""Stored membership: only differences are written, set-based; one writer a segment."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from config.postgres.sql import Sql, one, sql
from config.workspace.faults import is_outage, is_passing, log_failure, pause_after
from config.workspace.health import reasons
from config.workspace.selectors import workspace
from config.workspace.statistics import joining_by_hash, refresh_statistics
from config.workspace.zones import workspace_zone
from profiles.changes import announce
from profiles.language.clock import rule_zone
from segments.locks import lock_members
from segments.models import Segment, SegmentSize
from segments.rules import RuleError, parse_rule
from segments.rules.compiler import CompileContext, compile_rule
from segments.signals import membership_changed

log = logging.getLogger(__name__)
ANNOUNCED_AT_ONCE = 5_000
ATTEMPTS = 3
# what rules read of people: without statistics the planner nests loops over all of them
READ = ("profile", "event", "event_item", "event_state", "consent_state", "membership", "message")

STORE = """
WITH now_in AS MATERIALIZED ({query}),
came AS (
    INSERT INTO membership (segment_id, profile_id, entered_at)
    SELECT {segment}, n.profile_id, {at}::timestamptz FROM now_in n
    WHERE NOT EXISTS (SELECT 1 FROM membership m WHERE m.segment_id = {segment}
                      AND m.profile_id = n.profile_id AND m.left_at IS NULL)
      AND (SELECT TRUE FROM profile p WHERE p.id = n.profile_id)
    ORDER BY n.profile_id
    ON CONFLICT DO NOTHING RETURNING profile_id
),
went AS (
    UPDATE membership m SET left_at = greatest({at}::timestamptz, m.entered_at)
    WHERE m.segment_id = {segment} AND m.left_at IS NULL {narrowing}
      AND NOT EXISTS (SELECT 1 FROM now_in n WHERE n.profile_id = m.profile_id)
    RETURNING m.profile_id
)
SELECT (SELECT array_agg(profile_id) FROM came), (SELECT array_agg(profile_id) FROM went)
"""


@dataclass(frozen=True)
class Moved:
    """Who came in and who went, as profile ids."""

    entered: list[int]
    left: list[int]

    def __bool__(self) -> bool:
        return bool(self.entered or self.left)


def reason_of(error: Exception) -> str:
    """What may be kept and logged: PostgreSQL's own words may quote a person's value."""
    if isinstance(error, RuleError):
        return str(error)
    return "busy" if _is_passing(error) else reasons.reason_of(error)


def refresh(segment_id: int) -> Moved:
    """Evaluate the whole rule and store the differences; a failure is kept on the segment.

    Raises outages of the database: they are no segment's fault.
    """
    refresh_statistics(*READ)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _refresh(segment_id)
        except Exception as error:
            if is_outage(error):
                raise
            if _is_passing(error) and attempt < ATTEMPTS:
                continue
            note_failure(segment_id, reason_of(error))
            break
    return Moved([], [])


def _is_passing(error: Exception) -> bool:
    """A deadlock, or a person who went away meanwhile."""
    return is_passing(error) or isinstance(error, IntegrityError)


@transaction.atomic
def _refresh(segment_id: int) -> Moved:
    lock_members([segment_id])
    segment = Segment.objects.filter(pk=segment_id, archived_at=None).first()
    if segment is None:
        return Moved([], [])
    started, now = time.monotonic(), timezone.now()
    place = counted_in()  # before the rule is compiled: what changes meanwhile is seen by the next
    moved = Moved([], [])
    if segment.kind == Segment.Kind.DYNAMIC:
        context = CompileContext(as_of=now)
        context.tune()
        moved = store(segment, compile_rule(parse_rule(segment.rule), context), now)
    _note_refreshed(segment, now, time.monotonic() - started, place)
    return moved


def update_some(segment: Segment, profile_ids: Sequence[int], now: datetime) -> Moved:
    """The same query, narrowed to some profiles; in the caller's transaction, lock held."""
    context = CompileContext(as_of=now, profile_ids=profile_ids)
    context.tune()
    moved = store(segment, compile_rule(parse_rule(segment.rule), context), now, within=profile_ids)
    if moved:
        segment.count += len(moved.entered) - len(moved.left)
        Segment.objects.filter(pk=segment.pk).update(count=segment.count)
        note_size(segment, now)
    return moved


def store(
    segment: Segment, query: Sql, now: datetime, *, within: Sequence[int] | None = None
) -> Moved:
    """Write who came in and who went, and announce it. The caller holds the segment's lock."""
    narrowing = Sql("")
    if within is not None:
        narrowing = sql("AND m.profile_id = ANY({ids}::bigint[])", ids=list(within))
    statement = sql(STORE, query=query, segment=segment.pk, at=now, narrowing=narrowing)
    if within is None:
        with joining_by_hash():
            entered, left = one(statement)
    else:
        entered, left = one(statement)
    moved = Moved(entered or [], left or [])
    if moved:
        tell(segment, moved, now)
    return moved


def tell(segment: Segment, moved: Moved, now: datetime) -> None:
    """Announce to the segments that ask for this one, and to whoever listens above."""
    name = f"segment:{segment.slug}"
    if Segment.objects.filter(depends_on__contains=[name], archived_at=None).exists():
        ids = sorted({*moved.entered, *moved.left})
        for start in range(0, len(ids), ANNOUNCED_AT_ONCE):
            announce(ids[start : start + ANNOUNCED_AT_ONCE], [name])
    membership_changed.send(
        Segment,
        segment=segment,
        entered=moved.entered,
        left=moved.left,
        at=now,
        is_first=segment.refreshed_at is None,
    )


def counted_in() -> str:
    """What members are counted by besides the rule: the workspace's time zone and country."""
    return f"{rule_zone().key} {workspace().country}".strip()


def note_failure(segment_id: int, error: str) -> None:
    """Keep why a refresh failed; it is tried again after a while, or when asked for."""
    rows = Segment.objects.filter(pk=segment_id)
    rows.update(
        status=Segment.Status.FAILED,
        error=error[:2_000],
        refresh_requested_at=None,
        failures=F("failures") + 1,
        failed_at=timezone.now(),
    )
    for slug, failures in rows.values_list("slug", "failures"):
        log_failure(log, f"refresh of segment {slug}", error, failures)


def retry_at(segment: Segment) -> datetime | None:
    """When a failed one is tried again; None where none failed."""
    if segment.failed_at is None or not segment.failures:
        return None
    return segment.failed_at + pause_after(segment.failures)


def note_size(segment: Segment, now: datetime) -> None:
    """The size of the day, for the chart of size over time."""
    SegmentSize.objects.update_or_create(
        segment=segment,
        day=timezone.localdate(now, workspace_zone()),
        defaults={"count": segment.count},
    )


def _note_refreshed(segment: Segment, now: datetime, seconds: float, place: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM membership WHERE segment_id = %s AND left_at IS NULL",
            [segment.pk],
        )
        segment.count = cursor.fetchone()[0]
    # a request that came after we began stands: it may mean what we did not see
    Segment.objects.filter(pk=segment.pk, refresh_requested_at__lte=now).update(
        refresh_requested_at=None
    )
    Segment.objects.filter(pk=segment.pk).update(
        count=segment.count,
        error="",
        failures=0,
        failed_at=None,
        refreshed_at=now,
        refresh_seconds=seconds,
        counted_version=segment.version,
        counted_in=place,
    )
    Segment.objects.filter(pk=segment.pk, refresh_requested_at=None).update(
        status=Segment.Status.FRESH
    )
    segment.versions.filter(number=segment.version, count=None).update(count=segment.count)
    note_size(segment, now)

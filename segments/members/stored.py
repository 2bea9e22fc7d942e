"""Stored membership: only differences are written, set-based; one writer a segment."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from config.postgres.sql import UNION_ALL, Sql, run, sql
from config.workspace.selectors import workspace
from config.workspace.tables.statistics import joining_by_hash, refresh_statistics
from config.workspace.work import reasons
from config.workspace.work.faults import is_outage, is_passing, log_failure, pause_after
from config.workspace.zones import workspace_zone
from profiles.changes import announce_each, keys_of
from profiles.language.times.clock import rule_zone
from segments.members.locks import lock_members
from segments.members.signals import membership_changed
from segments.models import ComputedTrait, Segment
from segments.rules import SEGMENT, RuleError, parse_rule, parse_rules
from segments.rules.compiler import CompileContext, compile_rule

log = logging.getLogger(__name__)
ATTEMPTS = 3
# what rules read of people: without statistics the planner nests loops over all of them
READ = ("profile", "event", "event_item", "event_state", "consent_state", "membership", "message")

STORE = """
WITH now_in AS MATERIALIZED ({now_in}),
came AS (
    INSERT INTO membership (segment_id, profile_id, entered_at)
    SELECT n.segment_id, n.profile_id, {at}::timestamptz FROM now_in n
    WHERE NOT EXISTS (SELECT 1 FROM membership m WHERE m.segment_id = {segment}
                      AND m.profile_id = n.profile_id AND m.left_at IS NULL)
      AND (SELECT TRUE FROM profile p WHERE p.id = n.profile_id)
    ORDER BY n.profile_id, n.segment_id
    ON CONFLICT DO NOTHING RETURNING segment_id, profile_id
),
went AS (
    UPDATE membership m SET left_at = greatest({at}::timestamptz, m.entered_at)
    WHERE {looked_at} AND m.left_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM now_in n WHERE n.segment_id = m.segment_id
                      AND n.profile_id = m.profile_id)
    RETURNING m.segment_id, m.profile_id
)
SELECT segment_id, array_agg(profile_id), TRUE FROM came GROUP BY segment_id
UNION ALL
SELECT segment_id, array_agg(profile_id), FALSE FROM went GROUP BY segment_id
"""
NOW_IN = "SELECT {segment}::bigint AS segment_id, q.profile_id FROM ({query}) q"
# pairs of a segment and a person
LOOKED_AT = """
(m.segment_id, m.profile_id) IN (
    SELECT l.segment_id, l.profile_id
    FROM unnest({segments}::bigint[], {ids}::bigint[]) AS l(segment_id, profile_id))
"""
COUNT = """
UPDATE segment s SET count = greatest(s.count + d.n, 0)
FROM unnest(%s::bigint[], %s::bigint[]) AS d(id, n) WHERE s.id = d.id
"""
# the size of the day, for the chart of size over time
SIZES = """
INSERT INTO segment_size (segment_id, day, count)
SELECT id, %s, count FROM segment WHERE id = ANY(%s) ORDER BY id
ON CONFLICT (segment_id, day) DO UPDATE SET count = EXCLUDED.count
"""


@dataclass(frozen=True)
class MembershipMoves:
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


def refresh(segment_id: int) -> MembershipMoves:
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
    return MembershipMoves([], [])


def _is_passing(error: Exception) -> bool:
    """A deadlock, or a person who went away meanwhile."""
    return is_passing(error) or isinstance(error, IntegrityError)


@transaction.atomic
def _refresh(segment_id: int) -> MembershipMoves:
    lock_members([segment_id])
    segment = Segment.objects.filter(pk=segment_id, archived_at=None).first()
    if segment is None:
        return MembershipMoves([], [])
    started, now = time.monotonic(), timezone.now()
    place = counted_in()  # before the rule is compiled: what changes meanwhile is seen by the next
    moved = MembershipMoves([], [])
    if segment.kind == Segment.Kind.DYNAMIC:
        context = CompileContext(as_of=now)
        context.tune()
        moved = _store_all(segment, compile_rule(parse_rule(segment.rule), context), now)
    _note_refreshed(segment, moved, now, time.monotonic() - started, place)
    return moved


def update_some(
    segments: Sequence[Segment], touched: Mapping[int, Sequence[int]], now: datetime
) -> None:
    """Evaluate each segment for the people (profile ids by segment id) who may have moved.

    The same rules, narrowed, in one statement for all; in the caller's transaction, locks held.
    The number of statements does not grow with the number of segments or people.
    """
    queries = _compiled(segments, touched, now)
    pairs = [(segment.pk, one) for segment in segments for one in touched[segment.pk]]
    statement = sql(
        STORE,
        now_in=UNION_ALL.joined(
            sql(NOW_IN, segment=segment.pk, query=query)
            for segment, query in zip(segments, queries, strict=True)
        ),
        at=now,
        segment=Sql("n.segment_id"),
        looked_at=sql(
            LOOKED_AT, segments=[pair[0] for pair in pairs], ids=[pair[1] for pair in pairs]
        ),
    )
    moves = _moves(run(statement))
    change_counts({pk: len(moved.entered) - len(moved.left) for pk, moved in moves.items()})
    note_sizes(moves, now)
    tell({segment: moves[segment.pk] for segment in segments if segment.pk in moves}, now)


def _compiled(
    segments: Sequence[Segment], touched: Mapping[int, Sequence[int]], now: datetime
) -> list[Sql]:
    """What the rules refer to is read once for all of them."""
    context = CompileContext(as_of=now)
    context.tune()
    depends_on = {name for segment in segments for name in segment.depends_on}
    context.read_definitions(keys_of("event:", depends_on))
    context.used.read(keys_of(SEGMENT, depends_on))
    rules = parse_rules(segment.rule for segment in segments)
    return [
        compile_rule(rule, context.beside(list(touched[segment.pk])))
        for segment, rule in zip(segments, rules, strict=True)
    ]


def _store_all(segment: Segment, query: Sql, now: datetime) -> MembershipMoves:
    """Write who came in and who went, of everybody. The caller holds the segment's lock."""
    statement = sql(
        STORE,
        now_in=sql(NOW_IN, segment=segment.pk, query=query),
        at=now,
        segment=segment.pk,
        looked_at=sql("m.segment_id = {segment}", segment=segment.pk),
    )
    with joining_by_hash():
        moved = _moves(run(statement)).get(segment.pk, MembershipMoves([], []))
    tell({segment: moved}, now)
    return moved


def _moves(rows: Iterable[tuple[int, list[int], bool]]) -> dict[int, MembershipMoves]:
    moves: dict[int, MembershipMoves] = {}
    for segment_id, ids, came in rows:
        moved = moves.setdefault(segment_id, MembershipMoves([], []))
        (moved.entered if came else moved.left).extend(ids)
    return moves


def tell(moves: Mapping[Segment, MembershipMoves], now: datetime) -> None:
    """Announce to the segments that ask for these, and to whoever listens above."""
    moves = {segment: moved for segment, moved in moves.items() if moved}
    if not moves:
        return
    names = [SEGMENT + segment.slug for segment in moves]
    asking = Segment.objects.filter(depends_on__overlap=names, archived_at=None)
    asked = {
        name for depends_on in asking.values_list("depends_on", flat=True) for name in depends_on
    }
    changed: dict[int, set[str]] = {}
    for segment, moved in moves.items():
        if SEGMENT + segment.slug in asked:
            for profile_id in (*moved.entered, *moved.left):
                changed.setdefault(profile_id, set()).add(SEGMENT + segment.slug)
    announce_each(changed)
    for segment, moved in moves.items():
        membership_changed.send(
            Segment,
            segment=segment,
            entered=moved.entered,
            left=moved.left,
            at=now,
            is_first=segment.refreshed_at is None,
        )


def change_counts(moves: Mapping[int, int]) -> None:
    """Add to the sizes of segments, by their ids; one statement, none where nothing moves."""
    changed = sorted((segment, n) for segment, n in moves.items() if n)
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [[one for one, _n in changed], [n for _one, n in changed]])


def note_sizes(segment_ids: Iterable[int], now: datetime) -> None:
    """Keep the present sizes as those of the day; one statement, none without segments."""
    chosen = sorted(segment_ids)
    if chosen:
        day = timezone.localdate(now, workspace_zone())
        with connection.cursor() as cursor:
            cursor.execute(SIZES, [day, chosen])


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


def retry_at(counted: Segment | ComputedTrait) -> datetime | None:
    """When a failed one is tried again; None where none failed."""
    if counted.failed_at is None or not counted.failures:
        return None
    return counted.failed_at + pause_after(counted.failures)


def _note_refreshed(
    segment: Segment, moved: MembershipMoves, now: datetime, seconds: float, place: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM membership WHERE segment_id = %s AND left_at IS NULL",
            [segment.pk],
        )
        segment.count = cursor.fetchone()[0]
    # a request that we did not read stands: it may mean what we did not see
    if segment.refresh_requested_at is not None:
        Segment.objects.filter(
            pk=segment.pk, refresh_requested_at=segment.refresh_requested_at
        ).update(refresh_requested_at=None)
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
    segment.versions.filter(number=segment.version, count=None).update(
        count=segment.count, came=len(moved.entered), went=len(moved.left)
    )
    note_sizes([segment.pk], now)

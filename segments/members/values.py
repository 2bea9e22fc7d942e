"""What computed traits are of each person, stored: only differences are written, set-based.

Mails, the customer page, exports and the API read these rows; rules work the same definition out of
the events by themselves. One writer a trait at a time: what is worked out last is stored last.
"""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from config.postgres.sql import UNION_ALL, Sql, run, sql
from config.workspace.tables.statistics import joining_by_hash, refresh_statistics
from config.workspace.work.faults import is_outage, is_passing, log_failure
from profiles.changes import keys_of
from profiles.language.reading.reader import RuleError
from profiles.personal.names import FieldPlace
from profiles.personal.tags import is_score
from segments.members.locks import lock_values
from segments.members.stored import READ, counted_in, reason_of, retry_at
from segments.models import ComputedTrait, ComputedValue, Segment
from segments.rules.algebra import all_of, people
from segments.rules.compiler import CompileContext
from segments.rules.computed import ComputedDefinition, read_computed, touched_by
from segments.rules.guarded import permits
from segments.rules.profiling import unless_objected

log = logging.getLogger(__name__)
ATTEMPTS: Final = 3
DUE_AT_ONCE: Final = 5_000  # values
LEAST_BETWEEN: Final = timedelta(minutes=15)  # of a definition whose tests time moves
TIMES_ITS_COST: Final = 20
LEAST_AFTER: Final = timedelta(minutes=1)  # a due moment lies ahead, or it would be due for ever

Names = set[tuple[FieldPlace, str]]

_OF_ONE = """
SELECT {trait}::bigint AS trait_id, q.profile_id, to_jsonb(q.v) AS value, {due} AS due_at
FROM ({values}) q WHERE q.v IS NOT NULL AND q.profile_id IN ({whom})
"""
_STORE = """
WITH now_is AS MATERIALIZED ({now_is}),
put AS (
    INSERT INTO computed_value AS c (profile_id, trait_id, value, due_at)
    SELECT n.profile_id, n.trait_id, n.value, n.due_at FROM now_is n ORDER BY 1, 2
    ON CONFLICT (profile_id, trait_id) DO UPDATE
    SET value = EXCLUDED.value, due_at = EXCLUDED.due_at
    WHERE (c.value, c.due_at) IS DISTINCT FROM (EXCLUDED.value, EXCLUDED.due_at)
    RETURNING c.trait_id, (c.xmax = 0)::int AS came
),
gone AS (
    DELETE FROM computed_value c
    WHERE {looked_at} AND NOT EXISTS (
        SELECT 1 FROM now_is n WHERE n.trait_id = c.trait_id AND n.profile_id = c.profile_id)
    RETURNING c.trait_id
)
SELECT trait_id, sum(n)::bigint FROM (
    SELECT trait_id, came AS n FROM put UNION ALL SELECT trait_id, -1 FROM gone) moved
GROUP BY trait_id
"""
_LOOKED_AT = """
(c.profile_id, c.trait_id) IN (SELECT l.profile_id, l.trait_id
    FROM unnest({ids}::bigint[], {traits}::bigint[]) AS l(profile_id, trait_id))
"""
_COUNT = """
UPDATE computed_trait t SET people = greatest(t.people + d.n, 0)
FROM unnest(%s::bigint[], %s::bigint[]) AS d(id, n) WHERE t.id = d.id
"""
_DUE = """
SELECT trait_id, profile_id FROM computed_value WHERE due_at <= %s ORDER BY due_at LIMIT %s
"""


def _stored(definition: ComputedDefinition, trait: ComputedTrait, context: CompileContext) -> Sql:
    """`trait_id, profile_id, value, due_at` of everybody of whom it may be worked out."""
    last = definition.did.window.last
    due = Sql("NULL::timestamptz")
    if last is not None:
        moved = last.moved(Sql("q.first_at"), context.clock().home)
        due = sql("greatest({m}, {least}::timestamptz)", m=moved, least=context.as_of + LEAST_AFTER)
    return sql(
        _OF_ONE,
        trait=trait.pk,
        due=due,
        values=definition.values(context),
        whom=whom(touched_by(definition, trait.name), context),
    )


def whom(touched: Names, context: CompileContext) -> Sql:
    """A query for the ids of those of whom it may be worked out, by the names that it touches."""
    needed = permits(touched, context)
    if any(is_score(place, name) for place, name in touched):
        needed.append(unless_objected(context))
    return people(all_of(needed, context.narrowing(Sql("p.id"))), context.profile_ids)


def store_some(touched: Mapping[int, Iterable[int]]) -> None:
    """Work these traits (by id) out anew for these people (ids); in the caller's transaction.

    A few statements, whatever the number of traits and people. What cannot be worked out is worked
    out whole, later, and says so then.
    """
    lock_values(touched)
    now = timezone.now()  # of whoever comes last, as late as their locks
    rows = {row.pk: row for row in ComputedTrait.objects.filter(pk__in=list(touched))}
    context = CompileContext(as_of=now)
    context.tune()
    depends_on = [name for row in rows.values() for name in row.depends_on]
    context.read_definitions(keys_of("event:", depends_on))
    pieces, pairs = [], []
    for pk, row in sorted(rows.items()):
        ids = sorted(touched[pk])
        narrowed = context.beside(ids)
        try:
            definition = read_computed(row.definition, is_new=False).stored
        except RuleError:
            request_values([pk])
            continue
        pieces.append(_stored(definition, row, narrowed))
        pairs += [(one, pk) for one in ids]
    if pieces:
        looked = sql(_LOOKED_AT, ids=[one for one, _t in pairs], traits=[t for _o, t in pairs])
        _store(UNION_ALL.joined(pieces), looked)


def _store(now_is: Sql, looked_at: Sql) -> None:
    moved = run(sql(_STORE, now_is=now_is, looked_at=looked_at))
    changed = sorted((int(pk), int(n)) for pk, n in moved if n)
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [[pk for pk, _n in changed], [n for _pk, n in changed]])


def refresh_values(trait_id: int) -> None:
    """Work one out of everybody; a failure is kept on it. Raises outages of the database."""
    refresh_statistics(*READ)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _refresh(trait_id)
        except Exception as error:
            if is_outage(error):
                raise
            if is_passing(error) and attempt < ATTEMPTS:
                continue
            _note_failure(trait_id, reason_of(error))
        break


@transaction.atomic
def _refresh(trait_id: int) -> None:
    lock_values([trait_id])
    row = ComputedTrait.objects.filter(pk=trait_id).first()
    if row is None:
        return
    started, now, place = time.monotonic(), timezone.now(), counted_in()
    context = CompileContext(as_of=now)
    context.tune()
    definition = read_computed(row.definition, is_new=False).stored
    with joining_by_hash():
        _store(_stored(definition, row, context), sql("c.trait_id = {trait}", trait=row.pk))
    mine = ComputedTrait.objects.filter(pk=row.pk)
    # a request that we did not read stands: it may mean what we did not see
    if row.refresh_requested_at is not None:
        mine.filter(refresh_requested_at=row.refresh_requested_at).update(refresh_requested_at=None)
    mine.update(
        people=ComputedValue.objects.filter(trait_id=row.pk).count(),
        error="",
        failures=0,
        failed_at=None,
        refreshed_at=now,
        refresh_seconds=time.monotonic() - started,
        counted_in=place,
    )
    mine.filter(refresh_requested_at=None).update(status=Segment.Status.FRESH)


def _note_failure(trait_id: int, error: str) -> None:
    rows = ComputedTrait.objects.filter(pk=trait_id)
    rows.update(
        status=Segment.Status.FAILED,
        error=error[:2_000],
        refresh_requested_at=None,
        failures=F("failures") + 1,
        failed_at=timezone.now(),
    )
    for pk, failures in rows.values_list("pk", "failures"):
        log_failure(log, f"refresh of computed trait {pk}", error, failures)


def request_values(trait_ids: Iterable[int]) -> None:
    """Ask for these to be worked out anew of everybody, soon."""
    ComputedTrait.objects.filter(pk__in=list(trait_ids)).update(
        refresh_requested_at=timezone.now(), status=Segment.Status.REFRESHING
    )


def due_traits(now: datetime) -> list[int]:
    """Those that are asked for, failed long enough ago, or were worked out by another zone."""
    asked, place = [], counted_in()
    for row in ComputedTrait.objects.order_by("pk"):
        if row.refresh_requested_at is not None:
            asked.append(row.pk)
        elif (again := retry_at(row)) is not None:
            if again <= now:
                asked.append(row.pk)
        elif row.counted_in != place or _tests_moved(row, now):
            asked.append(row.pk)
    return asked


def _tests_moved(row: ComputedTrait, now: datetime) -> bool:
    """Whether time alone may have made its tests true of somebody of whom nothing is stored."""
    since = row.refreshed_at
    if since is None:
        return True
    cost = timedelta(seconds=TIMES_ITS_COST * (row.refresh_seconds or 0))
    if now - since < max(LEAST_BETWEEN, cost):
        return False
    try:
        due = read_computed(row.definition, is_new=False).tests_due_at(since)
    except RuleError:
        return False
    return due is not None and due <= now


@transaction.atomic
def store_due(now: datetime) -> int:
    """Work out anew what time alone has changed; how many values those were."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, DUE_AT_ONCE])
        rows: Sequence[tuple[int, int]] = cursor.fetchall()
    touched: dict[int, set[int]] = {}
    for trait_id, profile_id in rows:
        touched.setdefault(trait_id, set()).add(profile_id)
    if touched:
        store_some(touched)
    return len(rows)

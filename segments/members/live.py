"""Live: announced changes re-evaluate only what they can touch, segments and computed traits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from config.workspace.work.faults import is_outage
from profiles.changes import ANYTHING
from profiles.models import ProfileChange
from segments.members.locks import lock_members
from segments.members.stored import note_failure, reason_of, update_some
from segments.members.values import request_values, store_some
from segments.models import ComputedTrait, Segment
from segments.rules.size import conditions_in

ROWS_AT_ONCE = 2_000
# of one statement: each condition is planned
SEGMENTS_AT_ONCE, CONDITIONS_AT_ONCE = 200, 1_000
# beyond it one refresh of the whole segment is cheaper than the narrowed query
MOST_PROFILES = 20_000
Changed = dict[str, set[int]]  # whom what was announced is about


def process_changes() -> int:
    """Claim announced changes and bring the touched segments up to date; the rows handled.

    The rows are deleted in the transaction that stores their effects. What they set off in other
    segments is announced as new rows; as segments never refer to each other in a circle, it ends.
    """
    with transaction.atomic():
        rows = list(
            ProfileChange.objects.select_for_update(skip_locked=True).order_by("id")[:ROWS_AT_ONCE]
        )
        if rows:
            _apply(rows)
            ProfileChange.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _apply(rows: list[ProfileChange]) -> None:
    changed = _changed(rows)
    _apply_to_values(changed)
    _apply_to_segments(changed)


def _apply_to_values(changed: Changed) -> None:
    """What cannot be worked out of these is worked out of everybody, soon, and says why then."""
    touched = _touched(ComputedTrait.objects.values_list("pk", "depends_on"), changed)
    large = [pk for pk, ids in touched.items() if len(ids) > MOST_PROFILES]
    if large:
        request_values(large)
    _store({pk: ids for pk, ids in touched.items() if pk not in large})


def _store(touched: Mapping[int, set[int]]) -> None:
    """What fails is worked out whole; the others go on."""
    if not touched:
        return
    try:
        with transaction.atomic():
            store_some(touched)
    except Exception as error:
        if is_outage(error):
            raise
        traits = sorted(touched)
        if len(traits) == 1:
            request_values(traits)
            return
        for some in (traits[: len(traits) // 2], traits[len(traits) // 2 :]):
            _store({pk: touched[pk] for pk in some})


def _apply_to_segments(changed: Changed) -> None:
    live = Segment.objects.filter(archived_at=None, kind=Segment.Kind.DYNAMIC)
    touched = _touched(live.values_list("pk", "depends_on"), changed)
    if not touched:
        return
    now = timezone.now()
    large = [pk for pk, ids in touched.items() if len(ids) > MOST_PROFILES]
    Segment.objects.filter(pk__in=large).update(refresh_requested_at=now)
    small = touched.keys() - set(large)
    lock_members(small)
    # read after the locks: a refresh that held one may have changed what is counted
    rows_now = Segment.objects.filter(pk__in=small, archived_at=None).order_by("pk")
    counted = [segment for segment in rows_now if segment.counted_version == segment.version]
    for portion in _portions(counted):
        _update(portion, touched)


def _portions(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """As many as go into one statement."""
    portion: list[Segment] = []
    conditions = 0
    for segment in segments:
        n = conditions_in(segment.rule)
        is_full = len(portion) == SEGMENTS_AT_ONCE or conditions + n > CONDITIONS_AT_ONCE
        if portion and is_full:
            yield portion
            portion, conditions = [], 0
        portion.append(segment)
        conditions += n
    if portion:
        yield portion


def _update(segments: list[Segment], touched: Mapping[int, set[int]]) -> None:
    """What fails is written on its segment, which is then counted whole; the others go on."""
    try:
        with transaction.atomic():
            update_some(
                segments,
                {segment.pk: sorted(touched[segment.pk]) for segment in segments},
                timezone.now(),
            )
    except Exception as error:
        if is_outage(error):
            raise
        if len(segments) == 1:
            note_failure(segments[0].pk, reason_of(error))
            return
        middle = len(segments) // 2
        _update(segments[:middle], touched)
        _update(segments[middle:], touched)


def _changed(rows: list[ProfileChange]) -> Changed:
    changed: Changed = {}
    for row in rows:
        for name in row.names:
            changed.setdefault(name, set()).update(row.profile_ids)
    return changed


def _touched(asking: Iterable[tuple[int, Sequence[str]]], changed: Changed) -> dict[int, set[int]]:
    """Which profiles to look at again, for each of those that depend on what changed."""
    touched: dict[int, set[int]] = {}
    for pk, depends_on in asking:
        ids = set().union(*(changed.get(name, ()) for name in (*depends_on, ANYTHING)))
        if ids:
            touched[pk] = ids
    return touched

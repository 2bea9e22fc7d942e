"""Real-time membership: announced changes re-evaluate only what they can touch."""

from django.db import transaction
from django.utils import timezone

from config.workspace.faults import is_outage
from profiles.models import ProfileChange
from segments.locks import lock_members
from segments.membership import note_failure, reason_of, update_some
from segments.models import Segment

ROWS_AT_ONCE = 500
# beyond it one refresh of the whole segment is cheaper than the narrowed query
MOST_PROFILES = 20_000
ANYTHING = "*"  # a change that may matter to every rule (a merge, an import)


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
    touched = _touched(rows)
    if not touched:
        return
    now = timezone.now()
    large = [pk for pk, ids in touched.items() if len(ids) > MOST_PROFILES]
    Segment.objects.filter(pk__in=large).update(refresh_requested_at=now)
    small = touched.keys() - set(large)
    lock_members(small)
    # read after the locks: a refresh that held one may have changed what is counted
    for segment in Segment.objects.filter(pk__in=small, archived_at=None).order_by("pk"):
        if segment.counted_version == segment.version:
            _update(segment, sorted(touched[segment.pk]))


def _update(segment: Segment, profile_ids: list[int]) -> None:
    """What fails is written on the segment, which is then counted whole; the others go on."""
    try:
        with transaction.atomic():
            update_some(segment, profile_ids, timezone.now())
    except Exception as error:
        if is_outage(error):
            raise
        note_failure(segment.pk, reason_of(error))


def _touched(rows: list[ProfileChange]) -> dict[int, set[int]]:
    """Which profiles to look at again, for each segment that depends on what changed."""
    live = Segment.objects.filter(archived_at=None, kind=Segment.Kind.DYNAMIC)
    touched: dict[int, set[int]] = {}
    for pk, depends_on in live.values_list("pk", "depends_on"):
        names = set(depends_on)
        for row in rows:
            if ANYTHING in row.names or not names.isdisjoint(row.names):
                touched.setdefault(pk, set()).update(row.profile_ids)
    return touched

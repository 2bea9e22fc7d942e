"""Putting a segment away, and getting it back."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.postgres.sql import ids_of, run, sql
from config.workspace import audit
from config.workspace.lifecycle.usage import hold, taking, things
from config.workspace.work.due import wake
from segments.members.locks import lock_members
from segments.members.stored import MembershipMoves, note_sizes, tell
from segments.models import Membership, Segment
from segments.rules import references_in


class NotRestorable(Exception):
    """What its rule names is archived itself; the message says what."""


def archive_segment(segment: Segment) -> None:
    """Put a segment away: its members leave, its history stays, its name and slug stay taken.

    Raises InUse while a segment's rule or a campaign that is under way needs it. A draft does not
    hold it: its checks say that its audience is archived.
    """
    with taking("segment", segment.slug) as row:
        if row is None or row.archived_at is not None:
            return
        now = timezone.now()
        lock_members([row.pk])
        open_rows = Membership.objects.filter(segment=row, left_at=None)
        left = list(open_rows.values_list("profile_id", flat=True))
        open_rows.update(left_at=now)
        if left:
            tell({row: MembershipMoves([], left)}, now)
        Segment.objects.filter(pk=row.pk).update(
            archived_at=now, count=0, refresh_requested_at=None
        )
        audit.record("archive", "segment", row.slug)


@transaction.atomic
def restore_segment(segment: Segment) -> Segment:
    """Back into use: a rule is counted anew; into a list come those who were in when it went.

    Raises NotRestorable.
    """
    needed = references_in(segment.rule)
    hold([("segment", segment.slug), *needed])
    row = Segment.objects.get(pk=segment.pk)
    if row.archived_at is None:
        return row
    missing = [thing for thing in things(needed) if thing.is_archived]
    if missing:
        names = ", ".join(f"{thing.label} “{thing.name}”" for thing in missing)
        raise NotRestorable(_("Its rule uses what is archived: %(names)s.") % {"names": names})
    now, went_at = timezone.now(), row.archived_at
    row.archived_at = None
    if row.kind == Segment.Kind.STATIC:
        _take_back(row, went_at, now)
    else:
        row.status, row.refresh_requested_at = Segment.Status.REFRESHING, now
        wake("segments")
    row.save()
    audit.record("restore", "segment", row.slug)
    return row


def _take_back(segment: Segment, went_at: object, now: object) -> None:
    lock_members([segment.pk])
    query = sql(
        "INSERT INTO membership (segment_id, profile_id, entered_at) "
        "SELECT DISTINCT {segment}::bigint, m.profile_id, {now}::timestamptz FROM membership m "
        "JOIN profile p ON p.id = m.profile_id "
        "WHERE m.segment_id = {segment} AND m.left_at = {went_at}::timestamptz "
        "ON CONFLICT DO NOTHING RETURNING profile_id",
        segment=segment.pk,
        now=now,
        went_at=went_at,
    )
    entered = ids_of(run(query))
    segment.count = len(entered)
    if entered:
        Segment.objects.filter(pk=segment.pk).update(count=segment.count)
        tell({segment: MembershipMoves(entered, [])}, timezone.now())
        note_sizes([segment.pk], timezone.now())

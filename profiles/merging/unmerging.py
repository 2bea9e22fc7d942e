"""Undoing a merge: both people stand again, each with what belongs to their identifiers.

What came by an identifier follows it: events and traits of the absorbed person's identifiers go
back, those from after the merge included. The two are never put together again by a machine.
A call that was taken in is taken apart likewise (`parting`).
"""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.models import User
from profiles import changes
from profiles.merging import parting
from profiles.merging.mergers import Parting, part_all
from profiles.merging.regrouping import (
    CannotUndo,
    lock_identifiers,
    lock_people,
    owner_of,
    points_among,
    regroup,
)
from profiles.models import Merge, Profile
from profiles.people import told
from profiles.people.lineage import ever_ids

__all__ = ["CannotUndo", "undo_merge"]


def undo_merge(*, merge_id: int, user: User | None = None) -> Merge:
    """Take two people apart again, in one transaction, with its audit entry. Raises CannotUndo."""
    parting.settle(merge_id)
    with transaction.atomic(), connection.cursor() as cursor:
        merge = Merge.objects.select_for_update().filter(pk=merge_id).first()
        if merge is None or merge.undone_at is not None:
            raise CannotUndo(_("This merge is undone already."))
        owner = owner_of(merge.survivor_id)
        if merge.kind == Merge.Kind.ATTACH:
            apart = parting.part(cursor, merge, owner)
        else:
            apart = _take_apart(cursor, merge, owner)
        part_all(cursor, apart)
        merge.undone_at, merge.undone_by = timezone.now(), user
        merge.save()
        changes.announce([owner, merge.absorbed_id or owner], [changes.ANYTHING])
        told.unmerged(owner, apart.person)
        audit.record(
            f"{merge.kind}.undone",
            "merge",
            str(merge.pk),
            detail={"rule": merge.rule},
            profile_id=owner,
        )
    return merge


def _take_apart(cursor: Any, merge: Merge, owner: int) -> Parting:
    held = lock_identifiers(cursor, owner)
    own = merge.snapshot["profiles"]
    ids = held.intersection(own["identifiers"]) - _came_since(merge, owner)
    absorbed = merge.absorbed_id
    if not ids or absorbed is None:
        raise CannotUndo(_("Nothing of this person is left here."))
    if owner == absorbed:
        raise CannotUndo(_("The person is not there any more."))
    lock_people(cursor, {owner, absorbed})
    _revive(own, absorbed)
    _narrow_owner(own["survivor"], merge, owner)
    regroup(cursor, owner=owner, person=absorbed, ids=ids)
    return Parting(merge, owner, absorbed, frozenset(ids), points_among(absorbed, ids))


def _came_since(merge: Merge, owner: int) -> set[int]:
    """What had gone from who was absorbed, and was brought from elsewhere by a later merge into the
    survivor, or into who took the survivor in. Two queries.
    """
    standing = Merge.objects.filter(undone_at=None, kind=Merge.Kind.MERGE)
    up = dict(
        standing.filter(absorbed_id__in=ever_ids(owner)).values_list("absorbed_id", "survivor_id")
    )
    way = [merge.survivor_id]
    while way[-1] in up:
        way.append(up[way[-1]])
    later = standing.filter(survivor_id__in=way, pk__gt=merge.pk).exclude(absorbed_id__in=way)
    return {n for one in later for n in one.snapshot["profiles"]["identifiers"]}


def _revive(own: dict[str, Any], absorbed: int) -> None:
    names = ("state", "is_test", "lifecycle", "first_seen", "last_seen")
    kept = {name: own[name] for name in names}
    Profile.objects.filter(pk=absorbed).update(merged_into_id=None, **kept)


def _narrow_owner(before: dict[str, Any], merge: Merge, owner: int) -> None:
    """The survivor is seen as before the merge; what came since is counted back in after."""
    names = ("is_test", "lifecycle", "first_seen", "last_seen")
    if owner == merge.survivor_id:
        Profile.objects.filter(pk=owner).update(**{name: before[name] for name in names})

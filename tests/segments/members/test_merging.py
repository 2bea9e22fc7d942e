"""Memberships in a merge and in its undoing."""

import pytest
from django.db import connection

from profiles.merging.mergers import MERGERS, Parting
from profiles.merging.moving import Pair
from profiles.models import Merge
from segments.models import Membership, Segment
from tests.segments.builders import AS_OF, make_person

pytestmark = pytest.mark.django_db


def test_a_merge_moves_memberships_and_its_undo_gives_them_back() -> None:
    ada, twin = make_person(), make_person()
    both, only = (
        Segment.objects.create(slug=slug, name=slug, kind="static") for slug in ("both", "only")
    )
    for person, segment in ((ada, both), (twin, both), (twin, only)):
        Membership.objects.create(profile=person, segment=segment, entered_at=AS_OF)
    Segment.objects.filter(slug="both").update(count=2)
    Segment.objects.filter(slug="only").update(count=1)
    merger = MERGERS.get("memberships")
    assert merger
    before = state()
    with connection.cursor() as cursor:
        snapshot = merger.merge(cursor, [Pair(ada.pk, twin.pk)])
        assert state() == {("both", ada.pk), ("only", ada.pk), ("both", 1), ("only", 1)}
        merge = Merge(survivor_id=ada.pk, absorbed_id=twin.pk)
        merger.part(cursor, Parting(merge, ada.pk, twin.pk), snapshot[twin.pk])
    assert state() == before


def state():
    rows = Membership.objects.filter(left_at=None).values_list("segment__slug", "profile_id")
    return {*rows, *Segment.objects.values_list("slug", "count")}

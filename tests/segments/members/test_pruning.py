"""What segments keep for a time only, and that past moments are not answered by what is gone."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.workspace.models import Role
from config.workspace.work.pruning import PORTION
from segments.members import pruning
from segments.models import Membership, Segment, SegmentSize, SegmentVersion
from tests.cast import ago, make_profile, make_user

pytestmark = pytest.mark.django_db


def segment(slug: str, kind: str = "dynamic") -> Segment:
    return Segment.objects.create(slug=slug, name=slug, kind=kind)


def test_who_left_a_dynamic_segment_long_ago_goes_and_lists_keep_all():
    person, other = make_profile("Ada"), make_profile("Ben")
    rule, listed = segment("rule"), segment("listed", "static")
    for row in (rule, listed):
        Membership.objects.create(
            segment=row, profile=person, entered_at=ago(900), left_at=ago(731)
        )
        Membership.objects.create(
            segment=row, profile=person, entered_at=ago(800), left_at=ago(729)
        )
        Membership.objects.create(segment=row, profile=other, entered_at=ago(950))
    Segment.objects.update(created_at=ago(1000))
    now = timezone.now()
    assert pruning.prune_memberships(now) == 1
    assert pruning.prune_memberships(now) == 0
    left = Membership.objects.filter(segment=rule)
    assert sorted(row.left_at is None for row in left) == [False, True]
    assert Membership.objects.filter(segment=listed).count() == 3
    client = Client()
    client.force_login(make_user(Role.ADMIN))

    def members(slug: str, days: float):
        query = {"as_of": ago(days).isoformat()}
        return client.get(f"/api/segments/{slug}/members/", query)

    assert [len(members("rule", days).json()["results"]) for days in (0, 729.5)] == [1, 2]
    refused = members("rule", 731)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["path"] == "as_of"
    assert "730 days" in refused.json()["errors"][0]["message"]
    assert members("rule", 1001).json()["results"] == [], "before it was there nobody was in"
    assert len(members("listed", 850).json()["results"]) == 2


def test_who_left_is_found_by_the_index_of_those_and_goes_by_its_key():
    # of an empty table each way costs the same
    rule, people = segment("rule"), [make_profile(f"person {n}") for n in range(20)]
    Membership.objects.bulk_create(
        Membership(segment=rule, profile=one, entered_at=ago(900 - n), left_at=ago(899.5 - n))
        for one in people
        for n in range(100)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT rapport_analyse('{membership}')")  # the owner's right
        for way in ("seqscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {pruning.LEFT}", [ago(730), PORTION, PORTION])
        plan = [line for (line,) in cursor.fetchall()]
    assert any("membership_by_left" in line for line in plan)
    assert any("Index Cond" in line and "entered_at" in line for line in plan)


def test_sizes_go_by_their_day_and_saved_rules_by_their_number(settings):
    one, two = segment("one"), segment("two")
    today = timezone.now().date()
    for row in (one, two):
        SegmentSize.objects.bulk_create(
            SegmentSize(segment=row, day=today - timedelta(days=n), count=n)
            for n in (0, 1099, 1100, 1101, 2000)
        )
    assert pruning.prune_sizes(timezone.now()) == 4
    assert pruning.prune_sizes(timezone.now()) == 0
    assert SegmentSize.objects.filter(segment=one).count() == 3
    settings.SEGMENT_VERSIONS = 3
    for row, most in ((one, 7), (two, 3)):
        SegmentVersion.objects.bulk_create(
            SegmentVersion(segment=row, number=n, rule={}) for n in range(1, most + 1)
        )
    assert pruning.prune_versions(timezone.now()) == 4
    kept = SegmentVersion.objects.order_by("segment", "number").values_list("number", flat=True)
    assert list(kept) == [5, 6, 7, 1, 2, 3]
    settings.SEGMENT_VERSIONS = settings.SEGMENT_SIZE_DAYS = settings.MEMBERSHIP_DAYS = 0
    later = timezone.now() + timedelta(days=9999)
    assert not pruning.prune_versions(later) + pruning.prune_sizes(later)
    assert not pruning.prune_memberships(later)

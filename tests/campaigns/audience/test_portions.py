"""An audience is walked in ranges of ids: how such a range is read."""

import pytest
from django.db import connection, transaction
from django.utils import timezone

from campaigns.audience.portions import READ, next_portion, plan_for_many, walk
from campaigns.gate.terms import terms_of
from campaigns.plan import plan_of
from config.workspace.tables.statistics import refresh_statistics
from segments.models import Membership
from tests.campaigns.builders import make_campaign, make_person, make_segment, say

pytestmark = pytest.mark.django_db


def loops() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        return cursor.fetchone()[0]


def test_a_dense_range_is_read_through_and_a_sparse_one_person_by_person():
    people = [make_person(str(n)) for n in range(20)]
    for person in people:
        say(person)
    segment = make_segment(*people)
    terms = terms_of(plan_of(make_campaign(segment)), now=timezone.now())
    refresh_statistics(*READ)
    with transaction.atomic(), connection.cursor() as cursor:
        plan_for_many(cursor)
        portion = next_portion(cursor, terms, 0)
        assert loops() == "off"
        next_portion(cursor, terms, portion.end)
        assert loops() == "on", "who borrows an address is looked up"
        Membership.objects.exclude(profile__in=[people[0], people[-1]]).delete()
        assert [loops() for _one in walk(cursor, terms)] == ["on", "on"]

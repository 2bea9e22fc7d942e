"""Rules to start from, and copies of segments."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.workspace.models import Role
from profiles.models import EventDefinition
from segments.builder.preview import preview
from segments.builder.starters import STARTERS, starters
from segments.models import Membership, Segment
from segments.rules import parse_rule, read_rule
from segments.services import create_segment
from tests.cast import make_user
from tests.segments.builders import event, group, make_event, make_person, trait

pytestmark = pytest.mark.django_db
UNFINISHED = {"country"}  # one chooses which


@pytest.fixture
def console():
    client = Client()
    client.force_login(make_user(Role.MARKETER))
    return client


def test_each_is_a_rule_that_can_be_counted():
    make_event(make_person(), "Order Completed", 1, revenue=300)
    for each in STARTERS:
        _rule, notes = read_rule(each.rule)
        codes = {problem.code for problem in notes.problems}
        assert bool(codes) is (each.key in UNFINISHED), (each.key, codes)
        if not codes:
            assert preview(parse_rule(each.rule)).count is not None
    assert len({each.key for each in STARTERS}) == len(STARTERS)


def test_what_lacks_is_said_and_one_begins_with_it(console):
    EventDefinition.objects.filter(name="Order Completed").update(last_seen=timezone.now())
    lacks = {each.key: each.lacks for _group, some in starters() for each in some}
    assert lacks["regulars"] == ""
    assert lacks["left-cart"] == "Product Added"
    page = console.get(reverse("segments:new")).content.decode()
    assert "Product Added has not come in yet" in page
    assert "?start=regulars" in page
    page = console.get(reverse("segments:new") + "?start=regulars")
    setup = page.context["setup"]
    assert setup["name"] == "Bought at least three times in a year"
    assert setup["rule"]["conditions"][0]["count"] == {"op": "gte", "value": 3}
    assert "starts-h" not in page.content.decode()
    assert console.get(reverse("segments:new") + "?start=nope").status_code == 200


def test_a_copy_has_a_name_of_its_own_and_the_same_people(console):
    create_segment(slug="pros", name="Pros", rule=group("all", trait("plan", "eq", "pro")))
    listed = create_segment(slug="listed", name="Listed", kind="static")
    person = make_person()
    Membership.objects.create(segment=listed, profile=person, entered_at=person.first_seen)
    for slug in ("pros", "pros", "listed"):
        answer = console.post(reverse("segments:duplicate", args=[slug]))
        assert answer.status_code == 302
    copies = {row.name: row for row in Segment.objects.exclude(slug__in=["pros", "listed"])}
    assert set(copies) == {"Pros (copy)", "Pros (copy 2)", "Listed (copy)"}
    assert copies["Pros (copy)"].rule == Segment.objects.get(slug="pros").rule
    inside = Membership.objects.filter(segment=copies["Listed (copy)"], left_at=None)
    assert [row.profile_id for row in inside] == [person.pk]


def test_who_may_not_see_a_value_may_not_copy_the_rule(console):
    client = Client()
    client.force_login(make_user(Role.ANALYST))
    create_segment(
        slug="mails", name="Mails", rule=group("all", trait("email", "eq", "ann@example.com"))
    )
    client.post(reverse("segments:duplicate", args=["mails"]))
    assert Segment.objects.count() == 1
    create_segment(slug="buyers", name="Buyers", rule=group("all", event("Order Completed")))
    client.post(reverse("segments:duplicate", args=["buyers"]))
    assert Segment.objects.filter(name="Buyers (copy)").exists()

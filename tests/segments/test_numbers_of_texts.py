"""Numbers that come as texts compare as numbers where the definition of the name says so."""

import pytest
from django.test import Client
from django.utils import timezone

from config.workspace.models import Role
from profiles.models import EventDefinition, TraitName
from segments.builder.clauses import clause_counts
from segments.members.due import work
from segments.models import Membership
from segments.rules import parse_rule
from segments.rules.compiler import CompileContext, members_of
from segments.services import create_segment
from tests.cast import make_user
from tests.segments.builders import AS_OF, event, group, make_event, make_person, trait

pytestmark = pytest.mark.django_db
PRICES = ["19.90", 25, " 30 ", "1e2", "12,50", "many", "", True, None, "9" * 50, "-.5"]


def who(*conditions, **more) -> set[int]:
    rule = parse_rule(group("all", *conditions))
    return members_of(rule, CompileContext(as_of=AS_OF, **more))


@pytest.fixture
def people():
    return {str(value): make_person(price=value) for value in PRICES}


def define(**fields) -> None:
    TraitName.objects.update_or_create(name="price", defaults={"is_proven": True} | fields)


@pytest.mark.parametrize(
    ("condition", "before", "after"),
    [
        (("gt", 15), ["25"], ["19.90", "25", " 30 ", "1e2"]),
        (("between", [0, 30]), ["25"], ["19.90", "25", " 30 "]),
        (("eq", 19.9), [], ["19.90"]),
        (("in", [100, 25]), ["25"], ["25", "1e2"]),
        (("lt", 0), [], ["-.5"]),
        (("eq", "19.90"), ["19.90"], ["19.90"]),  # a text asks for the text
        (("starts_with", "19"), ["19.90"], ["19.90"]),
    ],
)
def test_a_trait(people, condition, before, after):
    assert who(trait("price", *condition)) == {people[name].pk for name in before}
    define(is_number=True)
    assert who(trait("price", *condition)) == {people[name].pk for name in after}
    some = [people["19.90"].pk, people["25"].pk]
    wanted = {people[name].pk for name in after} & set(some)
    assert who(trait("price", *condition), profile_ids=some) == wanted


def test_a_property_its_sum_and_the_other_side():
    ada = make_person(events=[("Store Visited", 1, {"spent": "19.90"})])
    make_event(ada, "Store Visited", 2, spent="30")
    ben = make_person(events=[("Store Visited", 1, {"spent": "none"})])
    over = event("Store Visited", where=[{"property": "spent", "op": "gt", "value": 15}])
    total = event(
        "Store Visited",
        measure={"agg": "sum", "property": "spent", "op": "gt", "value": 45},
    )
    assert who(over) == who(total) == set()
    EventDefinition.objects.update_or_create(
        name="Store Visited", defaults={"numbers": ["spent"], "is_proven": True}
    )
    assert who(over) == who(total) == {ada.pk}
    assert ben.pk not in who(over)


def test_the_builder_says_how_many_are_of_another_type(people):
    rule = parse_rule(group("all", trait("price", "gt", 15)))
    (line,) = clause_counts(rule, CompileContext(as_of=timezone.now()))
    assert (line.unknown, line.unfit) == (1, 9)
    define(is_number=True)
    (line,) = clause_counts(rule, CompileContext(as_of=timezone.now()))
    assert line.unfit == len({"12,50", "many", "", "True", "9" * 50})
    rule = parse_rule(group("all", trait("price", "eq", "many")))
    (line,) = clause_counts(rule, CompileContext(as_of=timezone.now()))
    assert line.unfit is None
    make_person(events=[("Store Visited", -1, {"spent": "none"})])
    over = event("Store Visited", where=[{"property": "spent", "op": "gt", "value": 15}])
    rule = parse_rule(group("all", over))
    (line,) = clause_counts(rule, CompileContext(as_of=timezone.now()))
    assert line.unfit == 1


def test_segments_follow_when_it_is_said(people):
    define()
    segment = create_segment(slug="dear", name="Dear", rule=group("all", trait("price", "gt", 15)))
    other = create_segment(slug="pro", name="Pro", rule=group("all", trait("plan", "eq", "pro")))
    while work():
        pass
    assert Membership.objects.filter(segment=segment, left_at=None).count() == 1
    client = Client()
    client.force_login(make_user(Role.ADMIN))
    row = TraitName.objects.get(name="price")
    form = client.get(f"/console/profiles/traitname/{row.pk}/change/")
    posted = {field.html_name: field.value() or "" for field in form.context["adminform"].form} | {
        "is_number": "on"
    }
    answer = client.post(f"/console/profiles/traitname/{row.pk}/change/", posted)
    assert answer.status_code == 302, answer.content
    other.refresh_from_db()
    assert other.refresh_requested_at is None
    while work():
        pass
    assert Membership.objects.filter(segment=segment, left_at=None).count() == 4

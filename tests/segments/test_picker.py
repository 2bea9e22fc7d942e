"""What the clause picker and the picker of operators offer, and to whom."""

import pytest
from django.urls import reverse
from django.utils import timezone

from config.workspace.models import Role
from consent.models import DataField
from profiles.language.operators import (
    LOOKS,
    OPERATORS,
    first_of,
    looks_of,
    operators_of,
    usual_of,
)
from profiles.models import EventDefinition, Profile
from segments.builder import catalogue
from segments.rules import KINDS
from segments.rules.clause import INTENTS, SOURCES
from tests.cast import make_source, make_user
from tests.profiles.views.conftest import signed_in
from tests.segments.builders import make_event, make_person

pytestmark = pytest.mark.django_db
TEXT_USUAL = [
    *("eq", "ne", "in", "not_in", "contains", "not_contains", "starts_with"),
    *("is_set", "is_not_set"),
]


def offered(**given: str) -> tuple[list[str], list[str]]:
    """The operators at once, and those one press away."""
    items = SOURCES.get("operators")(make_user(Role.ADMIN), given).items
    usual = [item.value for item in items if not item.rare]
    return usual, [item.value for item in items if item.rare]


@pytest.fixture
def people(db):
    for number in range(30):
        make_person(
            plan="pro",
            age=number,
            member=bool(number % 2),
            born="2001-03-28",
            tags=["a", "b"],
            shipping_country="NL",
            code="x" if number else 7,
            last_seen=timezone.now(),
        )


@pytest.mark.parametrize(
    ("field", "usual"),
    [
        ("plan", TEXT_USUAL),
        ("age", ["eq", "ne", "gt", "gte", "lt", "lte", "between", "is_set", "is_not_set"]),
        ("member", ["is_set", "is_not_set", "is_true", "is_false"]),
        (
            "born",
            [
                *("between", "is_set", "is_not_set", "before", "after"),
                *("in_last", "in_next", "anniversary_in"),
            ],
        ),
        ("tags", ["contains", "not_contains", "is_set", "is_not_set"]),
        ("shipping_country", ["eq", "ne", "in", "not_in", "is_set", "is_not_set"]),
        ("code", TEXT_USUAL),  # one number among thirty texts is somebody's mistake
    ],
)
def test_a_field_is_offered_what_makes_sense_for_its_values(people, field, usual):
    at_once, rare = offered(field=field, type="json")
    assert sorted(at_once) == sorted(usual)
    assert sorted([*at_once, *rare]) == sorted(operators_of("json")), "the rest is one press away"


def test_the_operator_of_a_rule_is_offered_whatever_it_is(people):
    assert "matches" not in offered(field="plan", type="json")[0]
    assert "matches" in offered(field="plan", type="json", op="matches")[0]


def test_a_property_is_offered_by_its_own_values(people):
    maya = make_person(last_seen=timezone.now())
    make_event(maya, "Order Completed", 1, revenue=50, category="tents")
    of_revenue = offered(event="Order Completed", property="revenue", type="json")[0]
    assert "gte" in of_revenue
    assert "contains" not in of_revenue
    assert offered(event="Order Completed", property="category", type="json")[0] == TEXT_USUAL


def test_a_type_says_it_without_a_look_at_values():
    assert offered(type="time", field="profile.last_seen")[0] == usual_of("time", ["moment"])
    assert offered(type="text", field="profile.country")[0] == usual_of("text", ["code"])
    assert offered(type="nonsense") == ([], [])


def test_every_operator_says_what_it_suits_or_is_rare_and_every_look_has_a_first():
    for name, operator in OPERATORS.items():
        assert set(operator.suits) <= set(LOOKS), name
        assert set(operator.begins) <= set(operator.suits), name
    for look in LOOKS:
        assert look in OPERATORS[first_of("json", [look])].begins, look
        assert 2 < len(usual_of("json", [look])) < 12, look
    assert looks_of("json", []) == ("text", "number"), "of values that nobody saw"


def test_every_kind_says_its_intent_and_lines_come_by_it(people):
    for name in ("Order Completed", "Email Opened"):
        EventDefinition.objects.get_or_create(name=name, defaults={"is_proven": True})
    assert all(kind.clause().intent in INTENTS for kind in KINDS.values())
    items = catalogue.anything(make_user(Role.ADMIN)).items
    intents = [item.intent for item in items]
    assert intents == sorted(intents, key=list(INTENTS).index)
    of = {item.value: item.intent for item in items}
    said = ["Order Completed", "plan", "marketing", "Email Opened"]
    assert [of[name] for name in said] == ["did", "is", "may", "got"]
    begins = {item.value: item.op for item in items}
    assert (begins["member"], begins["born"], begins["tags"]) == ("is_true", "in_last", "contains")
    assert (begins["age"], begins["plan"], begins["profile.last_seen"]) == ("gte", "eq", "in_last")


def test_twins_are_told_apart_by_name_people_and_source(people):
    shop = make_source("Web shop")
    for name, n in {"firstName": 2, "first_name": 1, "country": 3}.items():
        person = make_person(last_seen=timezone.now())
        Profile.objects.filter(pk=person.pk).update(traits={name: "x"})
        DataField.objects.create(
            place="trait",
            name=name,
            people=n,
            source_ids=[shop.pk],
            counted_at=timezone.now(),
            found_at=timezone.now(),
        )
    items = {item.value: item for item in catalogue.traits(make_user(Role.ADMIN)).items}
    one, other = items["firstName"], items["first_name"]
    assert one.label == other.label == "First name"
    assert (one.detail, one.count) == ("firstName · Web shop", "2")
    assert (other.detail, other.count) == ("first_name · Web shop", "1")
    assert items["country"].label == items["profile.country"].label == "Country"
    assert items["country"].detail == "country · Web shop"
    assert items["profile.country"].detail == "of the profile itself"
    assert one.note == items["profile.country"].note == "called alike"
    assert not items["plan"].note
    lines = [(item.label, item.detail) for item in items.values()]
    assert len(set(lines)) == len(lines), "no two lines read the same"


def test_who_may_not_see_a_field_learns_nothing_of_its_values():
    make_person(email="ada@example.com", last_seen=timezone.now())
    analyst = signed_in(Role.ANALYST)
    asked = {"what": "operators", "type": "json", "field": "email"}
    answer = analyst.get(reverse("segments:pick"), asked).json()
    usual = [item["value"] for item in answer["items"] if not item["rare"]]
    assert usual == usual_of("json", looks_of("json", []))


def test_what_lies_in_an_object_is_offered_by_its_way_with_its_values():
    for city in ("Utrecht", "Utrecht", "Oslo"):
        make_person(address={"city": city, "geo": {"lat": 5}}, last_seen=timezone.now())
    admin = make_user(Role.ADMIN)
    named = {item.value for item in SOURCES.get("traits")(admin, {}).items}
    assert {"address", "address.city", "address.geo"} <= named
    values = SOURCES.get("values")(admin, {"field": "address.city"}).items
    assert [(item.value, item.count) for item in values] == [("Utrecht", "67 %"), ("Oslo", "33 %")]
    usual, _rare = offered(field="address.city")
    assert usual == TEXT_USUAL
    named = {item.value for item in SOURCES.get("traits")(make_user(Role.ANALYST), {}).items}
    assert "address.city" not in named, "an address is personal, and so is what lies in it"

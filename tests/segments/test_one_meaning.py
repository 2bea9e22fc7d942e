"""Random rules: preview, refresh, incremental update and "why?" agree, and `none` is the rest."""

import random

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.changes import announce
from profiles.models import Profile, ProfileChange
from segments import services
from segments.builder.explain import explain_membership
from segments.builder.preview import preview
from segments.members.live import process_changes
from segments.members.stored import refresh
from segments.models import Membership
from segments.rules import KINDS, parse_rule
from segments.rules.compiler import CompileContext, members_of
from tests.segments.builders import event, group, make_event, make_person, trait

pytestmark = pytest.mark.django_db
NAMES = ["Order Completed", "Product Viewed"]

traits = st.sampled_from(
    [
        trait("plan", "eq", "pro"),
        trait("plan", "ne", "pro"),
        trait("plan", "is_not_set"),
        trait("age", "gte", 30),
        trait("age", "between", [20, 40]),
        trait("plan", "in", ["pro", "team"]),
        trait("tags", "not_contains", "x"),
        trait("profile.country", "eq", "DE"),
        trait("vip", "is_true"),
        trait("plan", "matches", "^p"),
        trait("profile.country", "not_in", ["DE", "NL"]),
    ]
)
events = st.builds(
    lambda name, more: event(name, **more),
    st.sampled_from(NAMES),
    st.sampled_from(
        [
            {},
            {"count": {"op": "eq", "value": 0}},
            {"count": {"op": "lte", "value": 1}},
            {"count": {"op": "gte", "value": 2}},
            {"window": {"last": {"days": 10}}},
            {"where": [{"property": "category", "op": "eq", "value": "shoes"}]},
            {"measure": {"agg": "sum", "property": "revenue", "op": "gt", "value": 100}},
            {"not_since": {"name": "Product Viewed"}},
        ]
    ),
)
others = st.sampled_from(
    [
        {"kind": "segment", "slug": "list"},
        {"kind": "segment", "slug": "pros"},
        {"kind": "consent", "purpose": "marketing", "channel": "email", "status": "never_asked"},
        {"kind": "consent", "purpose": "marketing", "channel": "email", "status": "granted"},
        {"kind": "sequence", "steps": [{"name": name} for name in NAMES]},
        {"kind": "sequence", "steps": [{"name": NAMES[1]}], "without": [{"name": NAMES[0]}]},
        {"kind": "lifecycle", "op": "eq", "value": "lead"},
        {"kind": "rfm", "group": "champions"},
        {"kind": "message", "status": "opened"},
        {"kind": "message", "status": "sent", "count": {"op": "lte", "value": 1}},
        {"kind": "message", "status": "clicked", "count": {"op": "eq", "value": 0}},
    ]
)
groups = st.recursive(
    st.one_of(traits, events, others),
    lambda inner: st.builds(
        lambda m, c: {"match": m, "conditions": c},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=7,
)
rules = st.builds(
    lambda m, c: {"match": m, "conditions": c},
    st.sampled_from(["all", "any", "none"]),
    st.lists(groups, max_size=3),
)


def make_world():
    dice = random.Random(5)
    people = []
    for _ in range(25):
        person = make_person(
            **{
                k: v
                for k, v in {
                    "plan": dice.choice(["pro", "team", "free", None, 5]),
                    "age": dice.choice([18, 35, "35", None]),
                    "tags": dice.choice([["x"], "xy", None]),
                    "vip": dice.choice([True, False, None]),
                    "country": dice.choice(["DE", "NL", ""]),
                }.items()
                if v is not None
            }
        )
        for name in NAMES:
            for _ in range(dice.choice([0, 0, 1, 2])):
                make_event(
                    person,
                    name,
                    dice.randrange(1, 30),
                    category=dice.choice(["shoes", "hats"]),
                    revenue=dice.choice([20, 90, 200]),
                )
        people.append(person)
    make_person(state="erased", plan="pro")
    listed = services.create_segment(slug="list", name="List", kind="static")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO membership (segment_id, profile_id, entered_at) "
            "SELECT %s, unnest(%s::bigint[]), now()",
            [listed.pk, [p.pk for p in people[:8]]],
        )
    pros = services.create_segment(
        slug="pros", name="Pros", rule=group("all", trait("plan", "eq", "pro"))
    )
    refresh(pros.pk)
    return people


@pytest.fixture
def world():
    return [person.pk for person in make_world()]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rule=rules, data=st.data())
def test_every_way_of_asking_agrees(world, rule, data) -> None:
    with transaction.atomic():
        people = [Profile.objects.get(pk=pk) for pk in world]
        everyone = {person.pk for person in people}
        parsed = parse_rule(rule)
        now = timezone.now()
        found = members_of(parsed, CompileContext(as_of=now))
        rest = members_of(
            parse_rule({"match": "none", "conditions": [rule]}), CompileContext(as_of=now)
        )
        assert found | rest == everyone
        assert not found & rest
        assert preview(parsed).count == len(found)

        segment = services.create_segment(slug="random", name="Random", rule=rule)
        refresh(segment.pk)
        assert stored(segment) == found

        chosen = data.draw(st.sampled_from(people))
        chosen.traits = chosen.traits | {"plan": "pro", "age": 31}
        chosen.save()
        make_event(chosen, "Order Completed", 1, category="shoes", revenue=150)
        ProfileChange.objects.all().delete()
        announce([chosen.pk], ["trait:plan", "trait:age", "event:Order Completed"])
        while process_changes():
            pass
        after = members_of(parsed, CompileContext(as_of=timezone.now()))
        assert stored(segment) == after
        for person in people[:4]:
            why = explain_membership(segment, person)
            assert why.member is (person.pk in after)
        transaction.set_rollback(True)


def stored(segment) -> set[int]:
    rows = Membership.objects.filter(segment=segment, left_at=None)
    return set(rows.values_list("profile_id", flat=True))


def test_every_kind_is_tried_here() -> None:
    assert set(KINDS) == {
        "trait",
        "event",
        "sequence",
        "segment",
        "consent",
        "message",
        "lifecycle",
        "rfm",
    }

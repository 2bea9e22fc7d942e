"""Computed traits: each measure by its definition, stored live, by time and whole; in rules."""

import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.composition.variables import Unknown, unknown_names
from campaigns.services.coverage import coverage
from config.postgres.sql import run
from config.workspace.lifecycle.usage import InUse
from config.workspace.models import Role
from consent.privacy.subject import subject_of
from profiles.changes import ANYTHING, announce, redefined
from profiles.language.measures import (
    EVERY_AGGREGATE,
    HOUR,
    OF_EVENTS,
    RATIO,
    SHARE,
    WEEKDAY,
)
from profiles.language.reading.reader import RuleError
from profiles.merging.merging import merge_people
from profiles.merging.unmerging import undo_merge
from profiles.models import Event, EventDefinition, EventItem, FieldTag, Profile, TraitName
from profiles.personal.tags import forget_tags
from profiles.selectors.masking import HARMLESS_ALONE
from segments.builder.explain import explain_membership
from segments.erasing import leave
from segments.insight.computed.preview import preview
from segments.insight.computed.reading import computed_of
from segments.insight.computed.saving import create_trait, delete_trait, update_trait
from segments.insight.computed.sentence import as_node
from segments.members.due import work
from segments.members.live import process_changes
from segments.members.stored import counted_in
from segments.members.values import due_traits, refresh_values
from segments.models import ComputedTrait, ComputedValue, Membership, Segment
from segments.rules import parse_rule
from segments.rules.compiler import CompileContext, members_of
from segments.rules.computed import read_computed
from segments.rules.personal import masked_rule
from segments.services import create_segment
from tests.api.world import client as api_client
from tests.api.world import new_key
from tests.campaigns.builders import (
    HTML,
    deliver_all,
    fan_out_all,
    launched,
    make_campaign,
    make_segment,
    say,
    smtp_server,
)
from tests.campaigns.builders import make_person as campaign_person
from tests.cast import make_identifier, make_user
from tests.segments.builders import AS_OF, group, make_event, make_person, trait

pytestmark = pytest.mark.django_db
ORDER = "Order Completed"


@pytest.fixture
def server():
    """A real one, on a free port."""
    with smtp_server() as found:
        yield found


def measured(agg: str, of: str = "", **more) -> dict:
    """A definition over orders."""
    return {"event": ORDER, "measure": {"agg": agg} | ({"property": of} if of else {})} | more


def settle() -> None:
    """All that waits."""
    while work():
        pass


def ago(days: float) -> float:
    """So long before now, in days before AS_OF."""
    return (AS_OF - timezone.now()).total_seconds() / 86400 + days


def python_value(agg: str, events: list[tuple[float, dict]], of: str):
    """By the definition, in plain Python; events are (days ago, properties), the newest last."""
    values = [p[of] for _days, p in events if p.get(of) is not None] if of else []
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    said = [v for v in values if v != ""]
    if (agg in ("avg", "min", "max") and not numbers) or (agg == "most_frequent" and not said):
        return None
    top = max(Counter(map(json.dumps, said)).values(), default=0)
    return {
        "count": lambda: len(events),
        "days_since": lambda: int(min(days for days, _p in events)) if events else None,
        "sum": lambda: float(sum(numbers)),
        "count_distinct": lambda: len({json.dumps(v) for v in values}),
        "avg": lambda: sum(numbers) / len(numbers),
        "min": lambda: min(numbers),
        "max": lambda: max(numbers),
        "most_frequent": lambda: [
            json.loads(v) for v, n in Counter(map(json.dumps, said)).items() if n == top
        ],
        "top": lambda: [n for _v, n in Counter(map(json.dumps, said)).most_common(3)] or None,
        "unique_list": lambda: {json.dumps(v) for v in said} or None,
        "first": lambda: said[0] if said else None,
        "last": lambda: said[-1] if said else None,
    }[agg]()


PROPERTY = st.sampled_from([None, "", "red", "blue", 1, 2.5, 7, True])
EVENTS = st.lists(st.tuples(st.integers(0, 60), PROPERTY), max_size=5)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(EVENTS, min_size=1, max_size=5), st.sampled_from([None, 30]))
def test_each_measure_is_what_its_definition_says(world, days):
    with transaction.atomic():
        more = {"window": {"last": {"days": days}}} if days else {}
        people = {}
        for some in world:
            person = make_person()
            ordered = sorted(dict(some).items(), reverse=True)
            events = [(d + 0.5, {} if v is None else {"of": v}) for d, v in ordered]
            for d, properties in events:
                make_event(person, ORDER, d, **properties)
            people[person.pk] = [one for one in events if not days or one[0] < days]
        for agg in set(EVERY_AGGREGATE) - {RATIO, SHARE, HOUR, WEEKDAY}:
            of = "" if agg in OF_EVENTS else "of"
            definition = read_computed(measured(agg, of, **more))
            rows = run(definition.values(CompileContext(as_of=AS_OF)))
            found = {row[0]: row[1] for row in rows}
            for pk, events in people.items():
                value = found.get(pk, definition.nought)
                value = definition.nought if value is None else value
                expected = python_value(agg, events, of)
                if isinstance(value, str):  # jsonb
                    value = json.loads(value)
                if agg == "most_frequent" and expected:
                    assert value in expected, (agg, events)
                elif agg == "top" and expected:  # among equals, which is first is no matter
                    counts = Counter(json.dumps(p["of"]) for _d, p in events if "of" in p)
                    assert [counts[json.dumps(one)] for one in value] == expected, (agg, events)
                elif agg == "unique_list" and expected:
                    assert {json.dumps(one) for one in value} == expected, (agg, events)
                elif isinstance(value, Decimal):
                    assert float(value) == pytest.approx(expected, abs=1e-6), (agg, events)
                else:
                    assert value == expected, (agg, events)
        transaction.set_rollback(True)


def test_values_follow_live_by_time_and_whole():
    anna, ben = make_person(), make_person()
    make_event(anna, ORDER, ago(29), revenue=10.1)
    make_event(anna, ORDER, ago(2), revenue=0.2, category="shoes")
    window = {"window": {"last": {"days": 30}}}
    spent = create_trait(name="spent", definition=measured("sum", "revenue", **window))
    create_trait(name="orders", definition=measured("count", **window))
    create_trait(name="likes", definition=measured("most_frequent", "category"))
    create_trait(name="quiet", definition=measured("days_since"))
    settle()
    of = computed_of([anna.pk, ben.pk])
    assert of[anna.pk] == {"likes": "shoes", "orders": 2, "quiet": 2, "spent": 10.3}
    assert of[ben.pk] == {"orders": 0, "spent": 0}
    spent.refresh_from_db()
    assert (spent.people, spent.status) == (1, "fresh")

    make_event(ben, ORDER, ago(1), revenue=5)
    announce([ben.pk], [f"event:{ORDER}"])
    settle()
    assert computed_of([ben.pk])[ben.pk] == {"orders": 1, "spent": 5, "quiet": 1}
    spent.refresh_from_db()
    assert spent.people == 2

    # the first order of anna leaves the window: only she is due
    row = ComputedValue.objects.get(profile_id=anna.pk, trait=spent)
    assert row.due_at == pytest.approx(timezone.now() + timedelta(days=1), abs=timedelta(minutes=5))
    moved = Event.objects.filter(profile_id=anna.pk).order_by("occurred_at").first()
    Event.objects.filter(profile_id=anna.pk, pk=moved.pk).update(
        occurred_at=moved.occurred_at - timedelta(days=2)
    )
    ComputedValue.objects.filter(profile_id=anna.pk).update(due_at=timezone.now())
    settle()
    assert computed_of([anna.pk])[anna.pk]["spent"] == 0.2
    assert computed_of([anna.pk])[anna.pk]["orders"] == 1

    # who may not be worked with has none
    Profile.objects.filter(pk=ben.pk).update(state="restricted")
    announce([ben.pk], [ANYTHING])
    settle()
    assert not ComputedValue.objects.filter(profile_id=ben.pk).exists()


def test_a_rule_asks_by_it_as_by_a_trait():
    rich, poor, never = make_person(), make_person(), make_person()
    for days in (1, 2, 3):
        make_event(rich, ORDER, ago(days), revenue=100, category="tents")
    make_event(poor, ORDER, ago(1), revenue=5, category="socks")
    everybody = {rich.pk, poor.pk, never.pk}
    create_trait(name="spent", definition=measured("sum", "revenue"))
    create_trait(name="likes", definition=measured("most_frequent", "category"))
    create_trait(name="seen", definition=measured("last"))
    create_trait(name="kinds", definition=measured("unique_list", "category"))

    def who(*conditions: dict) -> set[int]:
        return members_of(
            parse_rule(group("all", *conditions)), CompileContext(as_of=timezone.now())
        )

    assert who(trait("spent", "gt", 100)) == {rich.pk}
    assert who(trait("spent", "lt", 100)) == {poor.pk, never.pk}, "of nothing it is 0"
    assert who(trait("spent", "is_set")) == everybody
    assert who(trait("spent", "is_not_set")) == set()
    assert who(trait("likes", "eq", "tents")) == {rich.pk}
    assert who(trait("likes", "ne", "tents")) == {poor.pk, never.pk}
    assert who(trait("likes", "is_not_set")) == {never.pk}
    assert who(trait("likes", "starts_with", "SO")) == {poor.pk}
    assert who(trait("seen", "in_last", {"days": 2})) == {rich.pk, poor.pk}
    assert who(trait("kinds", "contains", "socks")) == {poor.pk}
    past = CompileContext(as_of=timezone.now() - timedelta(days=1, hours=12), is_now=False)
    rule = parse_rule(group("all", trait("spent", "gt", 150)))
    assert members_of(rule, past) == {rich.pk}
    assert members_of(rule, CompileContext(as_of=timezone.now(), profile_ids=[poor.pk])) == set()


def test_a_segment_by_it_follows_live_and_says_why():
    anna = make_person()
    created = create_trait(name="spent", definition=measured("sum", "revenue"))
    segment = create_segment(slug="big", name="Big", rule=group("all", trait("spent", "gte", 50)))
    assert f"event:{ORDER}" in segment.depends_on
    settle()
    make_event(anna, ORDER, ago(1), revenue=50)
    announce([anna.pk], [f"event:{ORDER}"])
    while process_changes():
        pass
    assert Membership.objects.filter(segment=segment, left_at=None).count() == 1
    assert explain_membership(segment, anna).clauses[0].found == "spent is 50"
    with pytest.raises(InUse, match="Big"):
        delete_trait(created)
    # what it means may change: those who ask by it follow
    update_trait(created, definition=measured("count", window={"last": {"days": 30}}))
    segment.refresh_from_db()
    assert segment.is_timed
    settle()
    assert not Membership.objects.filter(segment=segment, left_at=None).exists()
    Segment.objects.all().delete()
    delete_trait(created)
    assert not ComputedValue.objects.exists()


def test_a_name_that_was_a_trait_in_a_rule_is_the_computed_one_from_then_on():
    anna = make_person()
    make_event(anna, ORDER, ago(1), revenue=50)
    segment = create_segment(slug="big", name="Big", rule=group("all", trait("spent", "gte", 50)))
    settle()
    assert not Membership.objects.filter(segment=segment).exists()
    create_trait(name="spent", definition=measured("sum", "revenue"))
    settle()
    assert Membership.objects.filter(segment=segment, left_at=None).count() == 1


def test_numbers_that_come_as_texts_count_once_the_definition_says_so():
    anna = make_person()
    make_event(anna, ORDER, ago(1), price="19.90")
    create_trait(name="paid", definition=measured("sum", "price"))
    settle()
    assert computed_of([anna.pk])[anna.pk] == {"paid": 0}
    EventDefinition.objects.update_or_create(name=ORDER, defaults={"numbers": ["price"]})
    redefined(f"event:{ORDER}")
    settle()
    assert computed_of([anna.pk])[anna.pk] == {"paid": 19.9}


def test_shares_ratios_and_habits():
    anna, ben = make_person(time_zone="Asia/Jakarta"), make_person()
    for days, coupon in ((1, "X"), (2, None), (3, "Y"), (4, None)):
        more = {"coupon": coupon, "discount": 10} if coupon else {}
        make_event(anna, ORDER, days, revenue=50, **more)  # at 12:00 UTC
    make_event(ben, ORDER, 7)
    create_trait(name="coupons", definition={
        "event": ORDER,
        "measure": {"agg": "share", "where": [{"property": "coupon", "op": "is_set"}]},
    })  # fmt: skip
    create_trait(name="discount", definition={
        "event": ORDER,
        "measure": {"agg": "ratio", "property": "discount", "per": "revenue"},
    })  # fmt: skip
    create_trait(name="hour", definition=measured("hour"))
    create_trait(name="day", definition=measured("weekday"))
    settle()
    of = computed_of([anna.pk, ben.pk])
    assert of[anna.pk] == {"coupons": 0.5, "discount": 0.1, "hour": 19, "day": of[anna.pk]["day"]}
    assert of[anna.pk]["day"] in (1, 2, 3, 4)
    assert of[ben.pk] == {"coupons": 0, "hour": 12, "day": AS_OF.isoweekday()}, "no ratio of nought"
    words = read_computed(ComputedTrait.objects.get(name="coupons").definition).describe()
    assert words == "share where coupon is known, of Order Completed"


def test_products_of_orders_can_be_liked():
    anna = make_person()
    row = make_event(anna, ORDER, ago(1))
    for n, category in enumerate(["tents", "socks", "tents"]):
        EventItem.objects.create(
            profile_id=anna.pk, occurred_at=row.occurred_at, event_id=row.pk, name=ORDER,
            product_id=f"p{n}", category=category, quantity=1, price=5,
        )  # fmt: skip
    create_trait(name="likes", definition=measured("most_frequent", "products.category"))
    create_trait(name="items", definition=measured("sum", "products.quantity"))
    settle()
    assert computed_of([anna.pk])[anna.pk] == {"items": 3, "likes": "tents"}


@pytest.mark.parametrize(
    ("name", "definition", "path"),
    [
        ("", measured("count"), "name"),
        ("a.b", measured("count"), "name"),
        ("a/b", measured("count"), "name"),
        (" a", measured("count"), "name"),
        ("profile.x", measured("count"), "name"),
        ("preview", measured("count"), "name"),
        ("taken", measured("count"), "name"),
        ("plan", measured("count"), "name"),
        ("x" * 121, measured("count"), "name"),
        ("n", {}, "event"),
        ("n", None, "event"),
        ("n", measured("median"), "measure.agg"),
        ("n", measured("sum"), "measure.property"),
        ("n", measured("count", "revenue"), "measure.property"),
        ("n", measured("sum", "products.colour"), "measure.property"),
        ("n", measured("share"), "measure.where"),
        ("n", measured("ratio", "revenue"), "measure.per"),
        ("n", measured("hour", "revenue"), "measure.property"),
        (
            "n",
            {"event": ORDER, "measure": {"agg": "sum", "property": "a", "per": "b"}},
            "measure.per",
        ),
        (
            "n",
            {"event": ORDER, "measure": {"agg": "ratio", "property": "products.price", "per": "b"}},
            "measure.property",
        ),
        ("n", measured("count", window={"last": {"years": 1}}), "window.last.years"),
        ("n", measured("count", window={"since_entry": True}), "window.since_entry"),
        ("n", measured("count", where=[{"property": "a", "op": "like"}]), "where[0].op"),
        ("n", measured("count") | {"whom": 1}, "whom"),
    ],
)
def test_what_is_wrong_is_named(name, definition, path):
    TraitName.objects.create(name="plan")
    create_trait(name="taken", definition=measured("count"))
    with pytest.raises(RuleError) as caught:
        create_trait(name=name, definition=definition)
    assert path in [problem.path for problem in caught.value.problems]
    assert ComputedTrait.objects.count() == 1


def test_a_preview_says_how_many_and_what_is_usual():
    for n in range(5):
        person = make_person(display_name=f"P{n}")
        make_event(person, ORDER, ago(1), revenue=10 * n, category="tents" if n else "socks")
    make_person()
    found = preview(read_computed(measured("sum", "revenue")))
    assert (found.people, found.total) == (5, 6)
    assert found.numbers == (0, 20, 20, 40)
    assert len(found.sample) == 5
    found = preview(read_computed(measured("last", "category")))
    assert found.numbers is None
    assert found.often == [("tents", 4), ("socks", 1)]


def test_the_api_answers_as_the_contract_says():
    anna = make_person()
    make_identifier(anna, "rapport_id", str(anna.public_id))
    make_event(anna, ORDER, ago(1), revenue=50)
    caller = api_client(new_key("segments.view", "segments.edit", "people.view", "people.personal"))
    body = {
        "name": "spent_90d",
        "event": ORDER,
        "window": {"last": {"days": 90}},
        "measure": {"agg": "sum", "property": "revenue"},
    }
    made = caller.post("/api/computed-traits/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["status"] == "refreshing"
    assert (
        caller.post("/api/computed-traits/", body, content_type="application/json").status_code
        == 409
    )
    settle()
    said = caller.get("/api/computed-traits/spent_90d/").json()
    assert said["status"] == "fresh"
    assert said["refreshed_at"]
    assert said["people"] == 1
    assert said["sentence"] == "total revenue of Order Completed in the last 90 days"
    assert said["used_by"] == []
    assert caller.get("/api/computed-traits/").json()["results"][0]["name"] == "spent_90d"
    person = caller.get(f"/api/profiles/{anna.public_id}/").json()
    assert person["computed"] == {"spent_90d": 50}
    tried = caller.post(
        "/api/computed-traits/preview/", {k: body[k] for k in ("event", "measure")},
        content_type="application/json",
    ).json()  # fmt: skip
    assert (tried["people"], tried["median"], tried["often"]) == (
        1,
        50,
        [{"value": 50, "people": 1}],
    )
    address = "/api/computed-traits/spent_90d/"
    changed = caller.patch(
        address, {"measure": {"agg": "count"}, "revision": 1}, content_type="application/json"
    )
    assert changed.json()["measure"] == {"agg": "count"}
    assert changed.json()["window"] == {"last": {"days": 90}}
    stale = caller.patch(
        address, {"description": "x", "revision": 1}, content_type="application/json"
    )
    assert stale.status_code == 409
    wrong = caller.patch(
        address, {"measure": {"agg": "sum"}}, content_type="application/json"
    ).json()
    assert wrong["errors"][0]["path"] == "measure.property"
    create_segment(slug="s", name="S", rule=group("all", trait("spent_90d", "gt", 0)))
    assert caller.delete(address).status_code == 409
    Segment.objects.all().delete()
    assert caller.post(f"{address}refresh/").status_code == 202
    assert caller.delete(address).status_code == 204
    assert caller.get(address).status_code == 404
    assert api_client(new_key("events.view")).get("/api/computed-traits/").status_code == 403


def test_who_may_not_see_what_it_is_worked_out_of_does_not_see_it():
    anna = make_person()
    make_identifier(anna, "rapport_id", str(anna.public_id))
    make_event(anna, ORDER, ago(1), ship_to="Jl. Sudirman 1", revenue=5)
    # "plan" is harmless by usage; what it is worked out of is not known to be
    create_trait(name="plan", definition=measured("last", "ship_to"))
    create_trait(name="spent", definition=measured("sum", "revenue"))
    settle()
    caller = api_client(new_key("people.view", "segments.view", "segments.edit"))
    said = caller.get(f"/api/profiles/{anna.public_id}/").json()["computed"]
    assert "Sudirman" not in json.dumps(said)
    body = measured("last", "ship_to") | {"name": "mine"}
    made = caller.post("/api/computed-traits/", body, content_type="application/json")
    assert made.status_code == 400
    assert made.json()["errors"][0]["code"] == "personal"
    tried = caller.post(
        "/api/computed-traits/preview/", measured("last", "ship_to"),
        content_type="application/json",
    )  # fmt: skip
    assert tried.status_code == 400


def test_a_mail_says_it_and_the_checks_know_it(server):
    anna = campaign_person("anna")
    say(anna)
    make_event(anna, ORDER, ago(1), revenue=19.5)
    create_trait(name="spent", definition=measured("sum", "revenue"))
    settle()
    assert unknown_names(["spent", "traits.spent", "spend"]) == [Unknown("spend", "spent")]
    content = {"subject": "You spent {{ spent }}", "html": HTML}
    campaign = launched(make_segment(anna), step={"content": content})
    with pytest.raises(InUse, match="spring"):
        delete_trait(ComputedTrait.objects.get())
    deliver_all()
    fan_out_all()
    assert server.message()["Subject"] == "You spent 19.5"
    campaign.refresh_from_db()
    assert campaign.status == "finished"
    delete_trait(ComputedTrait.objects.get())
    assert not ComputedTrait.objects.exists()


def test_a_draft_counts_who_lacks_it():
    anna, ben = (campaign_person(name) for name in ("anna", "ben"))
    for one in (anna, ben):
        say(one)
    make_event(anna, ORDER, ago(1), category="tents")
    create_trait(name="likes", definition=measured("last", "category"))
    create_trait(name="orders", definition=measured("count"))
    settle()
    found = coverage(make_campaign(make_segment(anna, ben)), ["likes", "orders"])
    assert (found.of, found.without) == (2, {"likes": 1, "orders": 0})


def test_it_goes_over_to_who_survives_a_merge():
    anna, ben = make_person(), make_person()
    for person in (anna, ben):
        make_identifier(person, "rapport_id", str(person.public_id))
        make_event(person, ORDER, ago(1), revenue=5)
    create_trait(name="spent", definition=measured("sum", "revenue"))
    settle()
    merge = merge_people(survivor_id=anna.pk, absorbed_id=ben.pk, rule="by hand", evidence={})
    settle()
    assert computed_of([anna.pk])[anna.pk] == {"spent": 10}
    assert not ComputedValue.objects.filter(profile_id=ben.pk).exists()
    undo_merge(merge_id=merge)
    settle()
    assert computed_of([anna.pk, ben.pk]) == {anna.pk: {"spent": 5}, ben.pk: {"spent": 5}}


# --- what a review found -------------------------------------------------------------------------


def test_of_events_without_a_number_a_sum_is_nought_in_rules_as_on_screen():
    anna = make_person()
    make_event(anna, ORDER, ago(1), points="many")
    create_trait(name="points", definition=measured("sum", "points"))
    settle()
    assert computed_of([anna.pk])[anna.pk] == {"points": 0}
    for op, value in (("lt", 10), ("eq", 0), ("is_set", None)):
        rule = parse_rule(group("all", trait("points", op, value)))
        assert members_of(rule, CompileContext(as_of=timezone.now())) == {anna.pk}, op


def test_an_hour_follows_the_persons_zone():
    anna = make_person(time_zone="UTC")
    make_event(anna, ORDER, 1)  # at 12:00 UTC
    created = create_trait(name="hour", definition=measured("hour"))
    assert "profile:time_zone" in created.depends_on
    settle()
    assert computed_of([anna.pk])[anna.pk] == {"hour": 12}
    Profile.objects.filter(pk=anna.pk).update(time_zone="Asia/Jakarta")
    announce([anna.pk], ["profile:time_zone"])
    settle()
    assert computed_of([anna.pk])[anna.pk] == {"hour": 19}
    rule = group("all", trait("hour", "eq", 19))
    assert "profile:time_zone" in create_segment(slug="h", name="H", rule=rule).depends_on


def test_tests_that_time_moves_are_asked_again_of_everybody():
    anna = make_person()
    soon = (timezone.now() + timedelta(days=2)).isoformat()
    make_event(anna, ORDER, ago(1), expires=soon)
    tests = [{"property": "expires", "op": "in_next", "value": {"days": 1}}]
    created = create_trait(name="soon", definition=measured("count", where=tests))
    segment = create_segment(slug="s", name="S", rule=group("all", trait("soon", "gt", 0)))
    assert segment.is_timed
    settle()
    assert computed_of([anna.pk])[anna.pk] == {"soon": 0}
    now = timezone.now()
    assert created.pk not in due_traits(now)
    assert created.pk in due_traits(now + timedelta(minutes=20))


def test_a_request_that_was_not_read_stands():
    make_event(make_person(), ORDER, ago(1))
    created = create_trait(name="how_many", definition=measured("count"))
    settle()
    row = ComputedTrait.objects.get(pk=created.pk)
    later = timezone.now() - timedelta(seconds=1)  # stamped before, committed after it was read

    def meanwhile(*args, **more):
        ComputedTrait.objects.filter(pk=row.pk).update(refresh_requested_at=later)
        return counted_in()

    with patch("segments.members.values.counted_in", meanwhile):
        refresh_values(row.pk)
    row.refresh_from_db()
    assert row.refresh_requested_at == later


def test_the_number_of_people_follows_a_merge_and_an_erasure():
    anna, ben = make_person(), make_person()
    for person in (anna, ben):
        make_identifier(person, "rapport_id", str(person.public_id))
        make_event(person, ORDER, ago(1))
    created = create_trait(name="how_many", definition=measured("count"))
    settle()
    merge_people(survivor_id=anna.pk, absorbed_id=ben.pk, rule="by hand", evidence={})
    settle()
    created.refresh_from_db()
    assert created.people == ComputedValue.objects.count() == 1
    with connection.cursor() as cursor:
        leave(cursor, subject_of(anna))
    created.refresh_from_db()
    assert created.people == ComputedValue.objects.count() == 0


def test_a_preview_shows_a_masked_role_no_personal_value():
    for n in range(3):
        make_event(make_person(display_name=f"P{n}"), ORDER, ago(1), coupon="ada@example.com")
    body = measured("last", "coupon")
    rest = api_client(new_key("segments.view"))
    said = rest.post("/api/computed-traits/preview/", body, format="json").json()
    assert "ada@example.com" not in json.dumps(said)
    client = Client()
    client.force_login(make_user(Role.ANALYST))
    node = json.dumps(as_node(body))
    page = client.post(reverse("segments:trait_effect"), {"definition": node})
    assert page.status_code == 200
    assert "ada@example.com" not in page.content.decode()
    bad = json.dumps(as_node(body)).replace("coupon", "\\ud800")
    assert client.post(reverse("segments:trait_effect"), {"definition": bad}).status_code == 200
    saved = client.post(reverse("segments:trait_create"), {"name": "x", "definition": bad})
    assert saved.status_code == 200


def test_what_is_not_worked_out_of_somebody_is_not_nought():
    anna = make_person()
    make_event(anna, ORDER, ago(1))
    FieldTag.objects.create(
        place="trait", name="visits", is_personal=True, sensitivity="special", purpose="measuring"
    )
    forget_tags()
    create_trait(name="visits", definition=measured("count"))
    settle()
    assert computed_of([anna.pk]) == {anna.pk: {}}, "it was not asked for, so nothing is said"
    forget_tags()


def test_a_masked_reader_is_told_no_operand_of_what_they_may_not_see():
    create_trait(name="plan", definition=measured("last", "ship_to"))
    data = group("all", trait("plan", "eq", "Dam 1"))
    assert "Dam 1" not in parse_rule(data).masked(HARMLESS_ALONE).describe()
    assert "Dam 1" not in json.dumps(masked_rule(data, HARMLESS_ALONE))


def test_numbers_beyond_a_double_are_previewed():
    person = make_person()
    for days in (1, 2):
        make_event(person, ORDER, ago(days), big=1.5e308)
    found = preview(read_computed(measured("sum", "big")))
    assert found.people == 1
    assert found.numbers[3] > 1e308


def test_until_it_is_worked_out_of_everybody_nothing_is_said():
    anna = make_person()
    make_event(anna, ORDER, ago(1), revenue=5)
    created = create_trait(name="how_many", definition=measured("count"))
    assert computed_of([anna.pk]) == {anna.pk: {}}, "0 would be wrong"
    settle()
    assert computed_of([anna.pk]) == {anna.pk: {"how_many": 1}}
    update_trait(created, definition=measured("sum", "revenue"))
    assert computed_of([anna.pk]) == {anna.pk: {}}, "1 was the number of orders"
    settle()
    assert computed_of([anna.pk]) == {anna.pk: {"how_many": 5}}

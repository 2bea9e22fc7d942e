"""Events: who did what how often, when, with which properties."""

from datetime import timedelta

import pytest

from config.postgres.sql import sql
from profiles.models import AliasPending, Event, EventDefinition
from segments.rules import RuleError, parse_rule
from segments.rules.compiler import CompileContext, members_of
from tests.segments.builders import AS_OF, event, group, make_person

pytestmark = pytest.mark.django_db
OC, PV = "Order Completed", "Product Viewed"
SHOES = [{"property": "category", "op": "eq", "value": "shoes"}]
MONTH = {"last": {"days": 30}}

# people by letter
PEOPLE = {
    "a": [
        (OC, 5, {"category": "shoes", "revenue": 200}),
        (OC, 10, {"category": "shoes", "revenue": 100}),
    ],
    "b": [(OC, 40, {"category": "shoes", "revenue": 300})],
    "c": [(OC, 2, {"category": "hats", "revenue": 10, "color": "red"}), (PV, 1, {"price": 5})],
    "d": [(PV, 3, {"price": "5"}), (PV, 4, {"price": 7, "tags": ["new"]})],
    "e": [],
    "f": [(PV, 6), (OC, 6, {"category": 5})],
}
ALL = set(PEOPLE)
TABLE = [
    (event(OC), "abcf"),
    (event(OC, window=MONTH), "acf"),
    (event(OC, count={"op": "gte", "value": 2}), "a"),
    (event(OC, count={"op": "eq", "value": 0}), "de"),
    (event(OC, count={"op": "lt", "value": 2}), ALL - {"a"}),
    (event(OC, count={"op": "eq", "value": 1}), "bcf"),
    (event(OC, count={"op": "ne", "value": 1}), "ade"),
    (event(OC, count={"op": "between", "value": [0, 1]}), ALL - {"a"}),
    (event(OC, count={"op": "in", "value": [0, 2]}), "ade"),
    (event(OC, count={"op": "not_in", "value": [0, 2]}), "bcf"),
    (event(OC, window=MONTH, count={"op": "lte", "value": 0}), "bde"),
    (event(OC, where=SHOES), "ab"),
    (event(OC, where=SHOES, window=MONTH), "a"),
    (event(OC, where=[{"property": "category", "op": "ne", "value": "shoes"}]), "cf"),
    (event(OC, where=[{"property": "category", "op": "eq", "value": 5}]), "f"),
    (event(OC, where=[{"property": "category", "op": "in", "value": ["hats", "shoes"]}]), "abc"),
    (event(OC, where=[{"property": "color", "op": "is_set"}]), "c"),
    (event(OC, where=[{"property": "color", "op": "is_not_set"}]), "abf"),
    (event(OC, where=[{"property": "revenue", "op": "gt", "value": 150}]), "ab"),
    (
        event(
            OC, where=SHOES, measure={"agg": "sum", "property": "revenue", "op": "gt", "value": 250}
        ),
        "ab",
    ),
    (
        event(
            OC,
            window=MONTH,
            measure={"agg": "sum", "property": "revenue", "op": "gte", "value": 300},
        ),
        "a",
    ),
    (event(OC, measure={"agg": "avg", "property": "revenue", "op": "eq", "value": 150}), "a"),
    (event(OC, measure={"agg": "min", "property": "revenue", "op": "lt", "value": 150}), "ac"),
    (
        event(
            OC, measure={"agg": "max", "property": "revenue", "op": "between", "value": [200, 300]}
        ),
        "ab",
    ),
    (
        event(
            OC, measure={"agg": "count_distinct", "property": "category", "op": "eq", "value": 1}
        ),
        "abcf",
    ),
    (event(PV, where=[{"property": "price", "op": "gte", "value": 5}]), "cd"),
    (event(PV, where=[{"property": "price", "op": "eq", "value": "5"}]), "d"),
    (event(PV, measure={"agg": "sum", "property": "price", "op": "gt", "value": 6}), "d"),
    (event(PV, where=[{"property": "tags", "op": "contains", "value": "new"}]), "d"),
    (event(PV, where=[{"property": "tags", "op": "not_contains", "value": "new"}]), "cdf"),
    (event(PV, not_since={"name": OC}), "cd"),
    (event(OC, not_since={"name": PV}), "ab"),
    (event(PV, not_since={"name": OC, "where": SHOES}), "cdf"),
    (event(PV, window={"last": {"days": 5}}, not_since={"name": OC}), "cd"),
    (event(OC, window={"from": "2026-11-15", "to": "2026-11-15"}), "a"),
    (event(OC, window={"from": "2026-11-18"}), "c"),
    (event(OC, window={"to": "2026-10-31"}), "b"),
    (event("Nothing Like It"), ""),
    (event("Nothing Like It", count={"op": "eq", "value": 0}), ALL),
]


@pytest.fixture
def letters() -> dict[int, str]:
    return {make_person(events=events).pk: letter for letter, events in PEOPLE.items()}


@pytest.mark.parametrize("narrowed", [False, True])
def test_events(letters, narrowed) -> None:
    wrong = []
    for condition, expected in TABLE:
        for match, who in (("all", set(expected)), ("none", ALL - set(expected))):
            ids = (
                [each for each, letter in letters.items() if letter in "abd"] if narrowed else None
            )
            context = CompileContext(as_of=AS_OF, profile_ids=ids)
            found = {
                letters[each] for each in members_of(parse_rule(group(match, condition)), context)
            }
            if found != (who & set("abd") if narrowed else who):
                wrong.append((condition, match, "".join(sorted(found)), "".join(sorted(who))))
    assert not wrong


def test_an_absorbed_profiles_events_count_for_the_survivor() -> None:
    first, second = make_person(events=[(OC, 3)]), make_person(events=[(OC, 2), (PV, 1)])
    AliasPending.objects.create(profile_id=second.pk, survivor_id=first.pk)
    twice = parse_rule(group("all", event(OC, count={"op": "gte", "value": 2})))
    never = parse_rule(group("all", event(PV, count={"op": "eq", "value": 0})))
    for ids in (None, [first.pk], [first.pk, second.pk]):
        assert members_of(twice, CompileContext(as_of=AS_OF, profile_ids=ids)) == {first.pk}
        assert first.pk not in members_of(never, CompileContext(as_of=AS_OF, profile_ids=ids))
    assert members_of(twice, CompileContext(as_of=AS_OF, profile_ids=[second.pk])) == set()


def test_a_slot_is_used_only_when_its_back_fill_is_done() -> None:
    person = make_person(events=[(OC, 3, {"category": "shoes"})])
    Event.objects.filter(profile_id=person.pk).update(k1=None)
    rule = parse_rule(group("all", event(OC, where=SHOES)))
    assert members_of(rule, CompileContext(as_of=AS_OF)) == set()
    EventDefinition.objects.filter(name=OC).update(
        slots={"category": {"slot": "k1", "ready": False}}
    )
    assert members_of(rule, CompileContext(as_of=AS_OF)) == {person.pk}


def test_since_entry_needs_someone_who_enters() -> None:
    rule = group("all", event(OC, window={"since_entry": True}))
    with pytest.raises(RuleError) as error:
        parse_rule(rule)
    assert (error.value.path, error.value.code) == ("conditions[0].window.since_entry", "no_entry")
    ada, ben = make_person(events=[(OC, 3)]), make_person(events=[(OC, 5)])
    entered = sql(
        "SELECT unnest({ids}::bigint[]) AS profile_id, {at}::timestamptz AS entered_at",
        ids=[ada.pk, ben.pk],
        at=AS_OF - timedelta(days=4),
    )
    context = CompileContext(as_of=AS_OF, entered=entered)
    assert members_of(parse_rule(rule, has_entry=True), context) == {ada.pk}


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"name": ""}, "name", "required"),
        ({"count": {"op": "gte", "value": 1.5}}, "count.value", "type"),
        ({"count": {"op": "is_set"}}, "count.op", "operator_type"),
        ({"count": {"op": "contains", "value": "x"}}, "count.op", "operator_type"),
        ({"window": {"last": {"days": 0}}}, "window.last.days", "range"),
        ({"window": {"last": 30}}, "window.last", "type"),
        ({"window": {}}, "window", "conflict"),
        ({"window": {"last": {"days": 1}, "from": "2026-01-01"}}, "window", "conflict"),
        ({"window": {"from": "2026-02-01", "to": "2026-01-01"}}, "window.to", "range"),
        ({"where": [{"property": "x", "op": "gt", "value": "5"}]}, "where[0].value", "type"),
        ({"where": {}}, "where", "type"),
        (
            {"where": [{"property": "products.shoe", "op": "is_set"}]},
            "where[0].property",
            "unknown_field",
        ),
        (
            {"measure": {"agg": "median", "property": "x", "op": "gt", "value": 1}},
            "measure.agg",
            "unknown_choice",
        ),
        (
            {
                "count": {"op": "eq", "value": 0},
                "measure": {"agg": "sum", "property": "x", "op": "gt", "value": 1},
            },
            "measure",
            "conflict",
        ),
        ({"count": {"op": "eq", "value": 0}, "not_since": {"name": "x"}}, "not_since", "conflict"),
        ({"not_since": {"name": "x", "when": 1}}, "not_since.when", "unknown_field"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(fields, path, code) -> None:
    with pytest.raises(RuleError) as error:
        parse_rule(group("all", {"kind": "event", "name": OC} | fields))
    assert (error.value.path, error.value.code) == (f"conditions[0].{path}", code)

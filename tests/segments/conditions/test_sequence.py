"""The kind `sequence`: in this order, in time, with nothing between, about the same thing."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.merging.merging import merge_people
from segments.rules import RuleError, parse_rule
from segments.rules.compiler import CompileContext, members_of
from tests.cast import make_identifier
from tests.segments import reference
from tests.segments.builders import AS_OF, group, make_person
from tests.segments.strategies import spans

pytestmark = pytest.mark.django_db
VIEWED, ADDED, BOUGHT, LEFT = "Product Viewed", "Cart Added", "Order Completed", "Cart Emptied"


def sequence(*names, **fields):
    steps = [{"name": name} if isinstance(name, str) else name for name in names]
    return {"kind": "sequence", "steps": steps} | fields


WEEK = {"within": {"days": 7}}
A, B = {"product_id": "a"}, {"product_id": "b"}
SAME = {"same": "product_id"}
DAYS = {"from": "2026-11-16", "to": "2026-11-18"}
BOTH = {"products": [{"product_id": "b"}, {"product_id": "a"}]}
CASES = [
    (sequence(VIEWED, BOUGHT), [(VIEWED, 3), (BOUGHT, 2)], True),
    (sequence(VIEWED, BOUGHT), [(VIEWED, 2), (BOUGHT, 3)], False),
    (sequence(VIEWED, BOUGHT), [(BOUGHT, 3), (VIEWED, 2), (BOUGHT, 1)], True),
    (sequence(VIEWED, BOUGHT), [(VIEWED, 2), (BOUGHT, 2)], True),  # at the same moment
    (sequence(BOUGHT, BOUGHT), [(BOUGHT, 2)], False),  # one event is one step
    (sequence(BOUGHT, BOUGHT), [(BOUGHT, 2), (BOUGHT, 2)], True),
    (sequence(VIEWED, BOUGHT, **WEEK), [(VIEWED, 9), (BOUGHT, 2)], True),
    (sequence(VIEWED, BOUGHT, **WEEK), [(VIEWED, 9.01), (BOUGHT, 2)], False),
    # the latest start decides, and an earlier one does not hide it
    (sequence(VIEWED, BOUGHT, **WEEK), [(VIEWED, 30), (VIEWED, 8), (BOUGHT, 2)], True),
    (sequence(VIEWED, ADDED, BOUGHT, **WEEK), [(VIEWED, 9), (ADDED, 3), (BOUGHT, 2)], True),
    (sequence(VIEWED, ADDED, BOUGHT, **WEEK), [(VIEWED, 10), (ADDED, 3), (BOUGHT, 2)], False),
    (sequence(VIEWED, ADDED, BOUGHT), [(ADDED, 5), (VIEWED, 4), (BOUGHT, 2)], False),
    (sequence(VIEWED, BOUGHT, without=[{"name": LEFT}]), [(VIEWED, 3), (BOUGHT, 2)], True),
    (
        sequence(VIEWED, BOUGHT, without=[{"name": LEFT}]),
        [(VIEWED, 4), (LEFT, 3), (BOUGHT, 2)],
        False,
    ),
    (
        sequence(VIEWED, BOUGHT, without=[{"name": LEFT}]),
        [(VIEWED, 4), (LEFT, 3), (VIEWED, 2.5), (BOUGHT, 2)],
        True,
    ),
    (
        sequence(VIEWED, BOUGHT, without=[{"name": LEFT}]),
        [(LEFT, 5), (VIEWED, 4), (BOUGHT, 2), (LEFT, 1)],
        True,
    ),
    (
        sequence(VIEWED, BOUGHT, without=[{"name": LEFT}]),
        [(VIEWED, 4), (LEFT, 4), (LEFT, 2), (BOUGHT, 2)],
        True,  # at the moment of a step is not between
    ),
    (sequence(VIEWED, BOUGHT, window={"last": {"days": 5}}), [(VIEWED, 6), (BOUGHT, 2)], False),
    (sequence(VIEWED, BOUGHT, window={"last": {"days": 7}}), [(VIEWED, 6), (BOUGHT, 2)], True),
    # after one step not another
    (sequence(ADDED, without=[{"name": BOUGHT}]), [(ADDED, 2)], True),
    (sequence(ADDED, without=[{"name": BOUGHT}]), [(ADDED, 2), (BOUGHT, 1)], False),
    (sequence(ADDED, without=[{"name": BOUGHT}]), [(BOUGHT, 3), (ADDED, 2)], True),
    (
        sequence(ADDED, without=[{"name": BOUGHT}], within={"hours": 12}),
        [(ADDED, 2), (BOUGHT, 1)],
        True,  # too late to count
    ),
    (sequence(ADDED, without=[{"name": BOUGHT}], within={"hours": 12}), [(ADDED, 0.4)], False),
    (sequence(ADDED, without=[{"name": BOUGHT}], within={"hours": 12}), [(ADDED, 0.6)], True),
    (
        sequence(ADDED, without=[{"name": BOUGHT}], window=DAYS),
        [(ADDED, 3), (BOUGHT, 1)],
        False,  # what must not follow is not of the window
    ),
    # about the same
    (sequence(VIEWED, BOUGHT, **SAME), [(VIEWED, 3, A), (BOUGHT, 2, B)], False),
    (sequence(VIEWED, BOUGHT, **SAME), [(VIEWED, 3, A), (VIEWED, 3, B), (BOUGHT, 2, B)], True),
    (sequence(VIEWED, BOUGHT, **SAME), [(VIEWED, 3), (BOUGHT, 2)], False),
    (sequence(VIEWED, BOUGHT, same=""), [(VIEWED, 3, A), (BOUGHT, 2, B)], True),
    (
        sequence(VIEWED, without=[{"name": BOUGHT}], **SAME),
        [(VIEWED, 3, A), (VIEWED, 3, B), (BOUGHT, 2, B)],
        True,  # viewed a, did not buy the same
    ),
    (
        sequence(VIEWED, without=[{"name": BOUGHT}], **SAME),
        [(VIEWED, 3, A), (BOUGHT, 2, A)],
        False,
    ),
    (
        sequence(VIEWED, {"name": BOUGHT, "same": "products.product_id"}, **SAME),
        [(VIEWED, 3, A), (BOUGHT, 2, BOTH)],
        True,
    ),
    (
        sequence(VIEWED, without=[{"name": BOUGHT, "same": "products.product_id"}], **SAME),
        [(VIEWED, 3, A), (BOUGHT, 2, BOTH)],
        False,
    ),
    (
        sequence(VIEWED, {"name": BOUGHT, "same": "sku"}, **SAME),
        [(VIEWED, 3, {"product_id": 5}), (BOUGHT, 2, {"sku": "5"})],
        True,  # a number and its text name the same
    ),
    (
        sequence(
            {"name": VIEWED, "where": [{"property": "category", "op": "eq", "value": "shoes"}]},
            BOUGHT,
        ),
        [(VIEWED, 3, {"category": "hats"}), (BOUGHT, 2)],
        False,
    ),
]


def as_told(events):
    """As the reference takes them."""
    return [(name, AS_OF - timedelta(days=ago), *(more or [{}])) for name, ago, *more in events]


def make_items() -> None:
    """The rows of products, as the writer makes them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event_item (profile_id, occurred_at, event_id, name, product_id,"
            " product_name, category, quantity)"
            " SELECT e.profile_id, e.occurred_at, e.id, e.name, p->>'product_id', '', '', 1"
            " FROM event e, jsonb_array_elements(e.properties->'products') p"
        )


@pytest.mark.parametrize(("condition", "events", "expected"), CASES)
def test_who_is_in(condition, events, expected):
    person = make_person(events=events)
    make_items()
    rule = parse_rule(group("all", condition))
    for among in (None, [person.pk]):
        found = members_of(rule, CompileContext(as_of=AS_OF, profile_ids=among))
        assert (person.pk in found) is expected
    told = {"traits": {}, "events": as_told(events)}
    if "from" not in condition.get("window", {}):
        assert reference.followed(told, condition, AS_OF) is expected, "and in the reference"


steps = st.builds(
    lambda name, where: {"name": name, "where": where},
    st.sampled_from([VIEWED, ADDED, BOUGHT]),
    st.sampled_from([[], [], [{"property": "n", "op": "gte", "value": 2}]]),
)


@st.composite
def conditions(draw):
    found = sequence(*draw(st.lists(steps, min_size=1, max_size=3)))
    without = draw(st.lists(steps, min_size=len(found["steps"]) == 1, max_size=2))
    found |= {"without": without} if without else {}
    for name in ("within", "window"):
        if (span := draw(st.one_of(st.none(), spans))) is not None:
            found[name] = span if name == "within" else {"last": span}
    return found | (SAME if draw(st.booleans()) else {})


happened = st.lists(
    st.tuples(
        st.sampled_from([VIEWED, ADDED, BOUGHT]),
        st.sampled_from([0.3, 0.6, 1.2, 2.1, 5.3, 6.4, 20.2, 30.3]),
        st.fixed_dictionaries(
            {"n": st.sampled_from([1, 2, 3]), "product_id": st.sampled_from(["a", "b", 7, ""])}
        ),
    ),
    max_size=6,
    unique_by=lambda one: one[1],
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(happened, min_size=2, max_size=5), st.lists(conditions(), min_size=2, max_size=4))
def test_random_sequences_are_what_every_way_of_choosing_finds(world, asked):
    with transaction.atomic():
        rows = {
            make_person(events=events).pk: {
                "traits": {},
                "events": as_told(events),
            }
            for events in world
        }
        for condition in asked:
            expected = {
                pk for pk, person in rows.items() if reference.followed(person, condition, AS_OF)
            }
            rule = parse_rule(group("all", condition))
            assert members_of(rule, CompileContext(as_of=AS_OF)) == expected, condition
            some = sorted(rows)[:2]
            narrowed = CompileContext(as_of=AS_OF, profile_ids=some)
            assert members_of(rule, narrowed) == expected & set(some)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({}, "conditions[0].steps"),
        ({"steps": []}, "conditions[0].steps"),
        ({"steps": [{"name": VIEWED}]}, "conditions[0].steps"),
        ({"steps": [{"name": VIEWED}, {"where": []}]}, "conditions[0].steps[1].name"),
        ({"steps": [{"name": VIEWED}] * 11}, "conditions[0].steps"),
        ({"steps": [{"name": VIEWED}] * 2, "within": 7}, "conditions[0].within"),
        ({"steps": [{"name": VIEWED}] * 2, "without": [5]}, "conditions[0].without[0]"),
        (
            {"steps": [{"name": VIEWED}, {"name": BOUGHT, "same": "sku"}]},
            "conditions[0].steps[1].same",
        ),
        ({"steps": [{"name": VIEWED}] * 2, "same": "products.nope"}, "conditions[0].same"),
    ],
)
def test_what_is_wrong_is_named(fields, path):
    with pytest.raises(RuleError) as error:
        parse_rule(group("all", {"kind": "sequence"} | fields))
    assert error.value.path == path


def test_it_reads_as_a_sentence():
    said = {
        "did Product Viewed, then Order Completed, within 7 days, in the last 30 days": sequence(
            VIEWED, BOUGHT, **WEEK, window={"last": {"days": 30}}
        ),
        "did Cart Added, without Order Completed after it, about the same product_id": sequence(
            ADDED, without=[{"name": BOUGHT}], **SAME
        ),
        "did Product Viewed, then Order Completed, without Cart Emptied in between": sequence(
            VIEWED, BOUGHT, without=[{"name": LEFT}]
        ),
    }
    for words, condition in said.items():
        assert parse_rule(group("all", condition)).describe() == words


def test_time_alone_moves_people_in_once_it_is_over():
    (condition,) = parse_rule(
        group("all", sequence(ADDED, without=[{"name": BOUGHT}], within={"hours": 1}))
    ).parts
    assert condition.due_at(AS_OF) == AS_OF
    (condition,) = parse_rule(group("all", sequence(VIEWED, BOUGHT, **WEEK))).parts
    assert condition.due_at(AS_OF) is None


def test_events_of_who_was_merged_count():
    keeps, gone = make_person(events=[(VIEWED, 3)]), make_person(events=[(BOUGHT, 2)])
    for person in (keeps, gone):
        make_identifier(person, "anonymous_id", f"a{person.pk}")
    merge_people(survivor_id=keeps.pk, absorbed_id=gone.pk, rule="test", evidence={})
    rule = parse_rule(group("all", sequence(VIEWED, BOUGHT)))
    for among in (None, [keeps.pk]):
        context = CompileContext(as_of=AS_OF, profile_ids=among)
        assert members_of(rule, context) == {keeps.pk}

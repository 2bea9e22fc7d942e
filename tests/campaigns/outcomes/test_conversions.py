"""The conditions of a goal are those of a segment: one table of values, asked both ways."""

from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.outcomes.conversions import fitting, fitting_sql
from config.postgres.sql import FALSE, ids_of, run, sql
from config.workspace.models import Workspace
from config.workspace.selectors import forget_workspace
from profiles.models import EventItem
from segments.rules import parse_rule
from segments.rules.compiler import CompileContext, members_of
from tests.segments import reference
from tests.segments.builders import AS_OF, make_event, make_person
from tests.segments.strategies import properties, wheres

pytestmark = pytest.mark.django_db

GOAL_PROPERTIES = [
    {},
    {"n": 5, "c": "Shoes", "currency": "EUR", "email": "Jane@X.com", "phone": "0812 3456 789"},
    {"n": True, "c": "shoes", "currency": "eur", "email": " jane@x.com", "phone": "+628123456789"},
    {"n": "9", "c": "boots", "currency": "USD", "email": "jim@x.com", "phone": "+62 811 000 111"},
    {"n": 9, "c": ["shoes"], "products": [{"product_id": "p1", "category": "Shoes"}]},
]
GOAL_CONDITIONS = [
    ("n", "gte", 5, [1, 4]),
    ("n", "gt", 5, [4]),
    ("n", "eq", True, [2]),
    ("n", "eq", "5", []),
    ("n", "eq", 9.0, [4]),
    ("n", "in", ["9", True], [2, 3]),
    ("n", "ne", 5, [0, 2, 3, 4]),
    ("n", "eq", 5, [1]),
    ("n", "is_set", None, [1, 2, 3, 4]),
    ("c", "in", ["boots", "Shoes"], [1, 3]),
    ("c", "not_in", ["boots", "Shoes"], [0, 2, 4]),
    ("c", "contains", "SHOE", [1, 2]),
    ("c", "contains", "shoes", [1, 2, 4]),
    ("c", "eq_ignore_case", "SHOES", [1, 2]),
    ("currency", "eq", "Eur", [1, 2]),
    ("email", "eq", "JANE@x.com", [1, 2]),
    ("phone", "eq", "+62 812-3456-789", [1, 2]),
    ("phone", "ne", "08123456789", [0, 3, 4]),
    ("products.category", "eq", "Shoes", [4]),
]


def as_message(event):
    return SimpleNamespace(
        name=event.name,
        is_history=False,
        profile_id=event.profile_id,
        occurred_at=event.occurred_at,
        event_id=event.pk,
    )


def test_a_goal_and_a_segment_answer_the_same_for_the_same_condition():
    Workspace.objects.update(country="ID")
    forget_workspace()
    people = [make_person() for _ in GOAL_PROPERTIES]
    events = [
        make_event(person, "Goal Reached", **properties)
        for person, properties in zip(people, GOAL_PROPERTIES, strict=True)
    ]
    EventItem.objects.create(
        profile_id=people[4].pk,
        occurred_at=events[4].occurred_at,
        event_id=events[4].pk,
        name="Goal Reached",
        product_id="p1",
        category="Shoes",
    )
    messages = list(map(as_message, events))
    for name, op, value, expected in GOAL_CONDITIONS:
        condition = {"property": name, "op": op} | ({} if value is None else {"value": value})
        hits = fitting({"event": "Goal Reached", "where": [condition]}, messages)
        assert [messages.index(hit) for hit in hits] == expected, condition
        test = fitting_sql({"event": "Goal Reached", "where": [condition]})
        rows = run(sql("SELECT e.profile_id FROM event e WHERE {test}", test=test))
        assert set(ids_of(rows)) == {people[n].pk for n in expected}
        rule = {"kind": "event", "name": "Goal Reached", "where": [condition]}
        members = members_of(
            parse_rule({"match": "all", "conditions": [rule]}), CompileContext(as_of=AS_OF)
        )
        assert members == {people[n].pk for n in expected}, condition
    unreadable = {"event": "Goal Reached", "where": [{"property": "n", "op": "gte", "value": "x"}]}
    assert fitting(unreadable, messages) == []
    assert fitting_sql(unreadable) == FALSE


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(held=st.lists(properties, min_size=1, max_size=5), where=wheres)
def test_a_goal_is_reached_by_the_events_that_the_plain_reference_lets_through(held, where):
    with transaction.atomic():
        events = [make_event(make_person(), "Goal Reached", **each) for each in held]
        goal, now = {"event": "Goal Reached", "where": where}, timezone.now()
        expected = {
            event.pk
            for event, each in zip(events, held, strict=True)
            if reference.passes(each, where, now)
        }
        assert {hit.event_id for hit in fitting(goal, list(map(as_message, events)))} == expected
        rows = run(sql("SELECT e.id FROM event e WHERE {test}", test=fitting_sql(goal)))
        assert set(ids_of(rows)) == expected
        transaction.set_rollback(True)

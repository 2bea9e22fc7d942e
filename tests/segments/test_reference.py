"""Random rules over random people: compiled SQL gives what the plain reference gives."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.language.operators import OPERATORS
from profiles.models import EventDefinition, Profile
from segments.rules import parse_rule
from segments.rules.compiler import CompileContext, members_of
from tests.segments import reference
from tests.segments.builders import AS_OF, make_event, make_person
from tests.segments.strategies import people, rules

pytestmark = pytest.mark.django_db


def stored(person: reference.Person) -> Profile:
    row = make_person(**person["traits"])
    for name, at, properties in person["events"]:
        make_event(row, name, (AS_OF - at).total_seconds() / 86400, **properties)
    return row


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    world=st.lists(people, min_size=1, max_size=5), asked=st.lists(rules, min_size=2, max_size=4)
)
@pytest.mark.parametrize("ready", [False, True])
def test_a_segment_holds_whom_the_reference_holds(ready, world, asked):
    with transaction.atomic():
        EventDefinition.objects.update_or_create(
            name="Order Completed",
            defaults={
                "value_property": "revenue" if ready else "",
                "slots": {"category": {"slot": "k1", "ready": ready}},
            },
        )
        rows = {stored(person).pk: person for person in world}
        for rule in asked:
            expected = {pk for pk, person in rows.items() if reference.holds(person, rule, AS_OF)}
            found = members_of(parse_rule(rule), CompileContext(as_of=AS_OF))
            assert found == expected, rule
            narrowed = sorted(rows)[:2]
            context = CompileContext(as_of=AS_OF, profile_ids=narrowed)
            assert members_of(parse_rule(rule), context) == expected & set(narrowed), rule
        transaction.set_rollback(True)


def test_the_reference_knows_every_operator_but_those_of_the_database():

    known = {*reference.HOLDS, *reference.DENIES}
    assert set(OPERATORS) - known == {"matches", "anniversary_in"}, (
        "tables in conditions/ try those"
    )
    assert {
        name: each.denies for name, each in OPERATORS.items() if each.denies
    } == reference.DENIES

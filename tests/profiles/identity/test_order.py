"""Any order, any cutting into batches: the same people."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.identifiers.kinds import Rules
from profiles.identity.resolve import KnownPerson, Resolver
from profiles.ingest import inbox
from profiles.models import Identifier, Merge
from tests.profiles.ingest.conftest import work_off

# Each person has one user id and some devices and addresses of their own: the rules then allow
# every join, so that the outcome must not depend on the order.
PEOPLE = 3


def _keys(person):
    own = [("user_id", f"u{person}"), ("email", f"p{person}@example.com")]
    return own + [("anonymous_id", f"a{person}-{n}") for n in range(3)]


one_call = st.integers(0, PEOPLE - 1).flatmap(
    lambda person: st.lists(st.sampled_from(_keys(person)), min_size=1, max_size=3, unique=True)
)
calls = st.lists(one_call, min_size=1, max_size=10)


def expected(found):
    """Connected identifiers, the plain way."""
    groups = []
    for keys in found:
        joined = set(keys)
        rest = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                rest.append(group)
        groups = [*rest, joined]
    return {frozenset(group) for group in groups}


class Undo(Exception):
    """Takes an example's rows away."""


def message(keys):
    named = dict(keys)
    return {
        "type": "identify",
        "userId": named.get("user_id"),
        "anonymousId": named.get("anonymous_id"),
        "traits": {"email": named["email"]} if "email" in named else {},
        "context": {
            "externalIds": [
                {"type": kind, "id": value} for kind, value in keys if named[kind] != value
            ]
        },
    }


@pytest.mark.django_db
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(found=calls, data=st.data())
def test_people_do_not_depend_on_order_or_batches(source, found, data):
    order = data.draw(st.permutations(found))
    cut = data.draw(st.integers(1, len(order)))
    try:
        with transaction.atomic():
            for start in range(0, len(order), cut):
                inbox.accept(source, [message(keys) for keys in order[start : start + cut]])
                if data.draw(st.booleans()):
                    work_off()
            work_off()
            owners = {}
            for row in Identifier.objects.exclude(kind="rapport_id"):
                owners.setdefault(row.profile_id, set()).add((row.kind, row.value))
            assert {frozenset(keys) for keys in owners.values()} == expected(found)
            raise Undo
    except Undo:
        pass
    assert not Merge.objects.exists()


@given(found=calls, data=st.data())
@settings(deadline=None)
def test_the_resolver_alone_does_not_depend_on_order(found, data):
    order = data.draw(st.permutations(found))
    rules = Rules()
    resolver = Resolver(rules, {}, {})
    for keys in order:
        resolver.resolve(sorted(keys, key=lambda key: rules.rank(key[0])), verified=True)
    groups = {}
    for keys in order:
        for key in keys:
            groups.setdefault(resolver.person_of(key), set()).add(key)
    assert {frozenset(keys) for keys in groups.values()} == expected(found)


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(["user_id", "email", "anonymous_id"]), st.sampled_from("abcdef")
            ),
            min_size=1,
            max_size=4,
            unique=True,
        ),
        max_size=30,
    )
)
@settings(deadline=None)
def test_limits_hold_whatever_comes(found):
    rules = Rules()
    resolver = Resolver(
        rules,
        {("user_id", "a"): 1, ("user_id", "b"): 2},
        {1: KnownPerson({("user_id", "a")}), 2: KnownPerson({("user_id", "b")})},
    )
    for keys in found:
        key = resolver.resolve(sorted(keys, key=lambda key: rules.rank(key[0])), verified=True)
        assert key in keys
    for person in resolver.people.values():
        users = {key for key in person.keys if key[0] == "user_id"}
        assert len(users) <= 1
    assert resolver.root(1) != resolver.root(2)

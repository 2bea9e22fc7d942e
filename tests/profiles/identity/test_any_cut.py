"""Any order and any cutting into batches of calls over few people, devices and addresses."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.ingest import inbox, processor
from profiles.merging import merging
from profiles.models import Event, Identifier, MergePending, Profile

from .test_order import Undo, expected

USERS, DEVICES, ADDRESSES = ["u0", "u1", "u2"], ["d0", "d1", "d2", "d3"], ["e0@ex.com", "e1@ex.com"]
MANY = {"max_examples": 40, "deadline": None}
some = {"suppress_health_check": [HealthCheck.function_scoped_fixture]}


def maybe(values):
    return st.none() | st.sampled_from(values)


identify = st.builds(
    lambda user, device, email: {
        "type": "identify",
        "userId": user,
        "anonymousId": device,
        "traits": {"email": email} if email else {},
    },
    maybe(USERS),
    maybe(DEVICES),
    maybe(ADDRESSES),
)
track = st.builds(
    lambda user, device: {"type": "track", "event": "A", "userId": user, "anonymousId": device},
    maybe(USERS),
    maybe(DEVICES),
)
alias = st.builds(
    lambda user, previous: {"type": "alias", "userId": user, "previousId": previous},
    st.sampled_from(USERS),
    st.sampled_from(DEVICES),
)


def named(call):
    """Whom a call names, as identifiers."""
    pairs = [
        ("user_id", call.get("userId")),
        ("anonymous_id", call.get("anonymousId")),
        ("anonymous_id", call.get("previousId")),
        ("email", call.get("traits", {}).get("email")),
    ]
    return [pair for pair in pairs if pair[1]]


calls = st.lists(
    st.one_of(identify, identify, track, alias).filter(named),
    min_size=1,
    max_size=14,
)


@pytest.mark.django_db
@settings(**MANY, **some)
@given(found=calls, data=st.data())
def test_no_two_users_are_one_and_every_link_that_may_be_is_there(source, found, data):
    order = data.draw(st.permutations(found))
    stamps = data.draw(st.permutations(range(len(order))))
    stamped = [
        call | {"timestamp": f"2026-11-01T10:00:{stamp:02}Z"}
        for call, stamp in zip(order, stamps, strict=True)
    ]
    try:
        with transaction.atomic():
            _work_off_in_pieces(source, stamped, data)
            _check(found)
            raise Undo
    except Undo:
        pass


@pytest.mark.django_db
def test_a_new_device_of_a_call_whose_address_is_anothers_is_the_callers(source):
    found = [
        {"type": "identify", "userId": "u1", "traits": {"email": "e0@ex.com"}},
        {"type": "identify", "userId": "u0", "anonymousId": "d0", "traits": {"email": "e0@ex.com"}},
    ]
    inbox.accept(source, found)
    while processor.work():
        pass
    _check(found)
    owners = dict(Identifier.objects.values_list("value", "profile_id"))
    assert owners["d0"] == owners["u0"] != owners["u1"]


def _work_off_in_pieces(source, order, data):
    """Merges lag behind, or not: both have to come to the same."""
    while order:
        cut = data.draw(st.integers(1, len(order)))
        inbox.accept(source, order[:cut])
        order = order[cut:]
        what = data.draw(st.sampled_from(["wait", "resolve only", "merge too"]))
        if what != "wait":
            processor.process_portion()
        if what == "merge too":
            merging.run_pending()
    while processor.work():
        pass


def _check(found):
    assert not MergePending.objects.exists()
    owners = {
        (row.kind, row.value): row.profile_id
        for row in Identifier.objects.exclude(kind="rapport_id")
    }
    said = {pair for call in found for pair in named(call)}
    assert owners.keys() == said
    users = [pair for pair in said if pair[0] == "user_id"]
    assert len({owners[pair] for pair in users}) == len(users)
    for group in expected([named(call) for call in found]):
        people = {owners[pair] for pair in group}
        users = [pair for pair in group if pair[0] == "user_id"]
        if len(users) <= 1:
            assert len(people) == 1, group
        others = {owners[pair] for pair in said - group}
        assert people.isdisjoint(others)
    living = set(Profile.objects.living().values_list("id", flat=True))
    assert set(Event.objects.values_list("profile_id", flat=True)) <= living
    assert set(owners.values()) <= living

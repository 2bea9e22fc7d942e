"""No join is lost, whatever else its batch does and whoever merges meanwhile."""

import itertools

import pytest
from django.db import connection, transaction

from config.workspace.work import due
from profiles.ingest import processor
from profiles.merging import merging
from profiles.models import Event, Identifier, Merge, MergePending, Profile

from .test_merging import identify, living, person_of, track

pytestmark = pytest.mark.django_db


def merge_all():
    while merging.run_pending():
        pass


def test_a_new_user_attached_and_joined_in_one_batch(call):
    call.batch(identify(email="eve@example.com"))
    call.batch(track("Seen", anonymous="a"))
    processor.work()
    call.batch(identify("u", "a"), identify("u", email="eve@example.com"))
    processor.process_portion()
    merge_all()
    assert living().count() == 1
    assert person_of("anonymous_id", "a") == person_of("user_id", "u") == living().get().pk
    assert set(Event.objects.values_list("profile_id", flat=True)) == {living().get().pk}


STEPS = [
    ("u", "a", None),
    ("u", None, "eve@example.com"),
    (None, "b", "eve@example.com"),
    ("u", "c", None),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
@pytest.mark.parametrize("at_once", [1, 200])
def test_a_chain_of_joins_in_one_batch(call, monkeypatch, order, at_once):
    monkeypatch.setattr(merging, "AT_ONCE", at_once)
    call.batch(identify(email="eve@example.com"))
    for old in ("a", "b", "c"):
        call.batch(track("Seen", anonymous=old))
    processor.work()
    calls = [(user, device, {"email": email} if email else {}) for user, device, email in STEPS]
    call.batch(*(identify(calls[n][0], calls[n][1], **calls[n][2]) for n in order))
    processor.process_portion()
    merge_all()
    assert living().count() == 1
    assert {person_of("anonymous_id", device) for device in "abc"} == {person_of("user_id", "u")}


def test_undoing_gives_the_new_user_back_to_the_device(call):
    """A new identifier is kept under the person it was attached to, not under the survivor."""
    call.batch(identify(email="eve@example.com"))
    call.batch(track("Seen", anonymous="a"))
    processor.work()
    call.batch(identify("u", "a"), identify("u", email="eve@example.com"))
    processor.work()
    merging.undo_merge(merge_id=Merge.objects.get().pk)
    assert person_of("user_id", "u") == person_of("anonymous_id", "a")
    assert person_of("user_id", "u") != person_of("email", "eve@example.com")


def test_a_merge_whose_identifiers_moved_meanwhile_stays_for_the_next_time(call, monkeypatch):
    """Another worker merges after this one read whose they are and before it has locked them."""
    call.batch(track("A", anonymous="a"), track("B", anonymous="b"), track("C", "u"))
    processor.work()
    call.batch(track("D", "u", "b"))
    processor.process_portion()
    hold = merging.keys.hold

    def too_late(cursor, profile_ids):
        moved = person_of("anonymous_id", "b")
        with connection.cursor() as other:
            number = Identifier.objects.get(profile_id=moved, kind="anonymous_id").pk
            merging.keys.give(other, {number: moved}, {number: person_of("anonymous_id", "a")})
        return hold(cursor, profile_ids)

    with monkeypatch.context() as patched, transaction.atomic():
        patched.setattr(merging.keys, "hold", too_late)
        assert merging.run_pending() == 1
    assert MergePending.objects.count() == 1
    merge_all()
    assert person_of("anonymous_id", "b") == person_of("user_id", "u")


def test_a_device_promised_to_somebody_is_not_to_be_had_by_a_newcomer(call):
    """The merge is written down and not done yet when the second person logs in."""
    call.batch(identify("ann"), track("Seen", anonymous="tablet"))
    processor.work()
    call.batch(identify("ann", "tablet"))
    processor.process_portion()
    call.batch(identify("bob", "tablet", email="bob@example.com"))
    processor.process_portion()
    merge_all()
    assert person_of("anonymous_id", "tablet") == person_of("user_id", "ann")
    assert person_of("user_id", "bob") == person_of("email", "bob@example.com")
    assert Event.objects.get(name="Seen").profile_id == person_of("user_id", "ann")
    assert living().count() == 2


def test_a_chain_of_promises_is_known_to_the_next_batch(call):
    call.batch(identify("ann"), track("A", anonymous="a"), track("B", anonymous="b"))
    processor.work()
    for one, other in (("a", "b"), ("b", "a")):
        call.batch({"type": "alias", "anonymousId": one, "previousId": other})
        processor.process_portion()
    assert MergePending.objects.count() == 1
    call.batch(identify("ann", "b"))
    processor.process_portion()
    call.batch(identify("bob", "a"))
    processor.process_portion()
    merge_all()
    assert {person_of("anonymous_id", "a"), person_of("anonymous_id", "b")} == {
        person_of("user_id", "ann")
    }
    assert living().count() == 2


def pairs_to_join(call, count):
    for n in range(count):
        call.batch(track("A", anonymous=f"a{n}"), track("B", f"u{n}"))
    processor.process_portion()
    call.batch(*(track("C", f"u{n}", f"a{n}") for n in range(count)))


def test_work_says_that_merges_are_left(call, monkeypatch):
    monkeypatch.setattr(merging, "AT_ONCE", 3)
    pairs_to_join(call, 10)
    while processor.work():
        pass
    assert not MergePending.objects.exists()
    assert living().count() == 10


def test_all_are_joined_after_drain(call, monkeypatch):
    monkeypatch.setattr(merging, "AT_ONCE", 3)
    pairs_to_join(call, 10)
    due.drain()
    assert not MergePending.objects.exists()
    assert living().count() == 10
    assert Profile.objects.count() == 20


def test_a_merge_is_tried_again_after_a_deadlock(call, monkeypatch):
    from profiles.ingest.processor import RETRY_STATES  # noqa: PLC0415

    failures = [RETRY_STATES[0]("deadlock")]
    real = merging.run_pending

    def fails_once():
        if failures:
            raise failures.pop()
        return real()

    monkeypatch.setattr(merging, "run_pending", fails_once)
    monkeypatch.setattr(processor, "connection", type("C", (), {"in_atomic_block": False})())
    assert processor.merge() == 0
    assert failures == []


def test_the_first_in_time_has_the_device_within_a_batch(call):
    later = identify("bob", "tablet") | {"timestamp": "2026-11-02T10:00:00Z"}
    first = identify("ann", "tablet") | {"timestamp": "2026-11-01T10:00:00Z"}
    call.batch(later, first)
    processor.work()
    assert person_of("anonymous_id", "tablet") == person_of("user_id", "ann")
    assert person_of("user_id", "bob") != person_of("user_id", "ann")


def test_what_was_decided_stands_when_an_earlier_owner_shows_up(call):
    """Times are the client's word: a date in the past takes no history away."""
    call.batch(track("Seen", anonymous="tablet"))
    call.batch(identify("bob", "tablet") | {"timestamp": "2026-11-02T10:00:00Z"})
    processor.work()
    call.batch(identify("ann", "tablet") | {"timestamp": "2026-11-01T10:00:00Z"})
    processor.work()
    assert person_of("anonymous_id", "tablet") == person_of("user_id", "bob")
    assert Event.objects.get(name="Seen").profile_id == person_of("user_id", "bob")
    assert Identifier.objects.filter(kind="anonymous_id").count() == 1

"""Several ingest workers and devices that several people log in on: the same as with one worker."""

import random
import threading
from itertools import pairwise

import pytest
from django.db import connections

from profiles.ingest import claims, inbox, processor
from profiles.merging import merging
from profiles.models import Event, Identifier, Inbox, MergePending, Profile
from tests.profiles.ingest.conftest import committed, make_source  # noqa: F401
from tests.profiles.ingest.test_races import in_parallel, work_until_empty

pytestmark = pytest.mark.usefixtures("committed")
WAITS = 1.5  # seconds, for the one to overtake the other if it can


@pytest.fixture
def one_row_each(monkeypatch):
    """Each portion is one call."""
    monkeypatch.setattr("profiles.ingest.queue.FIRST_ROWS", 1)
    monkeypatch.setattr("profiles.ingest.queue.PORTION", 1)


def call(number, user=None, device=None, **more):
    kind = "identify" if user and not more else "track"
    at = f"2026-11-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    return {
        "type": kind,
        "event": "Seen" if kind == "track" else None,
        "userId": user,
        "anonymousId": device,
        "timestamp": at,
        "messageId": f"m{number}",
        **more,
    }


def owners():
    return dict(Identifier.objects.values_list("value", "profile_id"))


@pytest.fixture
def overtaking(monkeypatch):
    """Functions for two workers: the first takes the first row, and stops until the second did."""
    taken, overtaken = threading.Event(), threading.Event()
    claim, first = claims.claim, []

    def slow_claim(cursor, messages):
        if threading.current_thread() in first:
            taken.set()
            overtaken.wait(WAITS)
        return claim(cursor, messages)

    def slow():
        first.append(threading.current_thread())
        processor.process_portion()

    def fast():
        taken.wait(10)
        processor.work()
        overtaken.set()

    monkeypatch.setattr(claims, "claim", slow_claim)
    return slow, fast, overtaken


def test_the_second_log_in_does_not_overtake_the_first(one_row_each, overtaking):
    slow, fast, overtaken = overtaking
    source = make_source()
    inbox.accept(source, [call(0, device="tablet")])
    work_until_empty()
    inbox.accept(source, [call(1, "ann", "tablet")])
    inbox.accept(source, [call(2, "bob", "tablet")])
    in_parallel(slow, fast)
    work_until_empty()
    found = owners()
    assert found["tablet"] == found["ann"] != found["bob"]
    assert Event.objects.get(message_id="m0").profile_id == found["ann"]
    assert overtaken.is_set()


def test_who_is_one_and_the_same_waits_for_nothing(one_row_each, overtaking, monkeypatch):
    slow, fast, overtaken = overtaking
    source = make_source()
    inbox.accept(source, [call(1, "ann", "tablet"), call(2, device="phone")])
    inbox.accept(source, [call(3, device="tablet"), call(4, "bob", "phone")])
    waited = []
    real = overtaken.wait
    monkeypatch.setattr(overtaken, "wait", lambda seconds: waited.append(real(seconds)))
    in_parallel(slow, fast)
    assert waited == [True]
    work_until_empty()
    assert owners()["tablet"] == owners()["ann"]


def test_what_a_killed_worker_gave_back_goes_first(one_row_each, overtaking, monkeypatch):
    slow, fast, _ = overtaking
    source = make_source()
    inbox.accept(source, [call(1, "ann", "tablet")])
    inbox.accept(source, [call(2, "bob", "tablet")])

    def killed():
        with pytest.raises(KeyboardInterrupt):
            monkeypatch.setattr(processor, "_write", _kill)
            slow()

    def _kill(*_):
        monkeypatch.undo()
        raise KeyboardInterrupt

    in_parallel(killed, fast)
    work_until_empty()
    assert owners()["tablet"] == owners()["ann"] != owners()["bob"]


def history(rng, devices, people, length):
    """Calls in the order of their time; who was first identified on each device."""
    calls, first = [], {}
    for number in range(length):
        device = f"d{rng.randrange(devices)}"
        user = f"u{rng.randrange(people)}" if rng.random() < 0.5 else None
        calls.append(call(number, user, device))
        if user:
            first.setdefault(device, user)
    return calls, first


@pytest.mark.parametrize("are_known", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_three_workers_find_what_one_would(monkeypatch, seed, are_known):
    """Random calls in random batches, in portions of a few rows: whose devices and events are."""
    monkeypatch.setattr("profiles.ingest.queue.FIRST_ROWS", 2)
    monkeypatch.setattr("profiles.ingest.queue.PORTION", 5)
    rng = random.Random(seed)
    source = make_source()
    # at most five devices a person: else some would be nobody's
    calls, first = history(rng, devices=5, people=4, length=120)
    if are_known:  # so that a device comes to somebody by a merge
        before = [call(n, device=f"d{n}", messageId=f"d{n}") for n in range(5)]
        before += [call(n, user=f"u{n}", messageId=f"u{n}") for n in range(4)]
        inbox.accept(source, before)
        work_until_empty()
    rest = list(calls)
    while rest:
        cut = rng.randint(1, 4)
        inbox.accept(source, rest[:cut])
        rest = rest[cut:]
    in_parallel(*[work_until_empty] * 3)
    assert not Inbox.objects.exists()
    assert not MergePending.objects.exists()
    found = owners()
    people = {f"u{n}" for n in range(4)} & found.keys()
    assert len({found[user] for user in people}) == len(people)
    assert {device: found[device] for device in first} == {
        device: found[user] for device, user in first.items()
    }
    for event in Event.objects.filter(message_id__startswith="m"):
        said = calls[int(event.message_id[1:])]
        assert event.profile_id == found[said["userId"] or said["anonymousId"]]
    assert Event.objects.filter(message_id__startswith="m").count() == len(calls)
    assert Profile.objects.living().count() == len(set(found.values()))


def test_merges_of_one_chain_in_two_workers_are_all_done(monkeypatch):
    monkeypatch.setattr(merging, "AT_ONCE", 1)
    source = make_source()
    devices = [f"d{n}" for n in range(5)]
    for n in range(4):
        for device in devices:
            inbox.accept(source, [call(1, device=f"{device}-{n}", messageId=f"{device}-{n}")])
        inbox.accept(source, [call(2, f"u{n}", messageId=f"u{n}")])
    processor.process_portion()
    for n in range(4):
        items = [
            {"type": "alias", "anonymousId": f"{one}-{n}", "previousId": f"{other}-{n}"}
            for one, other in pairwise(devices)
        ]
        items.append(call(3, f"u{n}", f"{devices[-1]}-{n}", messageId=f"last-{n}"))
        inbox.accept(source, items)
    while processor.process_portion():
        pass
    assert MergePending.objects.count() == 20

    def merge_until_empty():
        while MergePending.objects.exists():
            processor.merge()

    in_parallel(*[merge_until_empty] * 3)
    connections["default"].ensure_connection()
    found = owners()
    for n in range(4):
        assert {found[f"{device}-{n}"] for device in devices} == {found[f"u{n}"]}
    assert Profile.objects.living().count() == 4

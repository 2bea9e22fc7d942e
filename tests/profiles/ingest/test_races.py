"""Two workers at once, on real connections."""

import threading

import pytest
from django.db import connections

from profiles.ingest import inbox, processor
from profiles.merging import merging
from profiles.models import Event, Identifier, Inbox, MergePending, Profile, ProfileTrait

from .conftest import make_source

pytestmark = pytest.mark.usefixtures("committed")


def in_parallel(*functions):
    """Run each in a thread with a connection of its own; raises what any raised."""
    errors = []
    gate = threading.Barrier(len(functions))

    def run(function):
        try:
            gate.wait(10)
            function()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def work_until_empty():
    while Inbox.objects.filter(failed_at=None).exists() or MergePending.objects.exists():
        processor.work()
        merging.run_pending()


def test_20_of_20_parallel_trait_writes_are_kept(monkeypatch):
    monkeypatch.setattr("profiles.ingest.queue.FIRST_ROWS", 1)
    monkeypatch.setattr("profiles.ingest.queue.PORTION", 1)
    source = make_source()
    for n in range(20):
        inbox.accept(source, [{"type": "identify", "userId": "u", "traits": {f"trait_{n}": n}}])
    in_parallel(*[work_until_empty] * 4)
    assert Profile.objects.get().traits == {f"trait_{n}": n for n in range(20)}
    assert ProfileTrait.objects.count() == 20
    assert Event.objects.count() == 20


def test_identify_and_its_tracks_race_in_two_workers(monkeypatch):
    monkeypatch.setattr("profiles.ingest.queue.FIRST_ROWS", 1)
    monkeypatch.setattr("profiles.ingest.queue.PORTION", 1)
    source = make_source()
    for n in range(15):
        inbox.accept(source, [track("A", f"u{n}", f"a{n}"), track("B", None, f"a{n}")])
        inbox.accept(source, [track("C", None, f"a{n}"), track("C", f"u{n}", None)])
        inbox.accept(source, [{"type": "identify", "userId": f"u{n}", "traits": {"n": n}}])
    in_parallel(*[work_until_empty] * 3)
    assert Profile.objects.living().count() == 15
    owners = dict(Identifier.objects.values_list("value", "profile_id"))
    assert all(owners[f"u{n}"] == owners[f"a{n}"] for n in range(15))
    assert Event.objects.count() == 75
    assert {event.profile_id for event in Event.objects.all()} <= set(owners.values())
    assert not Inbox.objects.exists()


def test_the_same_batch_twice_at_once_counts_once():
    source = make_source()
    items = [track("A", f"u{n}", None) | {"messageId": f"m{n}"} for n in range(300)]
    for _ in range(4):
        inbox.accept(source, items)
    in_parallel(*[work_until_empty] * 3)
    assert Event.objects.count() == 300
    assert Profile.objects.count() == 300


def test_two_user_ids_that_race_for_one_device_stay_two():
    source = make_source()
    inbox.accept(source, [track("A", None, "tablet")])
    work_until_empty()
    inbox.accept(source, [track("B", "ann", "tablet")])
    inbox.accept(source, [track("B", "bob", "tablet")])
    in_parallel(work_until_empty, work_until_empty)
    owners = dict(Identifier.objects.values_list("value", "profile_id"))
    assert owners["ann"] != owners["bob"]
    assert owners["tablet"] in (owners["ann"], owners["bob"])


def track(event, user, anonymous):
    return {"type": "track", "event": event, "userId": user, "anonymousId": anonymous}

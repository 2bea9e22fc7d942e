"""Refresh and change at the same moment, on two real connections."""

import threading

import pytest
from django.db import connection, transaction

from profiles.changes import announce
from profiles.models import Profile, ProfileChange
from segments import services
from segments.members import stored
from segments.members.live import process_changes
from segments.members.locks import lock_members
from segments.models import Membership, Segment
from tests.segments.builders import group, make_person, trait

PRO = group("all", trait("plan", "eq", "pro"))


def in_thread(act) -> threading.Thread:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.usefixtures("transactional_db")
def test_a_change_waits_for_a_running_refresh_and_is_not_lost() -> None:
    ada = make_person(plan="free")
    segment = services.create_segment(slug="pro", name="Pro", rule=PRO)
    stored.refresh(segment.pk)
    with transaction.atomic():
        # as a refresh that has read already and has not committed yet
        lock_members([segment.pk])
        other = in_thread(lambda: change_to_pro(ada.pk))
        other.join(1.0)
        assert other.is_alive()
    other.join(10)
    assert members() == {ada.pk}
    assert Segment.objects.get(pk=segment.pk).count == 1
    assert not ProfileChange.objects.exists()


@pytest.mark.usefixtures("transactional_db")
def test_many_at_once_end_with_the_truth() -> None:
    people = [make_person(plan="free") for _ in range(8)]
    segment = services.create_segment(slug="pro", name="Pro", rule=PRO)
    stored.refresh(segment.pk)
    threads = [in_thread(lambda pk=person.pk: change_to_pro(pk)) for person in people]
    threads += [in_thread(lambda: stored.refresh(segment.pk)) for _ in range(4)]
    for thread in threads:
        thread.join(30)
    while process_changes():
        pass
    assert members() == {person.pk for person in people}
    assert Membership.objects.count() == len(people)
    assert Segment.objects.get(pk=segment.pk).count == len(people)


def change_to_pro(pk: int) -> None:
    with transaction.atomic():
        Profile.objects.filter(pk=pk).update(traits={"plan": "pro"})
        announce([pk], ["trait:plan"])
    process_changes()


def members() -> set[int]:
    return set(Membership.objects.filter(left_at=None).values_list("profile_id", flat=True))

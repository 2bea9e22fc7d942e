"""Throttling by turns: none comes too early, whatever was held, paused or late; nobody waits."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db.models import F
from django.utils import timezone

from campaigns.audience import portions
from campaigns.delivery.worker import close_sessions, deliver
from campaigns.models import Campaign, Message, MessageChunk
from campaigns.outbox.pacing import LATE
from campaigns.services.launching import pause, resume
from config.demo.writing.past_clock import set_to
from tests.campaigns.builders import launched, make_person, make_segment, say

pytestmark = pytest.mark.django_db
NIGHT = {"from": "21:00", "to": "08:00"}
SOON = timedelta(milliseconds=1)


def audience(count: int, zones=("",)) -> list:
    people = [make_person(f"p{n:03}", time_zone=zones[n % len(zones)]) for n in range(count)]
    for person in people:
        say(person)
    return people


def turns() -> list[tuple[float, int]]:
    """Of what waits: when, in seconds from the first, and how many."""
    rows = list(MessageChunk.objects.order_by("due_at", "id"))
    return [((row.due_at - rows[0].due_at).total_seconds(), len(row.message_ids)) for row in rows]


def assert_paced(per_second: float) -> None:
    rows = list(MessageChunk.objects.order_by("due_at", "id"))
    for row, after in zip(rows, rows[1:], strict=False):
        takes = timedelta(seconds=len(row.message_ids) / per_second)
        assert after.due_at - row.due_at >= takes - SOON
    for row in rows:
        assert row.due_at >= row.ready_at
        messages = Message.objects.filter(id__in=row.message_ids)
        assert all(message.due_at <= row.due_at for message in messages)


def later(seconds: float) -> None:
    """So much time goes by."""
    gone = timedelta(seconds=seconds)
    MessageChunk.objects.update(due_at=F("due_at") - gone, ready_at=F("ready_at") - gone)


def handed_over() -> int:
    """How many leave now."""
    before = Message.objects.filter(state="sent").count()
    for _ in range(50):
        if not deliver():
            break
    close_sessions()
    return Message.objects.filter(state="sent").count() - before


@pytest.mark.parametrize(
    ("per_second", "found"),
    [
        (10, [(0, 10), (1, 10), (2, 5)]),
        (2.5, [(n * 0.8, 2) for n in range(12)] + [(9.6, 1)]),
        (0.1, [(n * 10, 1) for n in range(25)]),
        (600, [(0, 25)]),
    ],
)
def test_what_leaves_in_a_second_has_a_turn_of_its_own(per_second, found):
    launched(make_segment(*audience(25)), step={"per_second": per_second})
    assert [(pytest.approx(at), count) for at, count in found] == turns()
    assert_paced(per_second)


def test_a_send_without_a_throttle_has_one_turn():
    launched(make_segment(*audience(3)))
    row = MessageChunk.objects.get()
    assert (row.per_second, row.ready_at, len(row.message_ids)) == (None, None, 3)


@pytest.mark.parametrize("seed", range(3))
def test_portions_and_whoever_is_held_take_their_turns_together(monkeypatch, seed):
    """Those whose night ends while others are under way wait for them; the rate is one for all."""
    monkeypatch.setattr(portions, "RANGE", Random(seed).choice([7, 20]))
    evening = datetime(2026, 3, 2, 20, 59, 50, tzinfo=UTC)  # ten seconds before Iceland's night
    zones = ("Atlantic/Reykjavik", "Asia/Jakarta", "America/New_York", "Europe/Berlin")
    with set_to(evening):
        launched(
            make_segment(*audience(50, zones)),
            step={"per_second": 2, "quiet_hours": NIGHT, "expires_in": {"days": 3}},
        )
    assert sum(count for _at, count in turns()) == 50
    assert_paced(2)
    ready = list(MessageChunk.objects.order_by("due_at", "id").values_list("ready_at", flat=True))
    assert ready == sorted(ready), "first come, first served"


def test_no_worker_waits_and_a_turn_that_has_come_is_taken(server):
    campaign = launched(make_segment(*audience(25)), step={"per_second": 10})
    assert handed_over() == 10
    assert handed_over() == 0
    later(1)
    assert handed_over() == 10
    later(1)
    assert handed_over() == 5
    assert not MessageChunk.objects.filter(campaign_id=campaign.pk).exists()


@pytest.mark.parametrize("seconds", [4, 3600])
def test_after_a_pause_nothing_leaves_at_once(server, seconds):
    campaign = launched(make_segment(*audience(40)), step={"per_second": 10})
    assert handed_over() == 10
    pause(campaign)
    later(seconds)
    assert handed_over() == 0
    resume(Campaign.objects.get())
    assert handed_over() == 10, "the first turn, and the others after it"
    now = timezone.now()
    due = list(MessageChunk.objects.order_by("due_at").values_list("due_at", flat=True))
    assert now < due[0] <= now + timedelta(seconds=1)
    assert due[1] - due[0] == timedelta(seconds=1)
    later(1)
    assert handed_over() == 10
    later(2)
    assert handed_over() == 10, "a worker that is a little late catches up"


def test_what_waited_for_a_server_does_not_leave_at_once(server):
    launched(make_segment(*audience(40)), step={"per_second": 10})
    later(LATE.total_seconds() + 4)  # all are due
    assert handed_over() == 10, "the first turn, and the others after it"
    first = MessageChunk.objects.order_by("due_at").values_list("due_at", flat=True)[0]
    assert timezone.now() < first <= timezone.now() + timedelta(seconds=1)


def test_what_is_left_of_a_turn_keeps_it(server):
    people = audience(20)
    launched(make_segment(*people), step={"per_second": 10})
    server.refusals["p003@example.com"] = ["451 4.2.0 greylisted"]
    Message.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert handed_over() == 9
    left = MessageChunk.objects.order_by("due_at").values_list("due_at", flat=True)
    assert left[0] - timezone.now() < timedelta(seconds=1), "the second turn was not moved"

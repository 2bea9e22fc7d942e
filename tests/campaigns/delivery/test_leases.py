"""Leases go by the database's clock: a worker whose own is wrong takes nothing that is held."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.delivery.claims import lease_chunk, mark_handing_over
from campaigns.models import Message, MessageChunk
from campaigns.services.advance import advance_campaigns
from config.demo.writing.past_clock import set_to
from consent.models import Purpose
from tests.campaigns.builders import hours, launched, make_person, make_segment, say

pytestmark = pytest.mark.django_db
OFF = [
    timedelta(minutes=10),
    -timedelta(minutes=10),
    -timedelta(hours=2),
    timedelta(days=400),
    -timedelta(days=400),
]


@pytest.fixture
def ada(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    made = make_person("ada")
    say(made)
    launched(make_segment(made))
    MessageChunk.objects.update(due_at=timezone.now() - timedelta(days=500))  # by any clock
    return made


def take():
    return lease_chunk("email", timezone.now())


@pytest.mark.parametrize("off", OFF)
def test_a_worker_with_a_wrong_clock_takes_nothing_that_is_held(ada, off):
    assert take() is not None
    Message.objects.update(state="handing_over")
    with set_to(timezone.now() + off):
        assert take() is None
        advance_campaigns()  # which looks for what nobody holds
    assert Message.objects.get().state == "handing_over"
    MessageChunk.objects.update(lease_until=timezone.now() - hours(1))
    with set_to(timezone.now() + off):
        assert take() is not None, "it is over for everybody"
    assert Message.objects.get().state == "unknown"


@pytest.mark.parametrize("off", OFF)
def test_what_a_worker_with_a_wrong_clock_takes_is_its_own_for_two_minutes(ada, off):
    message = Message.objects.get()
    marketing = Purpose.objects.get(slug="marketing")

    def left():
        return MessageChunk.objects.get().lease_until - timezone.now()

    with set_to(timezone.now() + off):
        chunk = take()
    assert timedelta(seconds=60) < left() <= timedelta(seconds=120)
    MessageChunk.objects.update(lease_until=timezone.now() + timedelta(seconds=5))
    with set_to(timezone.now() + off):
        now, keys = timezone.now(), [(ada.pk, message.pk)]
        mark_handing_over(chunk, keys, purpose=marketing, topic_id=None, now=now)
    assert timedelta(seconds=60) < left() <= timedelta(seconds=120), "renewed"
    assert take() is None

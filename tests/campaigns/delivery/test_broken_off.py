"""A fault at each step of a hand-over: whatever was marked is settled, and nobody is lost."""

import smtplib
from collections import Counter
from functools import partial

import pytest
from django.db import OperationalError
from django.utils import timezone

from campaigns.channels.email import channel, writing
from campaigns.channels.email.channel import Email
from campaigns.channels.email.session import SmtpSession
from campaigns.delivery import claims, composing, worker
from campaigns.delivery.worker import deliver
from campaigns.faults import try_now
from campaigns.models import Message, MessageChunk
from campaigns.services.launching import cancel
from config.workspace.models import Circuit
from profiles.models import Profile
from tests.campaigns.builders import (
    address_of,
    deliver_all,
    fan_out_all,
    hours,
    launched,
    make_person,
    make_segment,
    say,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MANY = 30  # two batches


class Killed(BaseException):
    """What no handler catches, such as the end of a process."""


def permitted(count: int):
    people = [make_person(f"p{n:02}") for n in range(count)]
    for person in people:
        say(person)
    return people


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


class Raising:
    """Does what `wraps` does, but raises at its n-th call."""

    def __init__(self, error, at, wraps):
        self.error, self.at, self.wraps, self.calls = error, at, wraps, 0

    def __get__(self, instance, _owner=None):
        return self if instance is None else partial(self, instance)

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.calls == self.at:
            raise self.error
        return self.wraps(*args, **kwargs)


# where it breaks, and at which call: in the first batch or in the second
STEPS = [
    (Email, "session", 1),
    (worker, "read_letters", 1),
    (worker, "letterhead", 1),
    (worker, "compose", 2),
    (channel, "write_mails", 2),
    (worker, "mark_handing_over", 2),
    (worker, "exclude_refused", 1),
    (SmtpSession, "_open", 4),
    (SmtpSession, "_send_one", 4),
    (smtplib.SMTP, "getreply", 20),
    (composing.Composed, "reference_of", 4),
    (worker, "settle", 2),
    (claims, "settle", 2),
    (worker, "note_bounces", 1),
    (worker, "release_chunk", 1),
]


@pytest.mark.parametrize("error", [ValueError("odd"), OperationalError("away"), Killed()], ids=repr)
@pytest.mark.parametrize(("place", "name", "at"), STEPS, ids=[name for _, name, _ in STEPS])
def test_a_fault_at_any_step_leaves_nobody_marked(server, monkeypatch, place, name, at, error):
    people = permitted(MANY)
    say(people[5], "withdrawn")
    server.refusals[address_of(people[7])] = ["550 5.1.1 no such user"]
    campaign = launched(make_segment(*people))
    say(people[4], "withdrawn")
    with monkeypatch.context() as broken:
        fault = Raising(error, at, getattr(place, name))
        broken.setattr(place, name, fault)
        for _ in range(4):
            try:
                deliver()
            except (Killed, ValueError, OperationalError):
                continue
    assert fault.calls >= at, "it broke"
    MessageChunk.objects.filter(lease__isnull=False).update(lease_until=timezone.now() - hours(1))
    for _ in range(3):
        campaign.refresh_from_db()
        try_now(campaign)
        Message.objects.filter(state="queued").update(due_at=timezone.now())
        Circuit.objects.update(retry_at=timezone.now())
        MessageChunk.objects.update(due_at=timezone.now())
        deliver_all()
        fan_out_all()
    found = states()
    assert sum(found.values()) == MANY, "a message for everyone"
    assert not found["handing_over"]
    assert not found["queued"]
    unsaid = Message.objects.exclude(state="sent").filter(reason="")
    assert not unsaid.exists(), "each with its reason"
    assert max(server.counts.values()) == 1, "nobody twice"
    assert found["sent"] <= len(server.mails) <= found["sent"] + found["unknown"]
    assert found["sent"] + found["unknown"] + found["bounced"] + found["failed"] == MANY - 2
    assert found["unknown"] <= 25
    campaign.refresh_from_db()
    assert campaign.status == "finished"
    assert not MessageChunk.objects.exists()


def test_one_mail_that_cannot_be_written_fails_alone(server, monkeypatch):
    ada, ben, cleo = permitted(3)
    launched(make_segment(ada, ben, cleo))
    order = writing.order_of

    def odd(letter, head):
        if letter.profile_id == ben.pk:
            raise RecursionError("deep")
        return order(letter, head)

    monkeypatch.setattr(writing, "order_of", odd)
    deliver_all()
    row = Message.objects.get(profile=ben)
    assert (row.state, row.reason) == ("failed", "internal_error")
    assert states() == {"sent": 2, "failed": 1}


@pytest.mark.parametrize("count", [1, MANY])
def test_what_fails_for_everybody_burns_nobody_and_is_shown(server, monkeypatch, count):
    people = permitted(count)
    campaign = launched(make_segment(*people))

    def no_key(*_args):
        raise ValueError("the key does not fit")

    with monkeypatch.context() as broken:  # a backup without the old key of its secrets
        broken.setattr(writing.tokens, "issue", no_key)
        deliver_all()
        assert states() == {"queued": count}
        campaign.refresh_from_db()
        assert "ValueError" in campaign.fault
        assert (campaign.status, campaign.fault_count) == ("running", 1)
        assert deliver() == 0, "it waits"
        fan_out_all()
    try_now(campaign)
    deliver_all()
    fan_out_all()
    campaign.refresh_from_db()
    assert states() == {"sent": count}
    assert (campaign.status, campaign.fault) == ("finished", "")


def test_a_content_that_nobody_can_get_waits_as_well(server):
    people = permitted(3)
    Profile.objects.update(traits={"zero": 1})
    html = "{{ 1 | divided_by: zero }}<p>{{ unsubscribe_url }}</p>"
    campaign = launched(make_segment(*people), step={"content": {"subject": "S", "html": html}})
    Profile.objects.update(traits={"zero": 0})
    deliver_all()
    campaign.refresh_from_db()
    assert states() == {"queued": 3}
    assert "No mail can be written" in campaign.fault
    cancel(campaign)
    assert states() == {"cancelled": 3}


def test_what_no_chunk_holds_is_taken_back_before_a_campaign_is_finished(server):
    ada, ben, cleo = permitted(3)
    campaign = launched(make_segment(ada, ben, cleo))
    MessageChunk.objects.all().delete()
    Message.objects.filter(profile=ada).update(state="handing_over")
    fan_out_all()
    campaign.refresh_from_db()
    assert (campaign.status, MessageChunk.objects.count()) == ("running", 1)
    deliver_all()
    fan_out_all()
    campaign.refresh_from_db()
    assert campaign.status == "finished"
    assert states() == {"sent": 2, "unknown": 1}
    assert Message.objects.get(profile=ada).reason == "interrupted"

"""Marked, and nobody there: it becomes unknown, whatever its campaign; what is known stays so."""

import os
import signal

import pytest
from django.db import OperationalError
from django.utils import timezone

from campaigns.channels.email.session import SmtpSession
from campaigns.delivery import claims, settling, worker
from campaigns.delivery.claims import Settled, lease_chunk, settle
from campaigns.delivery.worker import deliver
from campaigns.models import Campaign, Message, MessageChunk
from campaigns.services.advance import advance_campaigns
from config.workspace.models import Circuit
from config.workspace.work import stopping
from tests.campaigns.builders import (
    deliver_all,
    fan_out_all,
    hours,
    launched,
    make_person,
    make_segment,
    say,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    made = [make_person(name) for name in ("ada", "ben", "cleo")]
    for person in made:
        say(person)
    return made


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


def states():
    return sorted(Message.objects.values_list("state", flat=True))


@pytest.mark.parametrize("status", ["running", "paused", "cancelled", "finished"])
def test_a_stray_is_found_whatever_the_state_of_its_campaign(people, status):
    campaign = launched(make_segment(*people))
    MessageChunk.objects.all().delete()
    Message.objects.update(state="handing_over")
    Campaign.objects.filter(pk=campaign.pk).update(status=status)
    advance_campaigns()
    assert states() == ["unknown"] * 3
    assert set(Message.objects.values_list("reason", flat=True)) == {"interrupted"}


def test_what_a_living_lease_holds_is_under_way_and_its_campaign_not_finished(people):
    campaign = launched(make_segment(*people))
    chunk = lease_chunk("email", timezone.now())
    Message.objects.update(state="handing_over")
    fan_out_all()
    campaign.refresh_from_db()
    assert (states(), campaign.status) == (["handing_over"] * 3, "running")
    MessageChunk.objects.filter(pk=chunk.id).update(lease_until=timezone.now() - hours(1))
    fan_out_all()  # also while nothing can be delivered: the server is left alone
    assert states() == ["unknown"] * 3


def test_what_the_provider_said_is_kept_while_the_database_is_away(
    server, people, monkeypatch, own_folder
):
    launched(make_segment(*people))
    monkeypatch.setattr(settling, "PATIENCE_SECONDS", 0)

    def away(rows, now):
        raise OperationalError("the connection is closed")

    with monkeypatch.context() as broken:
        broken.setattr(claims, "settle", away)
        broken.setattr(worker, "release_chunk", lambda *_: None)  # it is away for this as well
        with pytest.raises(OperationalError):
            deliver()
    assert states() == ["handing_over"] * 3
    [file] = (own_folder / "unsettled").iterdir()
    assert "example.com" not in file.read_text(), "it names nobody"
    assert file.stat().st_mode & 0o077 == 0
    MessageChunk.objects.update(lease_until=timezone.now() - hours(1))
    fan_out_all()  # the sweep: what is known comes first
    assert states() == ["sent"] * 3
    assert not list((own_folder / "unsettled").iterdir())
    deliver_all()
    assert set(server.counts.values()) == {1}


@pytest.mark.parametrize(
    "text",
    [
        '{"at": 1',
        "[1]",
        '{"at": "2026-01-01T00:00:00+00:00", "rows": [{"profile_id": "x", "message_id": 1, '
        '"state": "sent"}]}',
        '{"at": "2026-01-01T00:00:00+00:00", "rows": [{"profile_id": 1, "message_id": 1, '
        '"state": "sent", "reason": null}]}',
    ],
)
def test_a_file_that_cannot_be_used_is_put_aside_and_holds_up_nobody(
    server, people, own_folder, text
):
    launched(make_segment(*people))
    (own_folder / "unsettled").mkdir()
    (own_folder / "unsettled" / "x.json").write_text(text)
    fan_out_all()
    deliver_all()
    assert [one.name for one in (own_folder / "unsettled").iterdir()] == ["x.unreadable"]
    assert states() == ["sent"] * 3


def test_a_file_that_may_not_be_opened_holds_up_nobody(server, people, own_folder):
    launched(make_segment(*people))
    (own_folder / "unsettled" / "x.json").mkdir(parents=True)  # root may open any file
    fan_out_all()
    deliver_all()
    assert states() == ["sent"] * 3


def test_an_outcome_that_is_written_twice_queues_nobody_who_was_marked_anew(people):
    launched(make_segment(*people))
    Message.objects.update(state="handing_over", attempts=2)
    ada = Message.objects.get(profile=people[0])
    settle([Settled(ada.profile_id, ada.pk, "queued", attempt=1)], timezone.now())
    assert states() == ["handing_over"] * 3
    settle([Settled(ada.profile_id, ada.pk, "queued", attempt=2)], timezone.now())
    assert states() == ["handing_over", "handing_over", "queued"]


def test_marking_that_breaks_leaves_everybody_queued(server, people, monkeypatch):
    """The answer of the database was lost, and what it did was not."""
    launched(make_segment(*people))
    real = worker.mark_handing_over

    def lost(*args, **kwargs):
        real(*args, **kwargs)
        raise OperationalError("the server ended the connection")

    with monkeypatch.context() as broken:
        broken.setattr(worker, "mark_handing_over", lost)
        with pytest.raises(OperationalError):
            deliver()
    assert states() == ["queued"] * 3
    deliver_all()
    assert states() == ["sent"] * 3
    assert set(server.counts.values()) == {1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_amid_a_hand_over_waits_until_all_is_settled(server, people, monkeypatch, number):
    launched(make_segment(*people))
    seen = []
    before = signal.signal(number, lambda *_: seen.append(states()))
    real = SmtpSession._send_one

    def and_signal(self, connection, mail):
        outcome = real(self, connection, mail)
        os.kill(os.getpid(), number)
        return outcome

    monkeypatch.setattr(SmtpSession, "_send_one", and_signal)
    try:
        deliver()
    finally:
        signal.signal(number, before)
    assert seen[0] == ["queued", "queued", "sent"], "the others were not tried"
    assert len(server.mails) == 1
    assert not stopping.asked()
    assert not Circuit.objects.exists()

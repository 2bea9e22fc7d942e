"""A mail server that takes nothing is known by its own word: in health, log and message."""

import logging
from datetime import timedelta

import pytest
from aiosmtpd.smtp import AuthResult
from django.db import connection
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.channels.email.session import smtp_target
from campaigns.delivery.worker import deliver
from campaigns.models import Message, MessageChunk
from config.console import health_words as words
from config.workspace.health import status
from config.workspace.health.status import HealthLevel
from config.workspace.models import SendCount, WorkRun
from config.workspace.work import recording
from tests.campaigns.builders import (
    address_of,
    deliver_all,
    launched,
    make_person,
    make_segment,
    say,
    smtp_server,
)

pytestmark = pytest.mark.django_db
NAMES = [f"person{number}" for number in range(6)]


@pytest.fixture(autouse=True)
def noted(monkeypatch):
    monkeypatch.setattr(status, "STARTED", timezone.now() - timedelta(hours=1))
    recording.forget()
    yield
    recording.forget()


def sending(*names):
    people = [make_person(name) for name in names]
    for person in people:
        say(person)
    return people, launched(make_segment(*people))


def row():
    recording.flush()
    return WorkRun.objects.get(name="send.email")


def delivery():
    with connection.cursor() as cursor:
        return status.read(cursor).unit("delivery")


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_is_known_everywhere(admin_client, caplog):
    def refuse(server, session, envelope, mechanism, data):
        return AuthResult(success=False, handled=False)

    people, campaign = sending(*NAMES)
    options = {"authenticator": refuse, "auth_required": True, "auth_require_tls": False}
    with smtp_server(**options), caplog.at_level(logging.WARNING):
        url = smtp_target().replace("smtp://", "smtp://me:wrong@") + "?tls=false"
        with override_settings(EMAIL_URL=url):
            deliver_all()
    found = row()
    assert found.error.startswith("535 5.7.8 ")
    assert (found.error_count, found.handled) == (6, 0)
    WorkRun.objects.update(error_since=timezone.now() - timedelta(minutes=2))
    unit = delivery()
    assert unit.level == HealthLevel.FAILING
    with translation.override("en"):
        assert words.said(unit).startswith("mail: 6 of 6 refused since ")
    assert caplog.text.count("sending by email failed: 535 5.7.8 ") == 1
    message = Message.objects.get(profile=people[0])
    assert message.state == "queued"
    assert message.data["word"].startswith("535 5.7.8 ")
    status.forget()
    page = admin_client.get(reverse("campaigns:progress", args=[campaign.slug]))
    assert b"The mail server takes nothing" in page.content
    assert b"535 5.7.8" in page.content
    page = admin_client.get(reverse("campaigns:message", args=[message.profile_id, message.pk]))
    assert b"It is tried again" in page.content
    assert b"535 5.7.8" in page.content


def test_a_server_that_is_not_there_is_known_by_the_first_mail():
    sending("ada")
    with override_settings(EMAIL_URL="smtp://127.0.0.1:1"):
        deliver_all()
    assert "refused" in row().error.lower()
    assert row().error_count == 1


def test_nowhere_to_hand_over_to_is_said():
    sending("ada")
    with override_settings(
        EMAIL_URL="", MAILBOX_TARGET="tests.campaigns.delivery.test_outcomes.none"
    ):
        deliver()
    assert "the demo mailbox does not run" in row().error
    WorkRun.objects.update(error_since=timezone.now() - timedelta(minutes=2))
    with translation.override("en"):
        assert words.said(delivery()).startswith("mail: EMAIL_URL is not set")


def none():
    return None


def test_one_persons_refusal_is_no_fault_and_the_next_mail_taken_ends_a_streak():
    people, _campaign = sending(*NAMES)
    with smtp_server() as server:
        server.refusals = {address_of(person): ["451 4.7.1 not now"] for person in people}
        deliver_all()
        assert row().error == "451 4.7.1 not now"  # none of six
        server.refusals = {}
        Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        MessageChunk.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        deliver_all()
    assert (row().error, row().error_count, row().handled) == ("", 0, 6)
    totals = SendCount.objects.filter(minute=None).values_list("outcome", "n")
    assert sorted(totals) == [("sent", 6), ("temporary", 6)]


def test_a_bounce_is_about_one_address():
    (ada,), _campaign = sending("ada")
    with smtp_server() as server:
        server.refusals = {address_of(ada): ["550 5.1.1 <ada@example.com> unknown"]}
        deliver_all()
    assert row().error == ""
    (count,) = SendCount.objects.exclude(minute=None)
    assert (count.outcome, count.word) == ("bounced", "550 5.1.1 <<address>> unknown")

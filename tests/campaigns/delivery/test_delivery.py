"""Hand-over to a real SMTP server: what is checked again, and what each answer leads to."""

import pytest
from django.utils import timezone

from campaigns.channels.email.answers import kind_of
from campaigns.delivery.claims import lease_chunk, mark_handing_over
from campaigns.delivery.worker import deliver
from campaigns.models import Campaign, Message, MessageChunk, Sender
from campaigns.services.launching import cancel, pause, resume
from config.workspace.work.due import WORK
from consent.models import Purpose, Suppression
from consent.suppression.suppressing import suppress
from profiles.models import Inbox
from tests.campaigns.builders import (
    address_of,
    deliver_all,
    fan_out_all,
    hours,
    launched,
    make_person,
    make_segment,
    say,
    smtp_server,
)

pytestmark = pytest.mark.django_db


def permitted(*names):
    people = [make_person(name) for name in names]
    for person in people:
        say(person)
    return people


def state_of(person) -> tuple[str, str]:
    row = Message.objects.get(profile=person)
    return row.state, row.reason


def test_a_mail_arrives_with_its_person_and_its_way_out(server):
    (ada,) = permitted("ada")
    campaign = launched(make_segment(ada))
    deliver_all()
    fan_out_all()
    mail = server.message()
    assert mail["Subject"] == "Tents, Ada"
    assert mail["To"] == '"Ada" <ada@example.com>' or "ada@example.com" in mail["To"]
    assert mail["List-Unsubscribe"].startswith("<http://testserver/u/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html = mail.get_body(("html",)).get_content()
    assert "Oudegracht 1" in html
    assert "/t/o/" not in html, "never asked about measuring: no pixel"
    assert "https://shop.example/tents?utm_campaign=spring" in html
    row = Message.objects.get(profile=ada)
    assert row.state == "sent"
    assert row.sent_at
    assert row.provider_ref == mail["Message-ID"]
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.FINISHED
    assert not MessageChunk.objects.exists()


def test_measuring_is_decided_for_each_person(server):
    ada, ben = permitted("ada", "ben")
    say(ben, purpose="measuring")
    launched(make_segment(ada, ben))
    deliver_all()
    bodies = {
        server.mails[n][0]: server.message(n).get_body(("html",)).get_content() for n in range(2)
    }
    assert "/t/o/" in bodies["ben@example.com"]
    assert "/t/c/" in bodies["ben@example.com"]
    assert "/t/" not in bodies["ada@example.com"]


def test_withdrawn_consent_stops_a_queued_message(server):
    ada, ben = permitted("ada", "ben")
    campaign = launched(make_segment(ada, ben))
    say(ada, "withdrawn")
    deliver_all()
    assert state_of(ada) == ("excluded", "no_permission")
    assert state_of(ben) == ("sent", "")
    assert server.counts == {"ben@example.com": 1}
    fan_out_all()
    campaign.refresh_from_db()
    assert campaign.status == "finished"


def test_a_suppression_a_restriction_and_time_stop_a_queued_message(server):
    ada, ben, cleo = permitted("ada", "ben", "cleo")
    launched(make_segment(ada, ben, cleo))
    suppress(kind="email", value=address_of(ada), reason="manual")
    ben.state = "restricted"
    ben.save()
    Message.objects.filter(profile=cleo).update(expires_at=timezone.now())
    deliver_all()
    assert [state_of(p)[1] for p in (ada, ben, cleo)] == ["suppressed", "frozen", "expired"]
    assert not server.mails


def test_permission_given_again_meanwhile_is_the_one_the_mail_rests_on(server):
    (ada,) = permitted("ada")
    launched(make_segment(ada))
    say(ada, "withdrawn")
    again = say(ada, act="form")
    deliver_all()
    assert Message.objects.get(profile=ada).consent_entry_id == again.id
    assert server.counts == {"ada@example.com": 1}


def test_pause_resume_and_cancel(server):
    ada, ben = permitted("ada", "ben")
    campaign = launched(make_segment(ada, ben))
    pause(campaign, reason="wrong price")
    assert deliver() == 0
    assert state_of(ada) == ("queued", "")
    resume(campaign)
    deliver_all()
    assert len(server.mails) == 2
    other = launched(make_segment(ada, slug="again"), "again", caps={"unlimited": True})
    cancel(other)
    deliver_all()
    assert Message.objects.get(campaign_id=other.pk).state == "cancelled"
    assert len(server.mails) == 2


def test_a_temporary_refusal_is_tried_again_and_then_sent(server):
    ada, ben = permitted("ada", "ben")
    server.refusals["ada@example.com"] = ["451 4.3.0 try again", "250 OK"]
    launched(make_segment(ada, ben))
    deliver_all()
    row = Message.objects.get(profile=ada)
    assert (row.state, row.attempts) == ("queued", 1)
    assert row.due_at > timezone.now()
    assert deliver() == 0
    server.refusals.clear()
    Message.objects.filter(profile=ada).update(due_at=timezone.now())
    MessageChunk.objects.update(due_at=timezone.now())
    deliver_all()
    assert state_of(ada) == ("sent", "")
    assert server.counts == {"ada@example.com": 1, "ben@example.com": 1}


def test_a_temporary_refusal_past_its_time_fails_with_the_providers_word(server):
    (ada,) = permitted("ada")
    server.refusals["ada@example.com"] = ["452 4.2.2 mailbox full"]
    launched(make_segment(ada), step={"expires_in": {"minutes": 1}})
    deliver_all()
    assert state_of(ada)[0] == "queued"
    Message.objects.update(due_at=timezone.now())
    MessageChunk.objects.update(due_at=timezone.now())
    deliver_all()
    assert state_of(ada) == ("failed", "452 4.2.2 mailbox full")


def test_a_refused_recipient_bounces_and_is_suppressed(server):
    ada, ben = permitted("ada", "ben")
    server.refusals["ada@example.com"] = ["550 5.1.1 no such user"]
    launched(make_segment(ada, ben))
    deliver_all()
    assert state_of(ada) == ("bounced", "550 5.1.1 no such user")
    row = Suppression.objects.get()
    assert (row.reason, row.level) == ("hard_bounce", "all")
    assert "ada@example.com" not in row.hint
    assert any(b"Email Bounced" in bytes(call.body) for call in Inbox.objects.all())
    assert state_of(ben) == ("sent", "")


def test_what_a_refusal_means():
    assert kind_of(550, "5.1.1 no such user", recipient=True) == "bounced"
    assert kind_of(550, "no such user", recipient=True) == "bounced"
    assert kind_of(550, "5.7.1 relaying denied", recipient=True) == "failed"
    assert kind_of(552, "5.2.2 mailbox full", recipient=True) == "temporary"
    assert kind_of(550, "sender refused", recipient=False) == "failed"
    assert kind_of(451, "4.7.1 greylisted", recipient=True) == "temporary"


@pytest.mark.parametrize("offered", [True, False])
def test_a_mail_goes_to_the_owner_of_the_domain_or_says_why_not(offered):
    people = [
        make_person("kunde", "kunde@straße.de"),
        make_person("jose", "josé@shop.example"),
        make_person("old", "a@i❤.ws"),  # from before such a domain was refused at the door
    ]
    for person in people:
        say(person)
    with smtp_server(enable_SMTPUTF8=offered) as server:
        launched(make_segment(*people))
        Sender.objects.update(address="news@straße.example")
        deliver_all()
        arrived = {"kunde@xn--strae-oqa.de"} | ({"josé@shop.example"} if offered else set())
        assert set(server.counts) == arrived
        assert server.message()["Message-ID"].endswith("@xn--strae-oqa.example>")
    assert state_of(people[0]) == ("sent", "")
    assert state_of(people[1]) == (("sent", "") if offered else ("failed", "needs_smtputf8"))
    assert state_of(people[2]) == ("failed", "unusable_domain")


def test_a_server_that_is_away_loses_nothing(server, settings):
    (ada,) = permitted("ada")
    launched(make_segment(ada))
    real = settings.EMAIL_URL
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    deliver_all()
    assert state_of(ada)[0] == "queued"
    settings.EMAIL_URL = real
    Message.objects.update(due_at=timezone.now())
    MessageChunk.objects.update(due_at=timezone.now())
    deliver_all()
    assert server.counts == {"ada@example.com": 1}


def test_what_a_crash_left_marked_becomes_unknown_and_is_never_sent(server, settings):
    ada, ben = permitted("ada", "ben")
    launched(make_segment(ada, ben))
    now = timezone.now()
    chunk = lease_chunk("email", now)
    purpose = Purpose.objects.get(slug="marketing")
    row = Message.objects.get(profile=ada)
    marked = mark_handing_over(chunk, [(ada.pk, row.pk)], purpose=purpose, topic_id=None, now=now)
    assert marked == {row.pk}
    deliver_all()
    assert not server.mails, "the lease still stands"
    MessageChunk.objects.update(lease_until=now - hours(1))
    deliver_all()
    assert state_of(ada) == ("unknown", "interrupted")
    assert server.counts == {"ben@example.com": 1}
    late = mark_handing_over(chunk, [(ben.pk, 1)], purpose=purpose, topic_id=None, now=now)
    assert late == set(), "whoever lost the lease marks nothing any more"


def test_a_failing_template_fails_one_mail_and_says_why(server):
    ada, ben = permitted("ada", "ben")
    ben.traits = {"first_name": "Ben", "stop": True}
    ben.save()
    html = "{% if stop %}{% abort_message 'enough' %}{% endif %}<p>Hi {{ unsubscribe_url }}</p>"
    campaign = launched(make_segment(ada, ben), step={"content": {"subject": "S", "html": html}})
    deliver_all()
    assert state_of(ada) == ("sent", "")
    assert state_of(ben)[0] == "cancelled"
    assert "enough" in state_of(ben)[1]
    assert campaign.pk


def test_a_list_that_bounces_too_much_is_stopped(server, monkeypatch):
    from campaigns.delivery import bounces  # noqa: PLC0415 - of this test alone

    monkeypatch.setattr(bounces, "FIRST", 100)
    people = permitted(*(f"p{n}" for n in range(60)))
    for person in people[:10]:
        server.refusals[address_of(person)] = ["550 5.1.1 gone"]
    campaign = launched(make_segment(*people))
    deliver_all()
    campaign.refresh_from_db()
    assert campaign.status == "paused"
    assert "%" in campaign.pause_reason
    assert Message.objects.filter(state="queued").exists()


def test_the_units_of_work_are_signed_in():
    assert {"campaigns", "delivery", "consents"} <= set(WORK.names())

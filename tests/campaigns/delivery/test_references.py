"""By its reference a message is found in one look-up; what is said of it later is noted."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from campaigns import pruning
from campaigns.delivery import returns
from campaigns.delivery.claims import Settled, settle
from campaigns.delivery.references import _FIND, find
from campaigns.models import Message, MessageReference
from config.postgres.sql import sql
from config.workspace.work.pruning import PORTION
from consent.models import Suppression
from profiles.models import Inbox
from tests.campaigns.builders import deliver_all, launched, make_person, make_segment, say
from tests.campaigns.channels import pigeon

pytestmark = pytest.mark.django_db


def permitted(*names: str, channel: str = "email"):
    people = [make_person(name) for name in names]
    for person in people:
        say(person, channel=channel, point="")
    return people


def test_what_was_handed_over_is_found_by_its_reference(server, django_assert_num_queries):
    server.refusals["ben@example.com"] = ["550 5.1.1 nobody"]
    ada, ben, _cleo = permitted("ada", "ben", "cleo")
    launched(make_segment(ada, ben, _cleo))
    deliver_all()
    sent = {mail["Message-ID"] for mail in map(server.message, range(len(server.mails)))}
    with django_assert_num_queries(1):
        found = find("email", [*sent, "<other@shop.example>"])
    rows = Message.objects.filter(state="sent").values_list("provider_ref", "profile_id", "id")
    assert found == {reference: (profile, message) for reference, profile, message in rows}
    assert len(found) == 2
    assert find("sms", sorted(sent)) == {}, "another channel's"
    assert Message.objects.get(profile=ben).provider_ref == ""


def test_of_what_nobody_knows_the_reference_is_kept_too(server):
    (ada,) = permitted("ada")
    launched(make_segment(ada))
    Message.objects.update(state="handing_over")
    row, now = Message.objects.get(), timezone.now()
    settle([Settled(row.profile_id, row.pk, "unknown", "broke off", "<a@b>")], now)
    settle([Settled(row.profile_id, row.pk, "sent", "", "<a@b>")], now)  # said again, and better
    assert find("email", ["<a@b>"]) == {"<a@b>": (row.profile_id, row.pk)}
    assert MessageReference.objects.count() == 1


def test_what_comes_back_later_is_noted_once(monkeypatch, tmp_path):
    with pigeon.registered(monkeypatch, tmp_path, ""):
        people = permitted("ada", "ben", "cleo", channel="pigeon")
        campaign = launched(
            make_segment(*people),
            step={"channel": "pigeon", "content": {"text": "Coo {{ unsubscribe_url }}"}},
        )
        deliver_all()
        said = b"leg-1 bounced hawk\nleg-2 delivered\nleg-9 bounced another loft's"
        told = Inbox.objects.count()
        assert returns.take_in("pigeon", said) == 2
        assert returns.take_in("pigeon", said) == 0, "said twice"
        states = dict(Message.objects.values_list("provider_ref", "state"))
        assert states == {"leg-1": "bounced", "leg-2": "delivered", "leg-3": "sent"}
        row = Message.objects.get(provider_ref="leg-1")
        assert (row.reason, row.bounced_at is not None) == ("hawk", True)
        assert Inbox.objects.count() == told + 1, "the person is told of it"
        assert not Suppression.objects.exists(), "there is no address"
        assert returns.take_in("pigeon", b"leg-2 bounced after all") == 1
        campaign.refresh_from_db()
        assert campaign.pause_reason == ""


def test_references_go_by_age_and_both_look_ups_have_an_index():
    now = timezone.now()
    day = timezone.localdate()
    MessageReference.objects.bulk_create(
        MessageReference(
            digest=bytes([n]) * 16, profile_id=1, message_id=n, kept_on=day - timedelta(days=n * 40)
        )
        for n in range(4)
    )
    assert pruning.prune_references(now) == 1
    assert pruning.prune_references(now) == 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO message_reference (digest, profile_id, message_id, kept_on)"
            " SELECT decode(md5(n::text), 'hex'), n, n, '2020-01-01'::date + n / 100"
            " FROM generate_series(1, 40000) n"
        )
        cursor.execute("SELECT rapport_analyse('{message_reference}')")  # the owner's right
        cursor.execute(f"EXPLAIN {pruning.REFERENCES}", [day, PORTION])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute(f"EXPLAIN {pruning.REFERENCES}", [date(2020, 1, 3), 5])
        assert "message_reference_by_day" in "\n".join(line for (line,) in cursor.fetchall()), plan
        query = sql(_FIND, channel="email", references=["a", "b"])
        sql("EXPLAIN {query}", query=query).on(cursor)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "message_reference_pkey" in plan

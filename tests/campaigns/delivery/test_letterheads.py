"""What all mails of one content share, in a process that has sent some already."""

import pytest
from django.utils import timezone

from campaigns.delivery.letters import letterhead
from campaigns.models import ContentVersion, Message, MessageChunk, Sender
from campaigns.services.single import send_message
from consent.models import Purpose
from tests.campaigns.builders import deliver_all, launched, make_person, make_segment, say

pytestmark = pytest.mark.django_db


def test_the_next_mail_is_from_the_sender_as_it_was_changed_a_moment_ago(server):
    """Of a campaign under way and of single messages, whose sender is the default one."""
    ada, ben = make_person("ada"), make_person("ben")
    for person in (ada, ben):
        say(person)
    server.refusals["ben@example.com"] = ["451 4.3.0 try again"]
    launched(make_segment(ada, ben))
    deliver_all()
    server.refusals.clear()
    single = {"profile": ada, "channel": "email", "content": {"subject": "Hi", "text": "Hi."}}
    send_message(**single, idempotency_key="before")
    deliver_all()

    Sender.objects.update(
        name="Tent Shop", reply_to="help@shop.example", postal_address="Nieuwegracht 9, Utrecht"
    )
    Message.objects.update(due_at=timezone.now())
    MessageChunk.objects.update(due_at=timezone.now())
    deliver_all()
    send_message(**single, idempotency_key="after")
    deliver_all()
    other = Sender.objects.create(name="Other", address="other@shop.example", postal_address="X 1")
    Sender.objects.filter(is_default=True).update(is_default=False)
    Sender.objects.filter(pk=other.pk).update(is_default=True)
    send_message(**single, idempotency_key="another")
    deliver_all()

    mails = [server.message(number) for number in range(5)]
    assert [mail["From"].addresses[0].display_name for mail in mails] == [
        "Shop",
        "Shop",
        "Tent Shop",
        "Tent Shop",
        "Other",
    ]
    assert [mail["Reply-To"] for mail in mails[1:4]] == [None] + ["help@shop.example"] * 2
    assert "Nieuwegracht 9" in mails[2].get_body(("html",)).get_content()
    assert "Oudegracht 1" in mails[0].get_body(("html",)).get_content()


def test_the_class_of_the_purpose_is_that_of_now():
    """Whether a mail has a way out and passes a complaint is asked of it."""
    person = make_person("ada")
    say(person)
    launched(make_segment(person))
    content = ContentVersion.objects.get()
    assert letterhead(content.pk).is_marketing
    Purpose.objects.filter(pk=content.purpose_id).update(purpose_class="transactional")
    assert not letterhead(content.pk).is_marketing

"""Links and letters of the installation's own, over a real mail server."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from campaigns.composition.senders import create_sender
from campaigns.delivery.service_mails import send_due
from config.workspace.mails.outgoing import OLDEST_DUE, ServiceMail, claim, write
from config.workspace.models import Circuit, OutgoingMail
from config.workspace.work.pruning import PRUNERS
from consent.privacy.requests import open_request, settle
from tests.campaigns.builders import make_person, smtp_server

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOSTILE = "<script>alert(1)</script>\r\nBcc: eve@example.com"


@pytest.fixture
def sender():
    return create_sender(name="Puncak “Gear”", address="hello@puncak.example", postal_address="X 1")


def letter(to="maya@example.com", **more):
    said = {"subject": f"Hello {HOSTILE}", "paragraphs": ["First.", f"Then\n{HOSTILE}"]}
    return ServiceMail(to, **said, button="Open <it>", url="https://x.example/a?b=1&c=2", **more)


def oldest_due():
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_DUE)
        return cursor.fetchone()[0]


def test_a_mail_goes_once_as_text_and_with_a_button_and_no_name_in_it_writes_markup_or_headers(
    sender,
):
    row = write("test", "a", letter(language="ar"), lasting=DAY)
    assert write("test", "a", letter(), lasting=DAY) == row
    assert b"maya" not in bytes(row.sealed)
    with smtp_server() as server:
        assert send_due() == 1
        assert send_due() == 0
    mail = server.message()
    assert [to for to, _mail in server.mails] == ["maya@example.com"]
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    html = mail.get_body(("html",)).get_content()
    assert "Open <it>:\nhttps://x.example/a?b=1&c=2" in text
    assert "Puncak “Gear”, X 1" in text
    assert "<script>" not in html
    assert 'href="https://x.example/a?b=1&amp;c=2"' in html
    assert 'dir="rtl"' in html
    row.refresh_from_db()
    assert (bool(row.sent_at), bytes(row.sealed), row.last_error) == (True, b"", "")
    OutgoingMail.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert PRUNERS.get("outgoing_mails")(timezone.now()) == 1


def test_one_refused_for_good_is_given_up_and_what_cannot_go_now_is_tried_again_until_it_is_late(
    sender,
):
    write("test", "gone", letter(), lasting=DAY)
    with smtp_server() as server:
        server.refusals["maya@example.com"] = ["550 no maya@example.com here"]
        assert send_due() == 1
    gone = OutgoingMail.objects.get()
    assert gone.failed_at
    assert bytes(gone.sealed) == b""
    assert "maya" not in gone.last_error
    gone.delete()
    with override_settings(EMAIL_URL="smtp://127.0.0.1:1"):
        write("test", "later", letter(), lasting=DAY)
        assert send_due() == 1
        row = OutgoingMail.objects.get()
        assert (row.waits, row.attempts) == (True, 1)
        assert row.due_at > timezone.now()
        assert Circuit.objects.exists()
        OutgoingMail.objects.update(due_at=timezone.now() - timedelta(hours=1))
        assert send_due() == 0  # its circuit is open
        assert oldest_due() is not None
        OutgoingMail.objects.update(expires_at=timezone.now())
        assert send_due() == 1
    row.refresh_from_db()
    assert row.failed_at
    assert oldest_due() is None


def test_what_a_killed_worker_held_goes_out_and_without_a_sender_it_waits():
    write("test", "a", letter(), lasting=DAY)
    with smtp_server() as server:
        assert send_due() == 0
        create_sender(name="P", address="hello@puncak.example")
        assert claim()  # and killed
        assert send_due() == 0
        OutgoingMail.objects.update(due_at=timezone.now())
        assert send_due() == 1
    assert len(server.mails) == 1


def test_who_is_erased_gets_nothing_that_still_waited(sender):
    make_person("maya")
    write("test", "a", letter(), lasting=DAY)
    write("test", "b", letter("ben@example.com"), lasting=DAY)
    request = open_request(type_="erasure", references=["email:maya@example.com"])
    settle(request)
    from consent.privacy.due import carry_out_due  # noqa: PLC0415

    carry_out_due(seconds=60)
    assert OutgoingMail.objects.filter(key="a").count() == 0
    assert OutgoingMail.objects.filter(key="b").count() == 1

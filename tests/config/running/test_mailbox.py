"""The demo mailbox keeps what it is given."""

import smtplib
import subprocess
import sys
import time
from email.message import EmailMessage

import pytest

from config import paths
from config.running import mailbox


@pytest.fixture
def place(tmp_path, settings):
    settings.VAR_DIR = tmp_path
    mailbox.folder().mkdir()
    return mailbox.folder()


def a_mail(subject: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "shop@example.com", "ada@example.com"
    mail.set_content("Plain\n")
    mail.add_alternative("<p>Rich</p>", subtype="html")
    return mail


def test_a_mail_sent_by_smtp_is_kept_whole(place):
    command = [sys.executable, "-m", "config.running.mailbox", str(place), "0"]
    running = subprocess.Popen(command, cwd=paths.BASE_DIR)
    try:
        for _ in range(100):
            if mailbox.email_url():
                break
            time.sleep(0.1)
        host, port = mailbox.email_url().removeprefix("smtp://").split(":")
        with smtplib.SMTP(host, int(port)) as client:
            client.send_message(a_mail("Grüße"), "bounce+1@example.com", ["ada@example.com"])
    finally:
        running.terminate()
        running.wait(10)
    (kept,) = mailbox.list_messages()
    assert (kept.subject, kept.text, kept.html) == ("Grüße", "Plain\n", "<p>Rich</p>\n")
    assert (kept.sender, kept.recipients) == ("bounce+1@example.com", ("ada@example.com",))
    assert mailbox.read_message(kept.id) == kept


def test_mails_are_listed_newest_first_by_page_and_by_address(place):
    ids = [mailbox.keep(place, "", [f"p{n % 2}@example.com"], b"Subject: x\n\n") for n in range(6)]
    assert [mail.id for mail in mailbox.list_messages(2)] == ids[:-3:-1]
    assert [mail.id for mail in mailbox.list_messages(2, before=ids[4])] == [ids[3], ids[2]]
    assert [mail.id for mail in mailbox.list_messages(to="P1@example.com")] == ids[5::-2]


def test_a_persons_mails_can_be_forgotten(place):
    mailbox.keep(place, "", ["ada@example.com"], b"\n")
    mailbox.keep(place, "", ["ben@example.com"], b"\n")
    mailbox.keep(place, "", ["kunde@xn--strae-oqa.de"], b"\n")
    assert mailbox.forget("Ada@example.com") == 1
    assert mailbox.forget("kunde@strasse.de") == 0
    assert mailbox.forget("Kunde@straße.de") == 1
    assert mailbox.count() == 1


def test_only_the_newest_stay(place, monkeypatch):
    monkeypatch.setattr(mailbox, "KEEP", 3)
    ids = [mailbox.keep(place, "", [], b"\n") for _ in range(5)]
    mailbox.prune(place)
    assert [mail.id for mail in mailbox.list_messages()] == ids[:1:-1]


@pytest.mark.parametrize("id", ["../secret_key", "", "x", "00000000000000000001-0000000000000000"])
def test_an_id_that_is_none_finds_nothing(place, id):
    assert mailbox.read_message(id) is None

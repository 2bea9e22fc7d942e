"""Delivery reports as mail servers write them, and what they do to the mail that they name."""

import pytest

from campaigns.channels.base import BOUNCED, DELIVERED, Returned
from campaigns.channels.email.reports import read_report
from campaigns.delivery import returns
from campaigns.models import Message
from consent.models import Suppression
from tests.campaigns.builders import deliver_all, launched, make_person, make_segment, say

MINE = "<3f2a@shop.example>"
POSTFIX = """\
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: news@shop.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

<ada@example.com>: host mx.example said: 550 5.1.1 no such user

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: 4F2

Final-Recipient: rfc822; ada@example.com
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example
Diagnostic-Code: {word}

--B
Content-Type: {kind}

From: Shop <news@shop.example>
Message-ID: {about}
Subject: Tents

{body}
--B--
"""


def report(
    status="5.1.1", word="smtp; 550 5.1.1 no\n such user", action="failed", about=MINE,
    kind="message/rfc822",
) -> bytes:  # fmt: skip
    text = POSTFIX.format(
        status=status, word=word, action=action, about=about, kind=kind, body="Tents!"
    )
    return text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, (BOUNCED, "550 5.1.1 no such user")),
        ({"kind": "text/rfc822-headers"}, (BOUNCED, "550 5.1.1 no such user")),
        ({"word": "", "status": "5.1.10"}, (BOUNCED, "5.1.10")),
        ({"action": "delivered", "status": "2.0.0", "word": ""}, (DELIVERED, "")),
        ({"action": "delayed", "status": "4.4.1"}, None),
        ({"status": "5.2.2", "word": "smtp; 552 5.2.2 mailbox full"}, None),
        ({"status": "5.7.1", "word": "smtp; 550 5.7.1 not from you"}, None),
        ({"status": "4.4.7", "word": "smtp; 451 4.4.7 expired"}, None),
        ({"status": "4.4.7", "word": ""}, None),
        ({"about": ""}, None),
    ],
)
def test_what_a_report_says(given, found):
    assert read_report(report(**given)) == ([Returned(MINE, *found)] if found else [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\x00 no mail",
        b"Subject: Out of office\r\n\r\nBack on Monday. 550 5.1.1",
        report().replace(b"report-type=delivery-status", b"report-type=feedback-report"),
        report().replace(b"multipart/report", b"multipart/mixed"),
    ],
)
def test_any_other_mail_says_nothing(body):
    assert read_report(body) == []


@pytest.mark.django_db
def test_a_mail_that_bounces_after_it_was_taken(server):
    people = [make_person(name) for name in ("ada", "ben")]
    for person in people:
        say(person)
    launched(make_segment(*people))
    deliver_all()
    row = Message.objects.get(profile=people[0])
    assert returns.take_in("email", report(about=row.provider_ref)) == 1
    row.refresh_from_db()
    assert (row.state, row.reason) == ("bounced", "550 5.1.1 no such user")
    assert Suppression.objects.get().reason == "hard_bounce"
    assert Message.objects.get(profile=people[1]).state == "sent"
    assert returns.take_in("email", report(about="<of@another.example>")) == 0

"""What a person may say of themself by any web form: it costs no other mail, and changes none."""

import socket

import pytest

from campaigns.channels.base import FAILED, SENT
from campaigns.channels.email.session import SmtpSession, smtp_target
from campaigns.channels.email.wire import WireMail
from campaigns.content.names import RESERVED
from campaigns.models import Message
from tests.campaigns.builders import (
    deliver_all,
    launched,
    make_person,
    make_segment,
    say,
    smtp_server,
)

pytestmark = pytest.mark.django_db


def permitted(name, address="", **fields):
    person = make_person(name, address, **fields)
    say(person)
    return person


def test_an_international_domain_is_written_to_in_its_ascii_form(server):
    eva, ada = permitted("eva", "eva@bücher.example"), permitted("ada")
    launched(make_segment(eva, ada))
    deliver_all()
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    assert dict(server.counts) == {"eva@xn--bcher-kva.example": 1, "ada@example.com": 1}


def test_the_session_survives_an_address_that_it_cannot_write():
    with smtp_server(enable_SMTPUTF8=False):
        session = SmtpSession(smtp_target())
        mails = [
            WireMail(n, "news@shop.example", to, b"Subject: x\r\n\r\nx\r\n")
            for n, to in enumerate(["ü@example.com", "ada@example.com"])
        ]
        assert [outcome.kind for outcome in session.send(mails)] == [FAILED, SENT]
        session.close()


def test_a_trait_does_not_stand_for_the_senders_own_words(server):
    traits = {"first_name": "Mal", "postal_address": "Elsewhere 1", "sender": {"name": "Bank"}}
    launched(make_segment(permitted("mal", traits=traits)))
    deliver_all()
    html = server.message().get_body(("html",)).get_content()
    assert "Oudegracht 1" in html
    assert "Elsewhere" not in html


def test_no_trait_takes_the_name_of_what_the_renderer_gives(server):
    """The words of the way out, its address, the clock, the sender: all of it is ours."""
    evil = {name: f"EVIL {name}" for name in RESERVED} | {"plan": "pro"}
    plain = sorted(RESERVED - {"traits", "customer", "person", "profile", "unsubscribe_url"})
    html = (
        "<html><body>{{ plan }} {{ traits.now }} {{ customer.plan }} "
        + " ".join(f"[{{{{ {name} }}}}]" for name in plain)
        + "</body></html>"
    )
    content = {"subject": "Hello {{ workspace }}", "html": html}
    launched(make_segment(permitted("mal", traits=evil)), step={"content": content})
    deliver_all()
    mail = server.message()
    said = mail.get_body(("html",)).get_content()
    assert "pro EVIL now pro" in said  # a trait it is, and stays
    assert ">Unsubscribe</a>" in said
    assert said.count("EVIL") == 1
    assert "EVIL" not in mail["Subject"]


def test_a_server_that_hung_up_on_silence_costs_no_mail(server, monkeypatch):
    monkeypatch.setattr("campaigns.channels.email.session.IDLE_SECONDS", 0.0)
    session = SmtpSession(smtp_target())
    mail = WireMail(1, "news@shop.example", "ada@example.com", b"Subject: x\r\n\r\nx\r\n")
    assert [outcome.kind for outcome in session.send([mail])] == [SENT]
    session._smtp.sock.shutdown(socket.SHUT_RDWR)  # what a time-out of the server looks like
    assert [outcome.kind for outcome in session.send([mail])] == [SENT]
    session.close()

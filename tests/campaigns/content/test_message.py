"""The bytes of a mail, read back by the standard library."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.content.errors import ContentError
from campaigns.content.message import build_email, one_line
from campaigns.content.render import Rendered

NOW = datetime(2026, 11, 3, 22, 30, tzinfo=UTC)
KEYS = ["Content-Type", "Date", "Feedback-ID", "From", "MIME-Version", "Message-ID", "Subject"]
KEYS += ["To", "X-A"]
MAIL = Rendered("Hi", "<p>Hi</p>\n", "Hi\n")
# surrogates cannot come from JSON (StrictJSONParser) and have no UTF-8
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def build(rendered: Rendered = MAIL, **changes: Any) -> bytes:
    values: dict[str, Any] = {
        "sender_name": "Shop",
        "sender_address": "hello@shop.example",
        "to_name": "Ada",
        "to_address": "ada@example.com",
        "message_id": "<1.2@shop.example>",
        "date": NOW,
    }
    return build_email(rendered, **{**values, **changes})


def read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def test_marketing_mail_has_what_mailbox_providers_ask_for() -> None:
    message = read(
        build(
            list_unsubscribe_url="https://r.example/u/T/",
            list_unsubscribe_mailto="mailto:leave@r.example",
            feedback_id="c:1:marketing:r",
            reply_to="help@shop.example",
            headers={"X-Campaign": "spring"},
        )
    )
    assert message["List-Unsubscribe"] == "<https://r.example/u/T/>, <mailto:leave@r.example>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Feedback-ID"] == "c:1:marketing:r"
    assert message["Date"] == "Tue, 03 Nov 2026 22:30:00 +0000"
    assert message["X-Campaign"] == "spring"
    assert message["Auto-Submitted"] is None
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_service_mail_without_unsubscribe() -> None:
    message = read(build())
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None


def test_text_alone_is_one_part() -> None:
    assert read(build(Rendered("Hi", "", "Grüße\n"))).get_content() == "Grüße\r\n"


@settings(deadline=None)  # compiling the first time takes its time
@given(TEXT, TEXT)
def test_bodies_read_back_as_they_were(html: str, text: str) -> None:
    data = build(Rendered("Hi", html + "x", text))
    plain, marked_up = read(data).iter_parts()
    for part, source in ((plain, text), (marked_up, html + "x")):
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        expected = source.replace("\r\n", "\n").replace("\r", "\n")
        assert payload.decode().replace("\r\n", "\n") == expected
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")


@settings(deadline=None)  # compiling the first time takes its time
@given(TEXT)
def test_names_and_subjects_read_back_on_one_line(text: str) -> None:
    message = read(build(Rendered(text, "x", "x"), to_name=text, sender_name=text))
    assert message["Subject"] == one_line(text)
    (address,) = message["To"].addresses
    assert address.addr_spec == "ada@example.com"
    # the new parser puts a blank between encoded words, against RFC 2047 section 6.2
    raw = str(email.message_from_bytes(build(to_name=text))["To"])
    name, spec = parseaddr(raw)
    assert (str(make_header(decode_header(name))), spec) == (one_line(text), "ada@example.com")


@settings(deadline=None)  # compiling the first time takes its time
@given(TEXT, st.sampled_from(["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028"]))
def test_nothing_from_outside_starts_a_header(text: str, line_end: str) -> None:
    evil = f"{text}{line_end}Bcc: evil@example.com{line_end}{line_end}body"
    changes: dict[str, Any] = {
        "to_name": evil,
        "sender_name": evil,
        "feedback_id": evil,
        "headers": {"X-A": evil},
    }
    message = read(build(Rendered(evil, "x", "x"), **changes))
    assert message["Bcc"] is None
    assert sorted(message.keys()) == KEYS


@settings(deadline=None)  # compiling the first time takes its time
@given(st.text(max_size=30))
def test_odd_addresses_are_refused_or_harmless(text: str) -> None:
    for field in ("to_address", "sender_address", "reply_to"):
        for address in (text, f"{text}@example.com", f"a@{text}", f"a@{text}.example"):
            try:
                changes: dict[str, Any] = {field: address}
                data = build(**changes)
            except ContentError:
                continue
            assert len(data.split(b"\r\n\r\n", 1)[0].splitlines()) in (7, 8, 9, 10)


@pytest.mark.parametrize(
    "changes",
    [
        {"to_address": "a@b.example\r\nBcc: x@y.example"},
        {"to_address": "a b@c.example"},
        {"to_address": "a@b.example>, <x@y.example"},
        {"to_address": "gr\u202ee@example.com"},
        {"to_address": "a@i❤.example"},
        {"to_address": "a@b@c.example"},
        {"message_id": "<a@b>\r\nBcc: x"},
        {"list_unsubscribe_url": "https://a.example/\r\nBcc: x"},
        {"headers": {"X:\r\nBcc": "x"}},
        {"headers": {"Subject": "again"}},
    ],
)
def test_what_cannot_stand_in_a_mail_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ContentError):
        build(**changes)


def test_a_domain_in_another_script_is_written_in_ascii() -> None:
    assert b"<a@xn--mnchen-3ya.example>" in build(to_address="a@münchen.example")


def test_an_address_beyond_ascii_stands_as_utf_8_and_nothing_else_does() -> None:
    data = build(to_address="gré@straße.example", to_name="Gré")
    (line,) = [line for line in data.split(b"\r\n") if not line.isascii()]
    assert "<gré@xn--strae-oqa.example>" in line.decode()


@pytest.mark.parametrize("subject", ["x" * 900, "word " * 180, "漢" * 300, "=?utf-8?q?a?=", "a  b"])
def test_long_and_odd_subjects(subject: str) -> None:
    data = build(Rendered(subject, "x", "x"))
    assert read(data)["Subject"] == one_line(subject)
    assert max(map(len, data.split(b"\r\n"))) <= 90


@given(TEXT, st.integers(1, 77))
@settings(max_examples=200, deadline=None)
def test_no_header_that_can_be_folded_has_a_line_of_more_than_76(text: str, length: int) -> None:
    name = "X-" + "a" * (length - 2) if length > 2 else "X"
    data = build(
        Rendered(text, "", "Hi"), sender_name=text, to_name=text * 3, headers={name: text * 2}
    )
    head = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(map(len, head)) <= max(76, length + 2)  # a name is not folded
    assert not any(line.strip() == b"" for line in head)


@pytest.mark.parametrize(
    "subject", ["\u00e9" * 80, "a" * 200, "x" * 70 + " y", "word " * 40, "\U0001f3d5" * 40]
)
def test_a_long_subject_is_folded_to_76_and_read_back(subject: str) -> None:
    data = build(Rendered(subject, "", "Hi"))
    lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert read(data)["Subject"] == subject.strip()


def test_a_quoted_name_that_grows_by_its_quotes_is_encoded() -> None:
    data = build(sender_name='"' * 60)
    assert max(map(len, data.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 76
    assert parseaddr(str(make_header(decode_header(read(data)["From"]))))[1] == "hello@shop.example"

"""A mail is one mail, whatever stands in it: nothing ends it early and begins another."""

import pytest

from campaigns.services.single import send_message
from tests.campaigns.builders import deliver_all, make_person, make_sender, smtp_server

pytestmark = pytest.mark.django_db
ENDS = ("\r\n.\r\n", "\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r\n\x00.\r\n")
SECOND = "MAIL FROM:<evil@evil.example>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\nowned"


def test_no_end_of_data_in_a_text_begins_a_second_mail():
    make_sender()
    ada = make_person("ada")
    ends = [end for end in ENDS if "\x00" not in end]
    for number, end in enumerate(ends):
        send_message(
            profile=ada,
            channel="email",
            content={"subject": "Hello {{ name }}", "text": "Dear {{ words }}\n\nBye"},
            data={"words": f"a{end}{SECOND}", "name": f"x{end}Bcc: evil@evil.example"},
            idempotency_key=f"k-{number}",
        )
    with smtp_server() as server:
        deliver_all()
        assert len(server.mails) == len(ends)
        assert set(server.counts) == {"ada@example.com"}
        for number in range(len(ends)):
            mail = server.message(number)
            assert mail["Bcc"] is None
            assert "owned" in mail.get_payload(decode=True).decode()

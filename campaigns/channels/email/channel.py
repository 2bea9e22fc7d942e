"""E-mail as a channel: what delivery asks of it."""

import threading
from collections.abc import Sequence

from campaigns.channels.base import CHANNELS, Channel, Letter, Letterhead, Parcel, Returned
from campaigns.channels.email.content import MailContent
from campaigns.channels.email.reports import read_report
from campaigns.channels.email.service import write_service_mail
from campaigns.channels.email.session import SmtpSession, smtp_target
from campaigns.channels.email.smtp import Timeouts
from campaigns.channels.email.wire import WireMail
from campaigns.channels.email.writing import write_mails
from campaigns.content.kinds import CONTENTS
from campaigns.models import Sender
from config.workspace.mails.outgoing import ServiceMail

NAME = "email"
# somebody waits in front of a page, and a thread of the web server with them
HURRIED = Timeouts(connect=3.0, reply=2.0, accept=4.0)
_local = threading.local()


class Email(Channel):
    """One connection a thread, to wherever EMAIL_URL says."""

    example_address = "nobody@example.com"
    bounced_event = "Email Bounced"

    def compose(self, letters: Sequence[Letter], head: Letterhead) -> list[Parcel | Exception]:
        """Mails, written in a child process."""
        return [*write_mails(letters, head)]

    def session(self) -> SmtpSession:
        """Kept until the address of the server is another."""
        url = smtp_target()
        kept: SmtpSession | None = getattr(_local, "session", None)
        if kept is None or kept.url != url:
            self.close()
            kept = _local.session = SmtpSession(url)
        return kept

    def close(self) -> None:
        """Say goodbye."""
        kept: SmtpSession | None = getattr(_local, "session", None)
        if kept is not None:
            kept.close()
        _local.session = None

    def service_parcel(self, number: int, mail: ServiceMail, sender: Sender) -> WireMail:
        """Written here: its words are ours, and there is no template in them."""
        return write_service_mail(number, mail, sender)

    def read(self, body: bytes) -> list[Returned]:
        """A mail that came back, as it came."""
        return read_report(body)

    def hurried_session(self) -> SmtpSession:
        """With less patience."""
        return SmtpSession(smtp_target(), HURRIED)


CHANNELS.register(NAME)(Email())
CONTENTS.register(NAME)(MailContent())

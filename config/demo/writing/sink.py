"""Where the demo's own campaign is handed over to: a real SMTP server that fills the demo mailbox.

It knows a few of the made-up addresses no longer, so that the report has bounces.
"""

from __future__ import annotations

import re
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.utils import timezone

from campaigns.delivery.worker import close_sessions
from config.demo.generator.people import maya
from config.demo.writing import past_clock
from config.running import mailbox

GONE_SHARE = 0.012
_DATE = re.compile(rb"^Date: [^\r\n]*", re.MULTILINE)


def is_gone(address: str) -> bool:
    """Whether nobody has this address any longer; the same for the same address."""
    chance = zlib.crc32(f"gone:{address.lower()}".encode()) / 2**32
    return chance < GONE_SHARE and address.lower() != maya.EMAIL


class SinkKeeper:
    """Keeps each mail in the demo mailbox, as received by the demo's clock."""

    def __init__(self, place: Path, behind: timedelta) -> None:
        self.place, self.behind = place, behind

    async def handle_RCPT(  # noqa: N802, PLR0913 - aiosmtpd's name and shape
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Refuse the few who are gone."""
        if is_gone(address):
            return "550 5.1.1 The address is not known here any longer"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep it under the time that the demo's clock says."""
        date = format_datetime(timezone.now()).encode()  # by the clock that is set back
        content = _DATE.sub(b"Date: " + date, envelope.original_content or b"", count=1)
        name = mailbox.keep(self.place, envelope.mail_from or "", envelope.rcpt_tos, content)
        at, _, token = name.partition("-")
        earlier = int(at) - int(self.behind.total_seconds() * 10**9)
        (self.place / f"{name}.eml").rename(self.place / f"{earlier:020d}-{token}.eml")
        return "250 Kept in the demo mailbox"


@contextmanager
def open_sink() -> Iterator[None]:
    """Inside, mail of this process goes to the sink, whatever else runs."""
    place = mailbox.folder()
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)
    port = _free_port()
    controller = Controller(
        SinkKeeper(place, past_clock.behind()),
        hostname=mailbox.HOST,
        port=port,
        enable_SMTPUTF8=True,
    )
    controller.start()
    before = settings.EMAIL_URL
    try:
        settings.EMAIL_URL = f"smtp://{mailbox.HOST}:{port}"
        yield
    finally:
        settings.EMAIL_URL = before
        close_sessions()
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((mailbox.HOST, 0))
        port: int = probe.getsockname()[1]
        return port

"""Mail by SMTP: one connection kept open, several commands a round trip where the server allows it.

What an answer means says `answers`. A connection that breaks after the content was sent leaves the
outcome unknown. How long anything is waited for is `smtp.Connection`'s affair.
"""

import logging
import smtplib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

from campaigns.channels.base import (
    AGAIN,
    FAILED,
    SENT,
    TEMPORARY,
    UNKNOWN,
    NoTarget,
    NotReached,
    ParcelOutcome,
    ProcessStopping,
)
from campaigns.channels.email import smtp
from campaigns.channels.email.answers import CLOSES, MORE, OK, PERMANENT, refusal, word_of
from campaigns.channels.email.smtp import Connection, Late, Timeouts
from campaigns.channels.email.wire import WireMail, dotted
from campaigns.content.addresses import NEEDS_SMTPUTF8
from config import connections
from config.workspace.work import stopping

log = logging.getLogger(__name__)
IDLE_SECONDS = 10.0  # after so long a silence the server may have hung up
PER_CONNECTION = 1000  # mails; then a new one: servers cut long sessions
MANY = 5  # refused in a row for the server's sake
BREAKS = 2  # connections that broke, one after the other
MAILBOX_TARGET: Final = "config.running.mailbox.email_url"


def smtp_target() -> str:
    """The URL that mails go to: EMAIL_URL, else what `settings.MAILBOX_TARGET` names.

    Raises NoTarget.
    """
    url: str = settings.EMAIL_URL
    if not url:
        url = import_string(getattr(settings, "MAILBOX_TARGET", MAILBOX_TARGET))() or ""
    if not url:
        raise NoTarget("EMAIL_URL is not set and the demo mailbox does not run")
    return url


class SmtpSession:
    """A connection that is opened when first needed and after each break. Not shared by threads."""

    def __init__(self, url: str, patience: Timeouts | None = None) -> None:
        self.url = url
        self.server = connections.mail_server(url)
        self.patience = patience or smtp.patience()
        self._smtp: Connection | None = None
        self._count = 0
        self._used_at = 0.0
        self._in_a_row = 0  # refused or broken off for now, by the server and not for a recipient

    @property
    def name(self) -> str:
        """The server, without anybody's password: by this it is known when it fails."""
        return f"smtp://{self.server.host}:{self.server.port}"

    def close(self) -> None:
        """Say goodbye, if that still can be said."""
        connection, self._smtp = self._smtp, None
        if connection is not None:
            connection.leave()

    def open(self) -> None:
        """Be let in, before a mail depends on it. Raises NotReached with the server's word."""
        try:
            self._open()
        except ProcessStopping:
            self._drop()
            raise
        except Exception as error:  # of whatever kind: no mail has left
            self._drop()
            raise NotReached(word_of(error)) from error

    def send(self, mails: Sequence[WireMail]) -> Iterator[ParcelOutcome]:
        """Hand over one after the other; an outcome for each, in order. Raises nothing of SMTP.

        Once the server does not answer, lets nobody in or takes none of several, the others are
        not tried (`AGAIN`); nor are they when the time for one portion is over.
        """
        until = time.monotonic() + self.patience.portion
        rest: ParcelOutcome | None = None
        for mail in mails:
            if rest is None and time.monotonic() >= until:
                rest = ParcelOutcome(mail.key, AGAIN)
            if rest is not None:
                yield replace(rest, key=mail.key)
                continue
            outcome = self._send_one_if_let_in(mail)
            yield outcome
            if outcome.server_fails or outcome.kind == AGAIN:
                rest = replace(outcome, kind=AGAIN)

    def _send_one_if_let_in(self, mail: WireMail) -> ParcelOutcome:
        try:
            self.open()
        except NotReached as error:
            return ParcelOutcome(
                mail.key, TEMPORARY, str(error), server_fails=True, is_servers=True
            )
        except ProcessStopping:
            return ParcelOutcome(mail.key, AGAIN)
        assert self._smtp is not None  # noqa: S101 - open
        outcome = self._send_one(self._smtp, mail)
        self._in_a_row = self._in_a_row + 1 if outcome.is_servers else 0
        if self._in_a_row >= (BREAKS if outcome.is_break else MANY):
            return replace(outcome, server_fails=True)
        return outcome

    def _send_one(self, connection: Connection, mail: WireMail) -> ParcelOutcome:
        connection.content_left = False
        try:
            outcome = _transact(connection, mail, self.patience)
        except ProcessStopping:
            self._drop()
            return ParcelOutcome(mail.key, AGAIN)
        except Late as error:
            return self._broken(connection, mail, str(error), server_fails=not stopping.asked())
        except (OSError, smtplib.SMTPException) as error:
            return self._broken(connection, mail, word_of(error))
        except Exception as error:  # ours; it must not cost the others
            log.error("a mail cannot be handed over: %s", type(error).__name__)
            return self._broken(connection, mail, f"internal error ({type(error).__name__})")
        except BaseException:
            self._drop()  # whoever comes next must not read the answers to this mail
            raise
        self._count += 1
        return outcome

    def _broken(
        self, connection: Connection, mail: WireMail, word: str, *, server_fails: bool = False
    ) -> ParcelOutcome:
        self._drop()
        kind = UNKNOWN if connection.content_left else TEMPORARY
        return ParcelOutcome(mail.key, kind, word, server_fails, is_servers=True, is_break=True)

    def __del__(self) -> None:
        """A thread that ended leaves its connection behind."""
        self._drop()

    def _open(self) -> None:
        if self._smtp is not None and self._smtp.sock is None:
            self._smtp = None
        now = time.monotonic()
        idle, self._used_at = now - self._used_at, now
        if self._smtp is not None and (self._count >= PER_CONNECTION or not self._is_alive(idle)):
            self.close()
        if self._smtp is None:
            made = Connection()
            try:
                made.open(self.server, self.patience.connect)
            except BaseException:
                made.close()
                raise
            self._smtp, self._count = made, 0

    def _is_alive(self, idle_seconds: float) -> bool:
        """Servers hang up on the silent: after a pause ask before the next mail depends on it."""
        if idle_seconds < IDLE_SECONDS or self._smtp is None:
            return True
        try:
            self._smtp.within(self.patience.reply, "NOOP")
            return self._smtp.noop()[0] == OK
        except (Late, OSError, smtplib.SMTPException):
            self._drop()
            return False

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


def _transact(connection: Connection, mail: WireMail, patience: Timeouts) -> ParcelOutcome:
    if mail.needs_utf8 and not (
        connection.has_extn("smtputf8") and connection.has_extn("8bitmime")
    ):
        return ParcelOutcome(mail.key, FAILED, NEEDS_SMTPUTF8)
    connection.within(patience.reply, "MAIL FROM")
    replies = _envelope(connection, mail)
    refused = refusal(replies)
    if refused is not None:
        return _cleaned_up(connection, replies, ParcelOutcome(mail.key, *refused))
    connection.within(patience.accept, "the mail")

    def begin_end() -> None:
        connection.content_left = True
        connection.during("the answer to the mail")

    connection.send(dotted(mail.content), begin_end)
    code, text = _text_of(connection.getreply())
    connection.content_left = False  # it said which
    if code == OK:
        return ParcelOutcome(mail.key, SENT, text[:200])
    word = f"{code} {text}"[:500]
    if code == CLOSES:
        raise smtplib.SMTPServerDisconnected(word)
    if code >= PERMANENT:
        return ParcelOutcome(mail.key, FAILED, word)
    return ParcelOutcome(mail.key, TEMPORARY, word, is_servers=True)


def _envelope(connection: Connection, mail: WireMail) -> list[tuple[int, str]]:
    """The answers to sender, recipient and DATA, up to the first refusal."""
    extras = " BODY=8BITMIME SMTPUTF8" if mail.needs_utf8 else ""
    commands = (f"MAIL FROM:<{mail.sender}>{extras}", f"RCPT TO:<{mail.recipient}>", "DATA")
    if connection.has_extn("pipelining"):
        connection.send("".join(f"{one}\r\n" for one in commands).encode())
        return [_reply(connection, one) for one in commands]
    replies: list[tuple[int, str]] = []
    for command in commands:
        connection.send(f"{command}\r\n".encode())
        replies.append(_reply(connection, command))
        if replies[-1][0] >= 400:  # noqa: PLR2004 - refused
            break
    return replies


def _reply(connection: Connection, command: str = "") -> tuple[int, str]:
    if command:
        connection.during(command.partition(":")[0])
    code, text = _text_of(connection.getreply())
    if code == CLOSES:
        raise smtplib.SMTPServerDisconnected(f"{code} {text}")
    return code, text


def _text_of(reply: tuple[int, bytes]) -> tuple[int, str]:
    return reply[0], reply[1].decode("utf-8", "replace")


def _cleaned_up(
    connection: Connection, replies: Sequence[tuple[int, str]], outcome: ParcelOutcome
) -> ParcelOutcome:
    """After a refusal, which stands whatever becomes of the connection."""
    try:
        if len(replies) == 3 and replies[2][0] == MORE:  # noqa: PLR2004 - RFC 2920 section 3.1
            connection.send(".\r\n")  # no recipient: the server has nobody to give it to
            _reply(connection, "DATA")
        connection.send("RSET\r\n")
        _reply(connection, "RSET")
    except (Late, ProcessStopping, OSError, smtplib.SMTPException) as error:
        connection.close()
        return replace(outcome, server_fails=isinstance(error, Late))
    return outcome

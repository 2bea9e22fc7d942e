"""Mail by SMTP: one connection kept open, several commands a round trip where the server allows it.

What an answer means (RFC 5321 section 4.2, RFC 3463): a recipient refused with 5xx is a hard
bounce, unless the refusal is about us (5.7.x, policy) or about now (5.2.2, mailbox full). 4xx is
temporary. A connection that breaks after the content was sent leaves the outcome unknown.
"""

import logging
import re
import smtplib
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string

from campaigns.content.addresses import NEEDS_SMTPUTF8
from config import connections

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 30
IDLE_SECONDS = 10.0  # after so long a silence the server may have hung up
PER_CONNECTION = 1000  # mails; then a new one: servers cut long sessions
SENT, BOUNCED, TEMPORARY, FAILED, UNKNOWN = "sent", "bounced", "temporary", "failed", "unknown"
_OK, _MORE, _PERMANENT = 250, 354, 500
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
MAILBOX_TARGET: Final = "config.mailbox.email_url"


class NoTarget(RuntimeError):
    """Nowhere to hand mails over to: EMAIL_URL is unset and no demo mailbox runs."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, ready: `key` is the caller's own; the addresses as SMTP carries them."""

    key: int
    sender: str
    recipient: str
    content: bytes
    links: Sequence[tuple[int, int, str]] = ()  # kept for its clicks (`Rendered.links`)

    @property
    def needs_utf8(self) -> bool:
        """An address beyond ASCII: only for servers that offer SMTPUTF8 (RFC 6531)."""
        return not (self.sender.isascii() and self.recipient.isascii())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail; `word` is the provider's. `at_door`: no mail at all was let in."""

    key: int
    kind: str
    word: str = ""
    at_door: bool = False


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

    def __init__(self, url: str) -> None:
        self.url = url
        self._smtp: smtplib.SMTP | None = None
        self._count = 0
        self._used_at = 0.0

    def close(self) -> None:
        """Say goodbye, if that still can be said."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except (OSError, smtplib.SMTPException):
                smtp.close()

    def send(self, mails: Sequence[Mail]) -> Iterator[Outcome]:
        """Hand over one after the other; an outcome for each, in order. Raises nothing of SMTP."""
        down = ""
        for mail in mails:
            if down:  # nothing was handed over, so all of it can be tried again later
                yield Outcome(mail.key, TEMPORARY, down, at_door=True)
                continue
            try:
                smtp = self._open()
            except Exception as error:  # of whatever kind: no mail has left
                self._drop()
                down = word_of(error)
                yield Outcome(mail.key, TEMPORARY, down, at_door=True)
                continue
            yield self._send_one(smtp, mail)

    def _send_one(self, smtp: smtplib.SMTP, mail: Mail) -> Outcome:
        handed = _Handed()
        try:
            outcome = _transact(smtp, mail, handed)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            kind = UNKNOWN if handed.content else TEMPORARY
            return Outcome(mail.key, kind, word_of(error))
        except Exception as error:  # ours; it must not cost the others
            log.error("a mail cannot be handed over: %s", type(error).__name__)
            self._drop()
            kind = UNKNOWN if handed.content else TEMPORARY
            return Outcome(mail.key, kind, f"internal error ({type(error).__name__})")
        except BaseException:
            self._drop()  # whoever comes next must not read the answers to this mail
            raise
        self._count += 1
        return outcome

    def __del__(self) -> None:
        """A thread that ended leaves its connection behind."""
        self._drop()

    def _open(self) -> smtplib.SMTP:
        now = time.monotonic()
        idle, self._used_at = now - self._used_at, now
        if self._smtp is not None and (self._count >= PER_CONNECTION or not self._is_alive(idle)):
            self.close()
        if self._smtp is None:
            self._smtp, self._count = connect(self.url), 0
        return self._smtp

    def _is_alive(self, idle_seconds: float) -> bool:
        """Servers hang up on the silent: after a pause ask before the next mail depends on it."""
        if idle_seconds < IDLE_SECONDS or self._smtp is None:
            return True
        try:
            return self._smtp.noop()[0] == _OK
        except (OSError, smtplib.SMTPException):
            return False

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


class _Handed:
    """Whether the content has left: from then on a break means that nobody knows."""

    content = False


def connect(url: str) -> smtplib.SMTP:
    """A greeted, encrypted and authenticated connection as the URL asks (config.connections).

    Raises what smtplib raises; a server that offers no STARTTLS where it is asked for gets nothing.
    """
    server = connections.mail_server(url)
    context = ssl.create_default_context()
    if not server.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    place: dict[str, Any] = {"host": server.host, "port": server.port, "timeout": TIMEOUT_SECONDS}
    tls = server.encryption == connections.TLS
    smtp = smtplib.SMTP_SSL(**place, context=context) if tls else smtplib.SMTP(**place)
    try:
        smtp.ehlo_or_helo_if_needed()
        if server.encryption == connections.STARTTLS:
            smtp.starttls(context=context)
            smtp.ehlo()
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _transact(smtp: smtplib.SMTP, mail: Mail, handed: _Handed) -> Outcome:
    if mail.needs_utf8 and not (smtp.has_extn("smtputf8") and smtp.has_extn("8bitmime")):
        return Outcome(mail.key, FAILED, NEEDS_SMTPUTF8)
    extras = " BODY=8BITMIME SMTPUTF8" if mail.needs_utf8 else ""
    mail_from, rcpt = f"MAIL FROM:<{mail.sender}>{extras}", f"RCPT TO:<{mail.recipient}>"
    if smtp.has_extn("pipelining"):
        smtp.send(f"{mail_from}\r\n{rcpt}\r\nDATA\r\n".encode())
        replies = [_reply(smtp), _reply(smtp), _reply(smtp)]
    else:
        replies = []
        for command in (mail_from, rcpt, "DATA"):
            smtp.send(f"{command}\r\n".encode())
            replies.append(_reply(smtp))
            if replies[-1][0] >= 400:  # noqa: PLR2004 - refused
                break
    refused = _refusal(replies)
    if refused is not None:
        if len(replies) == 3 and replies[2][0] == _MORE:  # noqa: PLR2004 - RFC 2920 section 3.1
            smtp.send(".\r\n")  # no recipient: the server has nobody to give it to
            _reply(smtp)
        _reset(smtp)
        return Outcome(mail.key, refused[0], refused[1])
    handed.content = True
    smtp.send(_dotted(mail.content))
    code, text = _reply(smtp)
    if code == _OK:
        return Outcome(mail.key, SENT, text[:200])
    handed.content = False
    kind = FAILED if code >= _PERMANENT else TEMPORARY
    return Outcome(mail.key, kind, f"{code} {text}"[:500])


def _reply(smtp: smtplib.SMTP) -> tuple[int, str]:
    code, text = smtp.getreply()
    if code == 421:  # noqa: PLR2004 - the server closes
        raise smtplib.SMTPServerDisconnected(f"421 {text.decode('utf-8', 'replace')}")
    return code, text.decode("utf-8", "replace")


def _refusal(replies: Sequence[tuple[int, str]]) -> tuple[str, str] | None:
    """What the first refused command means, or None."""
    for place, (code, text) in enumerate(replies):
        good = code == _MORE if place == 2 else code in (250, 251, 252)  # noqa: PLR2004
        if not good:
            return kind_of(code, text, recipient=place == 1), f"{code} {text}"[:500]
    return None


def kind_of(code: int, text: str, *, recipient: bool) -> str:
    """A refusal in our words."""
    if code < _PERMANENT:
        return TEMPORARY
    status = _ENHANCED.search(text)
    if status and (status[2], status[3]) == ("2", "2"):
        return TEMPORARY
    if not recipient or (status and status[2] == "7"):
        return FAILED
    return BOUNCED


def _reset(smtp: smtplib.SMTP) -> None:
    smtp.send("RSET\r\n")
    _reply(smtp)


def with_crlf(content: bytes) -> bytes:
    """Every line ended by CR LF: servers read a bare one differently (smuggling)."""
    ends = content.count(b"\r\n")
    if content.count(b"\n") == ends and content.count(b"\r") == ends:
        return content
    return _BARE.sub(b"\r\n", content)


def _dotted(content: bytes) -> bytes:
    """Lines that begin with a dot get a second one; the end is a dot alone (RFC 5321 4.5.2)."""
    if content.startswith(b"."):
        content = b"." + content
    if b"\r\n." in content:
        content = content.replace(b"\r\n.", b"\r\n..")
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")


def word_of(error: Exception) -> str:
    """The provider's word, without anything of ours."""
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return f"{error.smtp_code} {text}"[:500]
    return f"{type(error).__name__}: {error}"[:500]

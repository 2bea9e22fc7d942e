"""An SMTP connection that waits no longer than it may, whatever the other side does.

A limit of the socket is one for each read: a server that says a byte a minute never reaches it. So
each step has a deadline as a whole, looked at between short waits: finding the name, connecting,
TLS, greeting and log-in together; each answer; a mail's content with its answer.
"""

import io
import os
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings

from campaigns.channels.base import ProcessStopping
from config import connections
from config.workspace.work import stopping

POLL_SECONDS = 0.25
GRACE_SECONDS = 5.0  # for the answer to a mail that has left, when we are to end
GOODBYE_SECONDS = 2.0
SLICE = 65_536
LONGEST_REPLY = 65_536  # bytes
_OWN_NAME_SECONDS = 2.0


class Late(Exception):
    """No answer in time; to what, and after how long."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to be let in, for an answer, for a mail to be taken, to begin a portion's mails."""

    connect: float
    reply: float
    accept: float
    portion: float = 30.0


def patience() -> Timeouts:
    """As the settings say. All of it together stays below a worker's lease."""
    return Timeouts(
        settings.EMAIL_CONNECT_SECONDS, settings.EMAIL_REPLY_SECONDS, settings.EMAIL_ACCEPT_SECONDS
    )


class Connection(smtplib.SMTP):
    """As smtplib's, with a deadline for each step (`within`) that no trickle of bytes moves."""

    def __init__(self) -> None:
        super().__init__(local_hostname=_own_name())  # connects to nobody yet
        self._until, self._seconds, self._doing = 0.0, 0.0, ""
        self._read = 0
        self.content_left = False  # from then on a break means that nobody knows
        self._is_leaving = False

    def within(self, seconds: float, doing: str) -> None:
        """All that follows takes so long at most."""
        self._until, self._seconds = time.monotonic() + seconds, seconds
        self.during(doing)

    def during(self, doing: str) -> None:
        """What is waited for now, for the word."""
        self._doing, self._read = doing, 0

    def check(self) -> None:
        """Raises Late when the time is over, ProcessStopping when this process is to end."""
        if stopping.asked() and not self._is_leaving:
            if not self.content_left:
                raise ProcessStopping
            self._is_leaving = True
            self._until = min(self._until, time.monotonic() + GRACE_SECONDS)
        if time.monotonic() >= self._until:
            raise Late(f"no answer within {self._seconds:g} s ({self._doing})")

    # --- as smtplib calls them --------------------------------------------------------------------
    def send(self, s: Any, before_last: Callable[[], None] | None = None) -> None:
        """All; `before_last` is called before its end leaves. Raises Late, ProcessStopping."""
        rest = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        while rest:
            self.check()
            if before_last is not None and len(rest) <= SLICE:
                before_last()
                before_last = None
            if self.sock is None:
                raise smtplib.SMTPServerDisconnected("not connected")
            try:
                rest = rest[self.sock.send(rest[:SLICE]) :]
            except TimeoutError:
                continue
            except OSError as error:
                self.close()
                raise smtplib.SMTPServerDisconnected(f"connection lost: {error}") from error

    def getreply(self) -> tuple[int, bytes]:
        """One answer. Raises Late, ProcessStopping and what smtplib raises."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Patient(self))
        return super().getreply()

    def receive(self, buffer: Any) -> int:
        """What has come, as `recv_into`; waits in short pieces."""
        while True:
            self.check()
            if self.sock is None:
                return 0
            with suppress(TimeoutError):
                count = self.sock.recv_into(buffer)
                self._read += count
                if self._read > LONGEST_REPLY:
                    raise OSError("an answer without an end")
                return count

    # --- opening and closing ----------------------------------------------------------------------
    def open(self, server: connections.MailServer, seconds: float) -> None:
        """Connected, greeted, encrypted and logged in, as the server's address asks."""
        self.within(seconds, "connection")
        self._host = server.host  # whose certificate it has to be
        self.sock = self._connected(server.host, server.port)
        context = _context(server)
        if server.encryption == connections.TLS:
            self._encrypt(context)
        self.during("greeting")
        code, text = self.getreply()
        if code != 220:  # noqa: PLR2004
            raise smtplib.SMTPConnectError(code, text)
        self.during("EHLO")
        self.ehlo_or_helo_if_needed()
        if server.encryption == connections.STARTTLS:
            self._start_tls(context)
        if server.user:
            self.during("log-in")
            self.login(server.user, server.password)

    def _connected(self, host: str, port: int) -> socket.socket:
        found = _addresses(host, port, self._until - time.monotonic())
        error: OSError | None = None
        for place, (family, kind, protocol, _name, address) in enumerate(found):
            self.check()
            made = socket.socket(family, kind, protocol)
            made.settimeout(max((self._until - time.monotonic()) / (len(found) - place), 0.01))
            try:
                made.connect(address)
            except OSError as failed:
                made.close()
                error = failed
                continue
            made.settimeout(min(POLL_SECONDS, self._seconds))
            return made
        if isinstance(error, TimeoutError):
            raise Late(f"no answer within {self._seconds:g} s (connection)")
        raise error or OSError("the host name has no address")

    def _start_tls(self, context: ssl.SSLContext) -> None:
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("the server offers no STARTTLS")
        self.during("STARTTLS")
        code, text = self.docmd("STARTTLS")
        if code != 220:  # noqa: PLR2004
            raise smtplib.SMTPResponseException(code, text)
        self._encrypt(context)
        # what was said in the clear counts for nothing (RFC 3207 section 4.2)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features, self.does_esmtp = {}, False
        self.during("EHLO")
        self.ehlo()

    def _encrypt(self, context: ssl.SSLContext) -> None:
        self.during("TLS")
        assert self.sock is not None  # noqa: S101 - connected just now
        wrapped = context.wrap_socket(
            self.sock,
            server_hostname=self._host,
            do_handshake_on_connect=False,
        )
        self.sock, self.file = wrapped, None
        while True:
            self.check()
            with suppress(TimeoutError):
                wrapped.do_handshake()
                return

    def leave(self) -> None:
        """Say goodbye, if that still can be said soon."""
        self._is_leaving = True
        self.within(GOODBYE_SECONDS, "QUIT")
        try:
            self.quit()
        except (Late, OSError):
            pass
        finally:
            self.close()


class _Patient(io.RawIOBase):
    """What smtplib reads its lines from."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Up to a buffer full."""
        return self.connection.receive(buffer)


def _context(server: connections.MailServer) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not server.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


# --- names: a look-up cannot be broken off, so that it is left to a thread -----------------------
_lookups: dict[Any, "Future[Any]"] = {}
_lock = threading.Lock()


def _forget() -> None:
    global _lock  # noqa: PLW0603 - a forked process has none of the threads
    _lock = threading.Lock()
    _lookups.clear()


os.register_at_fork(after_in_child=_forget)


def _addresses(host: str, port: int, seconds: float) -> list[Any]:
    """Of a host name. Raises Late, OSError. One look-up of a name at a time, however many ask."""
    ask = partial(socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM)
    look_up = _looking_up((host, port), ask)
    try:
        return list(look_up.result(seconds))
    except TimeoutError:
        raise Late(f"no answer within {seconds:.0f} s (the host name)") from None


def _own_name() -> str:
    """What we call ourselves; smtplib would wait for it without an end."""
    try:
        name = str(_looking_up("own name", socket.getfqdn, keep=True).result(_OWN_NAME_SECONDS))
    except OSError:
        name = ""
    return name if "." in name else "[127.0.0.1]"


def _looking_up(key: Any, ask: Callable[[], Any], *, keep: bool = False) -> "Future[Any]":
    with _lock:
        found = _lookups.get(key)
        if found is not None and (keep or not found.done()):
            return found
        made: Future[Any] = Future()
        _lookups[key] = made

    def run() -> None:
        try:
            made.set_result(ask())
        except Exception as error:
            made.set_exception(error)

    threading.Thread(target=run, name="names", daemon=True).start()
    return made

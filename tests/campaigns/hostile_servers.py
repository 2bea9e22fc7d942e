"""A mail server that behaves badly at a chosen moment: real sockets on 127.0.0.1."""

import socket
import struct
import threading
from collections import Counter
from contextlib import contextmanager, suppress

from django.test import override_settings

from campaigns.delivery.letters import forget_letterheads
from campaigns.delivery.worker import close_sessions

HANG, DRIP, RESET, CLOSING, BUSY = "hang", "drip", "reset", "421", "451"
DRIP_SECONDS = 0.05  # between two bytes of an answer that has no end
NEVER = 300.0


class Gone(Exception):
    """The connection is over."""


class HostileServer:
    """Misbehaves (`how`) at a moment (`at`): accept, greeting, ehlo, mail, rcpt, data, dot, quit.

    From the `after`-th time on that this moment comes. `whole` counts, by recipient, the mails that
    arrived with their end; `accepted` those it said 250 to.
    """

    def __init__(self, at="", how=HANG, after=1, pipelining=True):
        self.at, self.how, self.after, self.pipelining = at, how, after, pipelining
        self.moments, self.whole, self.accepted = Counter(), Counter(), Counter()
        self.only = ""  # the recipient that it misbehaves for
        self.refused = ""  # its answer to a recipient
        self.offers_tls = self.is_silent = False
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def connections(self):
        return self.moments["accept"]

    def mend(self):
        """From now on it behaves."""
        self.at = ""

    def stop(self):
        self.stopped.set()
        self.listening.close()
        with self.lock:
            for connection in self.open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while not self.stopped.is_set():
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        try:
            self._talk(connection, connection.makefile("rb"))
        except (Gone, OSError):
            pass
        finally:
            with self.lock:
                self.open.discard(connection)
            connection.close()

    def _moment(self, connection, name, recipient=""):
        """Whether it goes on as it should."""
        with self.lock:
            self.moments[name] += 1
            is_now = self.at == name and self.moments[name] >= self.after
            is_now = is_now and self.only in ("", recipient)
        if not is_now:
            return True
        if self.how in (CLOSING, BUSY):
            connection.sendall(f"{self.how} 4.3.2 not now\r\n".encode())
            if self.how == BUSY:
                return False
            raise Gone
        if self.how == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Gone
        if self.how == DRIP:
            while not self.stopped.wait(DRIP_SECONDS):
                connection.sendall(b"2")
        self.stopped.wait(NEVER)
        raise Gone

    def _offers(self):
        return [
            f"250-{name}"
            for name, is_so in (("PIPELINING", self.pipelining), ("STARTTLS", self.offers_tls))
            if is_so
        ]

    def _takes(self, connection, lines, recipient):
        while lines.readline() not in (b".\r\n", b""):
            pass
        with self.lock:
            self.whole[recipient] += 1
        is_taken = self._moment(connection, "dot")
        if is_taken:
            with self.lock:
                self.accepted[recipient] += 1
        return is_taken

    def _talk(self, connection, lines):  # noqa: PLR0912 - one branch a command
        def say(*words):
            connection.sendall("".join(f"{one}\r\n" for one in words).encode())

        self._moment(connection, "accept")
        if self.is_silent:
            self.stopped.wait(NEVER)
        if self._moment(connection, "greeting"):
            say("220 hostile.example ESMTP")
        recipient = ""
        while line := lines.readline():
            verb = line[:4].decode("latin-1").strip().lower()
            if verb == "rcpt":
                recipient = line.decode().partition("<")[2].partition(">")[0]
            verb = "starttls" if verb == "star" else verb
            if not self._moment(connection, verb, recipient):
                continue
            if self.refused and verb in ("rcpt", "data"):
                say(self.refused if verb == "rcpt" else "503 5.5.1 no recipient")
            elif verb == "ehlo":
                say("250-hostile.example", *self._offers(), "250 8BITMIME")
            elif verb == "starttls":
                self.stopped.wait(NEVER)
            elif verb == "data":
                say("354 go on")
                if self._takes(connection, lines, recipient):
                    say("250 2.0.0 kept")
            elif verb == "quit":
                say("221 bye")
                return
            else:
                say("250 2.1.0 fine")


@contextmanager
def hostile(at="", how=HANG, **options):
    """One that EMAIL_URL points to."""
    server = HostileServer(at, how, **options)
    forget_letterheads()
    try:
        with override_settings(EMAIL_URL=server.url):
            yield server
    finally:
        server.stop()
        close_sessions()
        forget_letterheads()

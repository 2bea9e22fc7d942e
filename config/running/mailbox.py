"""The demo mailbox: an SMTP server that keeps whatever it is given and delivers nothing.

One file a mail, `<time of receipt in ns>-<random>.eml`: two header lines with the envelope, then
the mail as it came. The newest KEEP stay. Run as `python -m config.running.mailbox FOLDER PORT`.
"""

import asyncio
import email
import email.policy
import logging.config
import os
import re
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings

from config.domains import ascii_domain

KEEP = 20_000
PRUNE_EVERY = 500
LARGEST_BYTES = 30 * 1024 * 1024
HOST = "127.0.0.1"
FROM_HEADER, TO_HEADER = b"X-Envelope-From: ", b"X-Envelope-To: "
NAME = re.compile(r"^\d{20}-[0-9a-f]{16}$")


@dataclass(frozen=True)
class KeptMail:
    """One kept mail. What is read from its content is parsed on first use."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def received_at(self) -> datetime:
        """When it came in."""
        return datetime.fromtimestamp(int(self.id.split("-")[0]) / 1e9, UTC)

    @cached_property
    def message(self) -> EmailMessage:
        """The mail, parsed leniently."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def subject(self) -> str:
        """The subject line, decoded; "" without one."""
        return str(self.message["Subject"] or "")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All header lines, decoded, in order."""
        return [(name, str(value)) for name, value in self.message.items()]

    @property
    def html(self) -> str:
        """The HTML part as it came (hostile: show it in a sandboxed frame only); "" without one."""
        return self._body("html")

    @property
    def text(self) -> str:
        """The plain text part; "" without one."""
        return self._body("plain")

    def _body(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        if part is None:
            return ""
        try:
            return str(part.get_content()).replace("\r\n", "\n")
        except (LookupError, ValueError):  # an unknown charset
            payload = part.get_payload(decode=True)
            return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


# --- reading ------------------------------------------------------------------------------------


def folder(var: Path | None = None) -> Path:
    """Where the mails are kept."""
    return (var or Path(settings.VAR_DIR)) / "mailbox"


def email_url() -> str | None:
    """`smtp://127.0.0.1:PORT` of the running mailbox; None when none has been started yet."""
    try:
        return f"smtp://{HOST}:{int(_port_file(folder()).read_text())}"
    except (FileNotFoundError, ValueError):
        return None


def list_messages(
    limit: int = 50, before: str | None = None, to: str | None = None
) -> list[KeptMail]:
    """The newest mails first, older than the id `before`, to the address `to` if given."""
    found: list[KeptMail] = []
    for name in _names(folder()):
        if before is not None and name >= before:
            continue
        if to is not None and not _is_to(folder() / f"{name}.eml", to):
            continue
        if mail := read_message(name):
            found.append(mail)
        if len(found) == limit:
            break
    return found


def read_message(id: str) -> KeptMail | None:
    """One mail by its id; None where there is none (any longer)."""
    if not NAME.match(id):
        return None
    try:
        raw = (folder() / f"{id}.eml").read_bytes()
    except FileNotFoundError:
        return None
    sender, recipients, mail = raw.split(b"\n", 2)
    return KeptMail(id, sender[len(FROM_HEADER) :].decode(), _addresses(recipients), mail)


def count() -> int:
    """How many mails are kept."""
    return sum(1 for _ in _names(folder()))


def forget(address: str) -> int:
    """Delete every mail to this address: the erasure of a person reaches files too."""
    paths = [folder() / f"{name}.eml" for name in _names(folder())]
    doomed = [path for path in paths if _is_to(path, address)]
    for path in doomed:
        path.unlink(missing_ok=True)
    return len(doomed)


def _names(place: Path) -> Iterator[str]:
    try:
        names = [entry.name for entry in os.scandir(place)]
    except FileNotFoundError:
        return iter(())
    stems = (name.removesuffix(".eml") for name in sorted(names, reverse=True))
    return (stem for stem in stems if NAME.match(stem))


def _is_to(path: Path, address: str) -> bool:
    try:
        with path.open("rb") as file:
            file.readline()
            recipients = _addresses(file.readline())
    except FileNotFoundError:
        return False
    return _spelling(address) in map(_spelling, recipients)


def _spelling(address: str) -> str:
    """One form of an address: in the envelope its domain stands in ASCII, with us it does not."""
    local, at, domain = address.lower().rpartition("@")
    try:
        return f"{local}{at}{ascii_domain(domain)}"
    except ValueError:
        return address.lower()


def _addresses(line: bytes) -> tuple[str, ...]:
    listed = line.strip()[len(TO_HEADER) :].decode()
    return tuple(listed.split(", ")) if listed else ()


def _port_file(place: Path) -> Path:
    return place.parent / "mailbox.port"


# --- receiving ----------------------------------------------------------------------------------


class MailboxKeeper:
    """What aiosmtpd calls for each mail."""

    def __init__(self, place: Path) -> None:
        self.place, self.kept = place, 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep it. Answered only when it is in place under its name."""
        content = envelope.original_content or b""
        keep(self.place, envelope.mail_from or "", envelope.rcpt_tos, content)
        self.kept += 1
        if self.kept % PRUNE_EVERY == 0:
            await asyncio.to_thread(prune, self.place)
        return "250 Kept in the demo mailbox"


def keep(place: Path, sender: str, recipients: list[str], content: bytes) -> str:
    """Write one mail; its id."""
    name = f"{time.time_ns():020d}-{secrets.token_hex(8)}"
    temporary = place / f".{name}"
    with open(temporary, "wb", opener=_private) as file:
        file.write(FROM_HEADER + sender.encode() + b"\n")
        file.write(TO_HEADER + ", ".join(recipients).encode() + b"\n")
        file.write(content)
    temporary.rename(place / f"{name}.eml")
    return name


def prune(place: Path) -> None:
    """Delete all but the newest KEEP."""
    for name in list(_names(place))[KEEP:]:
        (place / f"{name}.eml").unlink(missing_ok=True)


def serve(place: Path, port: int) -> None:
    """Take mail on 127.0.0.1 until TERM or INT. Port 0: any free one; `mailbox.port` says which."""
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)
    prune(place)
    asyncio.run(_serve(place, port))


async def _serve(place: Path, port: int) -> None:
    keeper = MailboxKeeper(place)

    def protocol() -> SMTP:
        return SMTP(
            keeper, data_size_limit=LARGEST_BYTES, enable_SMTPUTF8=True, hostname="mailbox.invalid"
        )

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(protocol, HOST, port or _last_port(place))
    note = _port_file(place)
    temporary = note.with_suffix(f".{os.getpid()}")
    temporary.write_text(str(listening.sockets[0].getsockname()[1]))
    temporary.rename(note)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    listening.close()


def _last_port(place: Path) -> int:
    """The port of last time if it is free: a restarted mailbox stays where senders know it."""
    try:
        port = int(_port_file(place).read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
    except (FileNotFoundError, ValueError, OSError):
        return 0
    return port


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


if __name__ == "__main__":
    logging.config.dictConfig(settings.LOGGING)  # aiosmtpd's words name senders and recipients
    serve(Path(sys.argv[1]), int(sys.argv[2]))

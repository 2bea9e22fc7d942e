"""A mail as it goes over the wire."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.channels.base import OwnLink

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class WireMail:
    """One mail, ready: `key` is the caller's own; the addresses as SMTP carries them."""

    key: int
    sender: str
    recipient: str
    content: bytes
    links: Sequence[OwnLink] = ()  # kept for its clicks (`Rendered.links`)
    reference: str = ""  # its Message-ID

    @property
    def needs_utf8(self) -> bool:
        """An address beyond ASCII: only for servers that offer SMTPUTF8 (RFC 6531)."""
        return not (self.sender.isascii() and self.recipient.isascii())


def with_crlf(content: bytes) -> bytes:
    """Every line ended by CR LF: servers read a bare one differently (smuggling)."""
    ends = content.count(b"\r\n")
    if content.count(b"\n") == ends and content.count(b"\r") == ends:
        return content
    return _BARE.sub(b"\r\n", content)


def dotted(content: bytes) -> bytes:
    """Lines that begin with a dot get a second one; the end is a dot alone (RFC 5321 4.5.2)."""
    if content.startswith(b"."):
        content = b"." + content
    if b"\r\n." in content:
        content = content.replace(b"\r\n.", b"\r\n..")
    return content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")

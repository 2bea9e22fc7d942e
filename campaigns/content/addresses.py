"""Mail addresses as they go out: the domain by IDNA 2008, the part before the @ as it is."""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from campaigns.content.errors import ContentError
from config.domains import ascii_domain

UNUSABLE_ADDRESS, UNUSABLE_DOMAIN, NEEDS_SMTPUTF8 = (
    "unusable_address",
    "unusable_domain",
    "needs_smtputf8",
)
_LOCAL = re.compile(r'[^\s<>@,;:"()\[\]\\]+')


class UnusableAddress(ContentError):
    """An address that no mail can carry. Its text is a code: what is kept names nobody."""


@lru_cache(maxsize=4096)
def wire_address(address: str) -> str:
    """As SMTP carries it; beyond ASCII only before the @ (RFC 6531). Raises UnusableAddress."""
    local, _, domain = address.rpartition("@")
    if not _LOCAL.fullmatch(local) or not local.isprintable():
        raise UnusableAddress(UNUSABLE_ADDRESS)
    return f"{unicodedata.normalize('NFC', local)}@{wire_domain(domain)}"


def wire_domain(domain: str) -> str:
    """The ASCII form of a domain. Raises UnusableAddress where IDNA 2008 knows none."""
    try:
        return ascii_domain(domain)
    except ValueError as error:
        raise UnusableAddress(UNUSABLE_DOMAIN) from error


def wire_url(url: str) -> str:
    """A web address with its host in ASCII; as it is where the host cannot be written so."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host.isascii():
            return url
        before, at, _host = parts.netloc.rpartition("@")
        port = f":{parts.port}" if parts.port else ""
        return urlunsplit(parts._replace(netloc=f"{before}{at}{ascii_domain(host)}{port}"))
    except ValueError:  # no address that the standard knows, or no domain either
        return url

"""Which addresses on the net we call because somebody said so: https, and nobody inside.

A name is looked up once and the very address that was judged is connected to, since the next answer
may be another (DNS rebinding). Source: OWASP, Server-Side Request Forgery Prevention.
"""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop

LONGEST: Final = 2000  # characters of an address
PORTS: Final = {"https": 443, "http": 80}
# a network address translator's way to IPv4, and 6to4: what is inside them is judged
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


NO_ADDRESS: Final = gettext_noop("It is no address, or too long.")
NO_HOST: Final = gettext_noop("It has to begin with https:// and the name of a host.")
NOT_HTTPS: Final = gettext_noop("It has to begin with https://.")
WITH_PASSWORD: Final = gettext_noop("It must hold no user and no password.")
INSIDE: Final = gettext_noop("It leads to an address that is not on the public net.")
REFUSALS: Final = (NO_ADDRESS, NO_HOST, NOT_HTTPS, WITH_PASSWORD, INSIDE)


class Refused(ValueError):
    """Why this address is not called, in words without any of it."""


@dataclass(frozen=True)
class CallTarget:
    """Where to connect, and what to ask for there."""

    scheme: str
    host: str
    port: int
    path: str


def place_of(url: str) -> CallTarget:
    """The parts of an address that may be called, as far as its text says. Raises Refused."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise Refused(NO_ADDRESS)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(NO_ADDRESS) from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Refused(NO_HOST)
    if parts.scheme != "https" and not settings.CALL_INTERNAL_ADDRESSES:
        raise Refused(NOT_HTTPS)
    if parts.username is not None or parts.password is not None:
        raise Refused(WITH_PASSWORD)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    place = CallTarget(parts.scheme, parts.hostname, port or PORTS[parts.scheme], path)
    _refuse_inside_literal(place.host)
    return place


def _refuse_inside_literal(host: str) -> None:
    """An address in numbers is judged at once, a name when it is looked up."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
            _refuse_inside()
        return
    if not is_outside(address):
        _refuse_inside()


def _refuse_inside() -> None:
    if not settings.CALL_INTERNAL_ADDRESSES:
        raise Refused(INSIDE)


def is_outside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether it is one of the public net: neither ours nor a neighbour's, nor for many at once."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_outside(inner)
    return address.is_global and not address.is_multicast


def addresses_of(place: CallTarget) -> list[str]:
    """What the host's name leads to, to be connected to as it is. Raises Refused, OSError.

    One that leads inside spoils all: who owns a name does not mix them.
    """
    found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not all(is_outside(ipaddress.ip_address(one.partition("%")[0])) for one in addresses):
        _refuse_inside()
    return addresses


def server_of(url: str) -> str:
    """The server of an address, without what may be secret in it. Raises Refused."""
    place = place_of(url)
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"{place.scheme}://{host}:{place.port}"

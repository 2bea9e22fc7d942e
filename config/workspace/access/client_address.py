"""Who asks, as an address: the other end of the connection, or what a proxy of ours says it is.

`X-Forwarded-For` is a header like any other, and anybody may send it: it counts only where the
connection comes from a proxy in TRUSTED_PROXIES, and of it only the last address that is none. So
does `X-Forwarded-Proto`.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config.connections import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
UNKNOWN = "unknown"
_WITH_PORT = re.compile(r"(\d+(?:\.\d+){3}|\[[^\]]*\]):\d+")
BELIEVED_SCHEME = "rapport.scheme"  # no header has such a name; SECURE_PROXY_SSL_HEADER reads it
HOME_V6 = 64  # bits of an IPv6 address that one customer of a provider has to themself


class SchemeOfOurProxies:
    """Whether a request came by https is said by a proxy of ours, and by nobody else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Before anything asks `request.is_secure()`."""
        said = request.META.get("HTTP_X_FORWARDED_PROTO")
        caller = _parsed(request.META.get("REMOTE_ADDR", ""))
        if said and caller is not None and _is_trusted(caller, settings.TRUSTED_PROXIES):
            request.META[BELIEVED_SCHEME] = said
        return self.get_response(request)


def address_of(request: HttpRequest) -> str:
    """The caller's address as text, "unknown" where there is none. No query."""
    found = _parsed(request.META.get("REMOTE_ADDR", ""))
    listed = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    for text in reversed(listed):
        if found is None or not _is_trusted(found, settings.TRUSTED_PROXIES):
            break
        given = _parsed(text.strip())
        if given is None:  # our proxy's word is the last: what stands before it is anybody's
            break
        found = given
    return UNKNOWN if found is None else str(found)


def home_of(address: str) -> str:
    """What is counted as one caller: an IPv4 address, or the network of an IPv6 one."""
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, HOME_V6), strict=False))
    return address


def masked_network(address: str) -> str:
    """About where somebody is, for screens: `192.0.2.…`, `2001:0db8:0007:…`; "" where unknown."""
    found = _parsed(address)
    if found is None:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found).rpartition(".")[0] + ".…"
    return ":".join(found.exploded.split(":")[:3]) + ":…"


def _parsed(text: str) -> Address | None:
    if with_port := _WITH_PORT.fullmatch(text):  # as some proxies write it
        text = with_port[1]
    try:
        found = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == one.version and address in one for one in trusted)

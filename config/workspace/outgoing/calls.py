"""One call to an address that somebody gave us: guarded, without redirects, within a time."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Final

from config.workspace.outgoing.addresses import CallTarget, addresses_of, place_of

SECONDS: Final = 10.0  # for the whole call, however slowly it drips
_CONNECT_SECONDS: Final = 5.0


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status that the other side answers with. Raises Refused, OSError, HTTPException.

    No proxy is asked and no redirect followed: what is answered is not read beyond its status.
    """
    place = place_of(url)
    line = _connected(place)
    with line.dup() as same:  # TLS takes `line` over; by this one it can still be cut
        timer = threading.Timer(SECONDS, _cut, [same])
        timer.daemon = True
        timer.start()
        connection = http.client.HTTPConnection(place.host, place.port)
        try:
            connection.sock = line
            connection.sock = _wrapped(line, place)
            connection.request("POST", place.path, body, dict(headers) | {"Connection": "close"})
            return connection.getresponse().status
        finally:
            timer.cancel()
            connection.close()


def _connected(place: CallTarget) -> socket.socket:
    """To the first of the checked addresses that answers."""
    error: OSError = OSError("the host name is not known")
    for address in addresses_of(place):
        try:
            return socket.create_connection((address, place.port), _CONNECT_SECONDS)
        except OSError as found:
            error = found
    raise error


def _wrapped(line: socket.socket, place: CallTarget) -> socket.socket:
    """TLS where the address says so, by the certificate of the name that was asked for."""
    line.settimeout(SECONDS)
    if place.scheme != "https":
        return line
    return ssl.create_default_context().wrap_socket(line, server_hostname=place.host)


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)

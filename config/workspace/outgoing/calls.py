"""One call to an address that somebody gave us: guarded, without redirects, within a time."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from config.workspace.outgoing.addresses import CallTarget, addresses_of, place_of

SECONDS: Final = 15.0  # for the whole call, however slowly it drips
_CONNECT_SECONDS: Final = 5.0
_ANSWER_BYTES: Final = 2_000  # that are read of what is answered


@dataclass(frozen=True)
class CallAnswer:
    """What the other side said: its status, when it wants to be asked again, how its text began."""

    status: int
    retry_after: str = ""
    text: str = ""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> CallAnswer:
    """What the other side answers. Raises Refused, OSError, HTTPException.

    No proxy is asked and no redirect followed; of a long answer the beginning is read.
    """
    place = place_of(url)
    line = connected(place)
    cut = threading.Event()
    with line.dup() as same:  # TLS takes `line` over; by this one it can still be cut
        timer = threading.Timer(SECONDS, _cut, [same, cut])
        timer.daemon = True
        timer.start()
        connection = http.client.HTTPConnection(place.host, place.port)
        try:
            connection.sock = line
            connection.sock = _wrapped(line, place)
            connection.request("POST", place.path, body, dict(headers) | {"Connection": "close"})
            return _read(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            if cut.is_set():
                raise TimeoutError("timed out") from error
            raise
        finally:
            timer.cancel()
            connection.close()


def _read(answer: http.client.HTTPResponse) -> CallAnswer:
    """Its status counts also where its text breaks off."""
    text = b""
    with contextlib.suppress(OSError, http.client.HTTPException):
        text = answer.read(_ANSWER_BYTES)
    words = text.decode("utf-8", "replace").replace("\x00", "")
    return CallAnswer(answer.status, answer.getheader("Retry-After") or "", words)


def connected(place: CallTarget) -> socket.socket:
    """To the first of the checked addresses that answers."""
    error: OSError = OSError("name or service not known")
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


def _cut(line: socket.socket, cut: threading.Event) -> None:
    cut.set()
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)

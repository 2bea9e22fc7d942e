"""What goes over the socket: a length in four bytes, and that much MessagePack."""

import socket
import struct
import time
from typing import Any

import msgspec

MAX_BYTES = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")
_PART = 64 * 1024
_INT64 = range(-(2**63), 2**63)
_decode = msgspec.msgpack.Decoder().decode
_encode = msgspec.msgpack.Encoder(enc_hook=str).encode


class Closed(Exception):
    """The other side is gone."""


def pack(value: object) -> bytes:
    """One frame. What MessagePack has no form for travels as text."""
    try:
        body = _encode(value)
    except (OverflowError, UnicodeEncodeError):  # an integer beyond 64 bits, half a character
        body = _encode(_plain(value))
    return _LENGTH.pack(len(body)) + body


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and value not in _INT64:
        return str(value)
    return value


class FrameReader:
    """Reads the frames that come over a socket; of many that are there, all at once."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._part = memoryview(bytearray(_PART))
        self._come = bytearray()  # and not taken yet

    def receive(self, deadline: float | None = None) -> Any:
        """The next frame's value. Raises Closed, and TimeoutError once `deadline` (monotonic) is
        past; OSError as the socket raises it.
        """
        self._wait_for(_LENGTH.size, deadline)
        (size,) = _LENGTH.unpack_from(self._come)
        if size > MAX_BYTES:
            raise Closed
        whole = _LENGTH.size + size
        self._wait_for(whole, deadline)
        with memoryview(self._come) as come, come[_LENGTH.size : whole] as body:
            value = _decode(body)
        del self._come[:whole]
        return value

    def _wait_for(self, size: int, deadline: float | None) -> None:
        while len(self._come) < size:
            allow_until(self._link, deadline)
            count = self._link.recv_into(self._part)
            if not count:
                raise Closed
            self._come += self._part[:count]


def allow_until(link: socket.socket, deadline: float | None) -> None:
    """Give the next call on `link` until then. Raises TimeoutError where that is past."""
    if deadline is None:
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    link.settimeout(left)

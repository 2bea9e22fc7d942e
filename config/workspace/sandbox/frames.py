"""What goes over the socket: a length in four bytes, and that much MessagePack."""

import socket
import struct
import time
from typing import Any

import msgspec

MAX_BYTES = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")
_PART = 256 * 1024
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


def receive(link: socket.socket, deadline: float | None = None) -> Any:
    """The next frame's value. Raises Closed, and TimeoutError once `deadline` (monotonic) is past.

    OSError as the socket raises it.
    """
    (size,) = _LENGTH.unpack(_exactly(link, _LENGTH.size, deadline))
    if size > MAX_BYTES:
        raise Closed
    return _decode(_exactly(link, size, deadline))


def _exactly(link: socket.socket, size: int, deadline: float | None) -> bytearray:
    found = bytearray(size)
    view, at = memoryview(found), 0
    while at < size:
        allow_until(link, deadline)
        count = link.recv_into(view[at : at + _PART])
        if not count:
            raise Closed
        at += count
    return found


def allow_until(link: socket.socket, deadline: float | None) -> None:
    """Give the next call on `link` until then. Raises TimeoutError where that is past."""
    if deadline is None:
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    link.settimeout(left)

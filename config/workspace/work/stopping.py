"""A process is asked to end while it hands something over: at a moment of its choosing.

Signals come anywhere. Between marking what is handed over and settling it (`patiently`) they are
only noted, and whoever waits for a server asks `asked()`; outside they do what they always did.
A worker's main process asks those that it forked off by `ask_all`, which no signal carries.
"""

import mmap
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_shared = mmap.mmap(-1, 1)  # with the processes forked off
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)  # USR1: a soft time limit


class _Noted:
    """Of this process, which is single-threaded where it hands over."""

    signal: int = 0


def asked() -> bool:
    """Whether to come to an end soon."""
    return bool(_Noted.signal or _shared[0])


def ask_all() -> None:
    """This process and those forked off from it come to an end soon."""
    _shared[0] = 1


@contextmanager
def patiently() -> Iterator[None]:
    """Note signals, and act on the last of them at the end. In the main thread; else nothing."""
    before: dict[int, Any] = {}
    try:
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, _note)
    except ValueError:  # not the main thread: signals do not come here
        yield
        return
    try:
        yield
    finally:
        for signal_number, handler in before.items():
            signal.signal(signal_number, handler if handler is not None else signal.SIG_DFL)
        noted, _Noted.signal = _Noted.signal, 0
        if noted:
            signal.raise_signal(noted)


def _note(number: int, frame: FrameType | None) -> None:
    _Noted.signal = number

"""What is read once a request, by whoever asks first, and kept by the thread that answers it.

So that what changes acts on the very next request, of every process. Outside a request it is read
each time.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.core.signals import request_finished, request_started

Found = TypeVar("Found")


class _OfThread(threading.local):
    is_in = False
    found: Any = None


class OnceARequest(Generic[Found]):
    """One such thing, kept as long as the process lives."""

    def __init__(self, find: Callable[[], Found]) -> None:
        self._find, self._kept = find, _OfThread()
        request_started.connect(self._begin, weak=False)
        request_finished.connect(self._end, weak=False)

    def get(self) -> Found:
        """As it was when this request first asked."""
        if self._kept.found is not None:
            kept: Found = self._kept.found
            return kept
        found = self._find()
        if self._kept.is_in:
            self._kept.found = found
        return found

    def forget(self) -> None:
        """Read it anew next time: it was changed."""
        self._kept.found = None

    def _begin(self, **_signal: Any) -> None:
        self._kept.is_in, self._kept.found = True, None

    def _end(self, **_signal: Any) -> None:
        self._kept.is_in, self._kept.found = False, None

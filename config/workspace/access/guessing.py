"""Wrong keys and wrong links by address, in memory: a stranger's guesses cost no row.

Each web process counts for itself. What is right is answered whatever came before it: many people
share an address, and a mail provider's unsubscribe calls come from few.
"""

import math
import threading
import time
from collections import OrderedDict
from typing import NoReturn

from django.http import HttpRequest

from config.workspace.access.client_address import address_of, home_of
from config.workspace.pages.errors import TooManyWrong

MOST_WRONG = 60  # of one address in a window; then the answer is 429
WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 10_000  # remembered; the oldest are forgotten
_wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # address: (how many, since)
_lock = threading.Lock()


def seconds_to_wait_after_wrong(request: HttpRequest) -> int:
    """Count one more wrong key or link of this caller; 0, or the whole seconds to wait."""
    home, now = home_of(address_of(request)), time.monotonic()
    with _lock:
        count, since = _wrong.pop(home, (0, now))
        if now - since >= WINDOW_SECONDS:
            count, since = 0, now
        _wrong[home] = (count + 1, since)
        if len(_wrong) > MOST_ADDRESSES:
            _wrong.popitem(last=False)
    return 0 if count < MOST_WRONG else math.ceil(WINDOW_SECONDS - (now - since))


def refuse(request: HttpRequest, otherwise: Exception) -> NoReturn:
    """A link that is none. Raises `otherwise`, or TooManyWrong."""
    wait = seconds_to_wait_after_wrong(request)
    raise TooManyWrong(wait) if wait else otherwise


def forget() -> None:
    """Everything (between tests)."""
    _wrong.clear()

"""When somebody last showed who they are: at the log-in, or since then before what matters.

Whoever sits down at an open session, or has stolen one, does not know how. Source: OWASP ASVS 5.0,
7.5.1 and 7.5.2.
"""

import time
from typing import Final

from django.http import HttpRequest

SECONDS: Final = 15 * 60  # that it holds
SHOWN_AT: Final = "shown_at"  # seconds since 1970, in the session
READS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class NotShownLately(Exception):
    """Who they are is to be shown once more; `config.console.signing_in.again` leads there."""


def note(request: HttpRequest, *, at: float | None = None) -> None:
    """It was shown now, or `at` (seconds since 1970)."""
    request.session[SHOWN_AT] = time.time() if at is None else at


def is_fresh(request: HttpRequest) -> bool:
    """Whether it was shown a short time ago. No query but the session's own."""
    return bool(0 <= time.time() - request.session.get(SHOWN_AT, 0) < SECONDS)


def ask(request: HttpRequest) -> None:
    """Raises NotShownLately."""
    if not is_fresh(request):
        raise NotShownLately


def ask_before_change(request: HttpRequest) -> None:
    """Of a request that only reads nothing is asked. Raises NotShownLately."""
    if request.method not in READS:
        ask(request)

"""One try of a call: what came of it, and what follows: done, again after a pause, given up.

The same for every kind of call to servers of others.
"""

import http.client
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from config.workspace.outgoing.addresses import Refused
from config.workspace.outgoing.calls import post
from config.workspace.work.reasons import reason_of, without_people

# seconds until the next try; as Standard Webhooks have it. After the last it is given up
PAUSES: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
LONGEST_PAUSE: Final = float(PAUSES[-1])
TAKEN: Final = range(200, 300)
GONE: Final = 410  # nobody wants to be told there any more
KEPT_ANSWER: Final = 300  # characters
_DIGITS: Final = 9


@dataclass(frozen=True)
class Tried:
    """What came of one try. `error` is in words of ours; "" where it was taken.

    `is_final`: no later try can be better. `is_silent`: the server gave no answer at all.
    """

    status: int | None = None
    error: str = ""
    answer: str = ""
    ms: int = 0
    retry_after: float = 0.0  # seconds, as the other side asked
    is_final: bool = False
    is_silent: bool = False

    @property
    def is_taken(self) -> bool:
        """Whether the other side has it now."""
        return not self.error

    def pause(self, attempts: int) -> float | None:
        """Seconds until the next try after so many; None where it is given up.

        A tenth longer at most, by chance, so that not all come again at once.
        """
        if self.is_final or attempts > len(PAUSES):
            return None
        own = PAUSES[attempts - 1] * (1 + random.random() / 10)  # noqa: S311 - no secret
        return max(own, min(self.retry_after, LONGEST_PAUSE))


def tried(url: str, body: bytes, headers: Mapping[str, str]) -> Tried:
    """Make the call. Raises nothing that a server of others can cause."""
    began = time.monotonic()
    try:
        answer = post(url, body, headers)
    except Refused as error:
        return Tried(error=str(error), is_final=True)
    except (OSError, http.client.HTTPException) as error:
        return Tried(error=reason_of(error), ms=_since(began), is_silent=True)
    status, ms = answer.status, _since(began)
    said = " ".join(without_people(answer.text).split())[:KEPT_ANSWER]
    if status in TAKEN:
        return Tried(status, answer=said, ms=ms)
    later = seconds_of(answer.retry_after, datetime.now(UTC))
    return Tried(status, f"HTTP {status}", said, ms, later, is_final=status == GONE)


def _since(began: float) -> int:
    return round(1000 * (time.monotonic() - began))


def seconds_of(retry_after: str, now: datetime) -> float:
    """What `Retry-After` asks for, as seconds or as a date (RFC 9110); 0 where it is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return float(text) if len(text) <= _DIGITS else LONGEST_PAUSE
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds(), 0.0)

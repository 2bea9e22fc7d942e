"""Makes the calls of webhooks: several at once, none of which holds up those of another.

What is told is composed when the call is made, so that whoever may not be told of any more is not.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from cryptography.fernet import InvalidToken
from django.utils import timezone
from django.utils.translation import gettext_noop

from config.workspace.models import WebhookDelivery
from config.workspace.outgoing import claims, settling
from config.workspace.outgoing.calls import SECONDS as CALL_SECONDS
from config.workspace.outgoing.endpoints import keys_of
from config.workspace.outgoing.kinds import KINDS
from config.workspace.outgoing.notices import WORK
from config.workspace.outgoing.signing import headers_of
from config.workspace.outgoing.tries import Tried, tried
from config.workspace.work import stopping
from config.workspace.work.alone import alone
from config.workspace.work.circuits import Turn
from config.workspace.work.faults import is_outage

log = logging.getLogger("rapport.work")
SECONDS: Final = 5.0  # of one run, beside the calls under way then
THREADS: Final = 32
GATHER_SECONDS: Final = 0.01
SLOW_SECONDS: Final = 1.0  # beyond it nothing more of that webhook is begun near the end
NOBODY: Final = gettext_noop("Nobody in it may be told of any more.")
NO_KEY: Final = gettext_noop("Its key cannot be read: give it a new one.")
NOT_COMPOSED: Final = gettext_noop("It could not be put together: the log says why.")
NO_KIND: Final = gettext_noop("There is no such kind of event any more.")


@dataclass(frozen=True)
class _UnderWay:
    """A call that a thread makes."""

    row: WebhookDelivery
    since: float
    turn: Turn = Turn.ALL


def deliver_due(seconds: float = SECONDS) -> int:
    """How many calls were made, taken or not. One process at a time, so that mails have the other.

    Whoever is killed leaves leases that end by themselves.
    """
    with alone(WORK) as is_ours:
        return _Run(time.monotonic() + seconds).go() if is_ours else 0


class _Run:
    """Until the time is up; then only what other webhooks wait for while slow ones answer."""

    def __init__(self, until: float) -> None:
        self.until, self.end = until, until + CALL_SECONDS
        self.under_way: dict[Future[Tried], _UnderWay] = {}
        self.made = 0

    def go(self) -> int:
        half_open = claims.claim_one_each()
        with ThreadPoolExecutor(THREADS, "webhooks") as pool:
            self._begin(pool, [row for row, _server in half_open], Turn.ONE)
            while self._refill(pool) or self.under_way:
                if self.under_way:
                    self._settle_some()
        return self.made

    def _refill(self, pool: ThreadPoolExecutor) -> bool:
        """Begin what is due; whether anything was."""
        now, free = time.monotonic(), THREADS - len(self.under_way)
        is_over = now >= self.until
        if not free or stopping.asked() or now >= self.end or (is_over and not self.under_way):
            return False
        busy = Counter(one.row.webhook_id for one in self.under_way.values())
        late = now - SLOW_SECONDS
        slow = {one.row.webhook_id for one in self.under_way.values() if one.since < late}
        return self._begin(pool, claims.claim(free, busy, sorted(slow) if is_over else ()))

    def _begin(
        self, pool: ThreadPoolExecutor, rows: Sequence[WebhookDelivery], turn: Turn = Turn.ALL
    ) -> bool:
        ready, undone = compose(rows)
        settling.withhold(undone)
        for row, body, headers in ready:
            future = pool.submit(tried, row.webhook.url, body, headers)
            self.under_way[future] = _UnderWay(row, time.monotonic(), turn)
        self.made += len(rows)
        return bool(rows)

    def _settle_some(self) -> None:
        done, rest = wait(self.under_way, timeout=0.25, return_when=FIRST_COMPLETED)
        if rest and done:  # several are settled, and claimed anew, by as many statements as one
            done |= wait(rest, GATHER_SECONDS).done
        results = []
        for future in done:
            one = self.under_way.pop(future)
            results.append(settling.Result(one.row, future.result(), one.turn))
        if results:
            settling.settle(results)


def compose(
    rows: Sequence[WebhookDelivery],
) -> tuple[list[tuple[WebhookDelivery, bytes, dict[str, str]]], list[tuple[WebhookDelivery, str]]]:
    """(row, body, headers) of what is to be said, and what is not said, with the reason."""
    ready, undone = [], []
    for row, data in _data_of(rows):
        if isinstance(data, str):
            undone.append((row, data))
            continue
        body = body_of(row, data)
        try:
            ready.append((row, body, _headers(row, body)))
        except InvalidToken:
            undone.append((row, NO_KEY))
    return ready, undone


def _data_of(rows: Sequence[WebhookDelivery]) -> Iterable[tuple[WebhookDelivery, Any]]:
    """What each says, or why it says nothing; by kind, since one look-up answers for all."""
    by_kind: dict[str, list[WebhookDelivery]] = {}
    for row in rows:
        by_kind.setdefault(row.event, []).append(row)
    for name, own in by_kind.items():
        kind = KINDS.get(name)
        try:
            found = kind.compose(own) if kind else [None] * len(own)
        except Exception as error:
            if is_outage(error):
                raise
            log.exception("webhook event %s cannot be composed", name)  # the others go on
            yield from ((row, NOT_COMPOSED) for row in own)
            continue
        nothing = NOBODY if kind else NO_KIND
        for row, data in zip(own, found, strict=True):
            yield row, nothing if data is None else data


def body_of(row: WebhookDelivery, data: Any) -> bytes:
    """`type`, `timestamp` (when it happened) and `data`."""
    at = row.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"type": row.event, "timestamp": at, "data": data}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def _headers(row: WebhookDelivery, body: bytes) -> dict[str, str]:
    """Raises InvalidToken."""
    now = timezone.now()
    keys = keys_of(row.webhook, now)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Rapport",
        **headers_of(keys, row.message_id, int(now.timestamp()), body),
    }

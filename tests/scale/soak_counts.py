"""What a round of the soak counts: calls accepted and stored, mails handed over and taken."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from tests.profiles.installation import KEY, free_port, is_taken

SIZE, CLIENTS = 50, 4  # messages a batch; threads that send
LEFT = """SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM merge_pending),
    (SELECT count(*) FROM message_chunk),
    (SELECT count(*) FROM campaign WHERE status <> 'finished'),
    (SELECT count(*) FROM message WHERE state IN ('queued', 'handing_over'))"""
Rows = Callable[[str], list[tuple[Any, ...]]]


class Violation(Exception):
    """A promise that was broken."""


class Sink:
    """An SMTP server that counts what it took, by recipient."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self.controller.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.counts.update(envelope.rcpt_tos)
        self.ids.update([message_from_bytes(envelope.original_content)["Message-ID"]])
        return "250 taken"


class Clients:
    """Send every batch until it is taken, over the time of the kills."""

    def __init__(self, port: int, events: int, seconds: float) -> None:
        self.port, self.batches = port, list(range(events // SIZE))
        self.pause = seconds * CLIENTS / max(len(self.batches), 1)
        self.lock, self.accepted, self.refused = threading.Lock(), 0, 0
        self.threads = [threading.Thread(target=self._send, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _send(self) -> None:
        while True:
            with self.lock:
                if not self.batches:
                    return
                batch = self.batches.pop()
            body = json.dumps({"batch": [message(batch, n) for n in range(SIZE)], "writeKey": KEY})
            while not is_taken(self.port, body, seconds=15):
                with self.lock:
                    self.refused += 1
                time.sleep(0.2)
            with self.lock:
                self.accepted += SIZE
            time.sleep(self.pause)


def message(batch: int, n: int) -> dict[str, Any]:
    """One event, of few people and shared devices, so that batches meet."""
    found: dict[str, Any] = {
        "type": "identify" if n % 10 == 0 else "track",
        "userId": f"soak-{(batch + n) % 200}",
        "messageId": f"soak-{batch}-{n}",
    }
    if n % 5 == 0:
        found["anonymousId"] = f"device-{(n + batch) % 400}"
    if n % 10 == 0:
        return {**found, "traits": {"batch": batch}}
    return {**found, "event": "Order Completed", "properties": {"revenue": 1}}


def account(ask: Rows, sink: Sink, events: int, accepted: int, mails: int) -> str:
    """Accepted is stored once; everyone has one message with an outcome; nobody got two mails."""
    like = "SELECT count(*), count(DISTINCT message_id) FROM event WHERE message_id LIKE 'soak-%'"
    ((stored, distinct),) = ask(like)
    if not accepted == stored == distinct == events // SIZE * SIZE:
        raise Violation(f"{accepted} accepted, {stored} stored, {distinct} distinct")
    ((rows, people),) = ask("SELECT count(*), count(DISTINCT profile_id) FROM message")
    states = Counter(dict(ask("SELECT state, count(*) FROM message GROUP BY 1")))
    if not rows == people == mails or set(states) - {"sent", "unknown"}:
        raise Violation(f"{mails} in the audience, {rows} messages of {people}: {dict(states)}")
    twice = [address for address, count in sink.counts.items() if count > 1]
    if twice or any(count > 1 for count in sink.ids.values()):
        raise Violation(f"{len(twice)} got a mail twice")
    sent = {row[0] for row in ask("SELECT address FROM message WHERE state = 'sent'")}
    if missing := sent - set(sink.counts):
        raise Violation(f"{len(missing)} are said to be sent and were not")
    if len(sink.counts) - len(sent) > states["unknown"]:
        raise Violation("more came in than is accounted for")
    return f"{stored:,} stored, {states['sent']:,} sent, {states['unknown']:,} unknown"

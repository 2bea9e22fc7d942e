"""Puts what the generator says into the inbox, as if it had been received at its time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from config.demo.generator import SOURCES, DemoCall, generate
from config.demo.state import DemoState, remember, since
from profiles.ingest.inbox import accept
from profiles.models import Inbox, Source
from profiles.services.sources import create_source

SLICE = 1_000  # messages a transaction
ON_THE_WAY = timedelta(seconds=2)


def ensure_sources() -> None:
    """Make the five sources that are missing; their keys are shown by nobody."""
    for name, kind in SOURCES.items():
        if not Source.objects.filter(name=name).exists():
            create_source(name=name, kind=kind)


def sources() -> dict[str, Source]:
    """The demo's sources by name. One query."""
    return {source.name: source for source in Source.objects.filter(name__in=SOURCES)}


def feed(
    state: DemoState,
    end: datetime,
    *,
    is_history: bool = False,
    seen: Callable[[int], Any] = lambda count: None,
    observer: Any = None,
    keep_on: Callable[[], bool] = lambda: True,
) -> int:
    """All messages after `state.fed_to` up to `end` into the inbox; how many they were.

    Every slice is one transaction with the note of how far it goes, so that a killed run goes on
    where it was. `keep_on` is asked after each; where it says no, the rest is left for next time.
    """
    stream = generate(**state.run, end=end, since=since(state.fed_to), observer=observer)
    known, count = sources(), 0
    for part in slices(stream):
        with transaction.atomic():
            put(known, part, is_history=is_history)
            state.fed_to = part[-1].at.isoformat()
            state.fed += len(part)
            remember(state, "fed_to", "fed")
        count += len(part)
        seen(len(part))
        if not keep_on():
            return count
    state.fed_to = max(end.isoformat(), state.fed_to)
    remember(state, "fed_to")
    return count


def slices(stream: Iterable[DemoCall], size: int = SLICE) -> Iterator[list[DemoCall]]:
    """Parts of at least `size` that never cut between two messages of one moment."""
    part: list[DemoCall] = []
    for message in stream:
        if len(part) >= size and message.at > part[-1].at:
            yield part
            part = []
        part.append(message)
    if part:
        yield part


def put(
    known: dict[str, Source],
    messages: list[DemoCall],
    *,
    is_history: bool = False,
    received_at: datetime | None = None,
) -> None:
    """Accept these, in the order of their time within each source; the shop's own systems first.

    As received just after the last of them, unless told otherwise.
    """
    by_source: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for message in messages:
        by_source[message.source].append(message.body)
    received_at = received_at or min(messages[-1].at + ON_THE_WAY, timezone.now())
    for name in sorted(by_source, key=lambda name: not known[name].is_verified):
        accept(known[name], by_source[name], is_history=is_history, received_at=received_at)


def waiting() -> int:
    """How many messages wait in the inbox. One query of a small table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(count), 0) FROM inbox WHERE failed_at IS NULL")
        return int(cursor.fetchone()[0])


def is_worked_off() -> bool:
    """Whether nothing waits in the inbox."""
    return not Inbox.objects.filter(failed_at=None).exists()

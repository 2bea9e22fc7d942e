"""Writes what people allowed into the ledger, as their own acts at their own times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from config.demo.generator import DemoStatement, permissions
from config.demo.state import DemoState, remember, since
from config.demo.writing.inbox_feed import sources
from consent.ledger import recording
from consent.models import Purpose
from profiles.identifiers.normalise import normalise

CHUNK = 1_000
_OWNERS = """
    SELECT i.kind, i.value, i.profile_id
    FROM unnest(%s::text[], %s::text[]) AS wanted(kind, value)
    JOIN identifier_key i ON i.kind = wanted.kind AND i.value = wanted.value
"""
Point = tuple[str, str]


def say(
    state: DemoState,
    end: datetime,
    *,
    said: Callable[[int, int], Any] = lambda done, of: None,
    keep_on: Callable[[], bool] = lambda: True,
) -> int:
    """All statements after `state.said_to` up to `end`; how many they were.

    To be called when the messages up to `end` are worked off: a statement follows the message that
    carries its contact point.
    """
    given = list(permissions(**state.run, end=end, since=since(state.said_to)))
    purposes = dict(Purpose.objects.values_list("slug", "pk"))
    known = {name: source.pk for name, source in sources().items()}
    count = 0
    for part in _chunks(given):
        with transaction.atomic():
            recording.record_consents(_ledger_lines(part, purposes, known))
            state.said_to = part[-1].at.isoformat()
            remember(state, "said_to")
        count += len(part)
        said(count, len(given))
        if not keep_on():
            return count
    state.said_to = max(end.isoformat(), state.said_to)
    remember(state, "said_to")
    return count


def _chunks(given: Iterable[DemoStatement]) -> Iterator[list[DemoStatement]]:
    """Parts that never cut between two statements of one moment."""
    part: list[DemoStatement] = []
    for statement in given:
        if len(part) >= CHUNK and statement.at > part[-1].at:
            yield part
            part = []
        part.append(statement)
    if part:
        yield part


def _ledger_lines(
    part: Sequence[DemoStatement], purposes: dict[str, int], known: dict[str, int]
) -> list[recording.Statement]:
    """The same for the ledger; what is said of an address that nobody has is left out."""
    points = [_point(statement.person) for statement in part]
    owners = _owners(points)
    return [
        recording.Statement(
            profile_id=owners[point],
            purpose_id=purposes[statement.purpose],
            channel=statement.channel,
            status=statement.status,
            basis=statement.basis,
            contact_point=point[1],
            at=statement.at,
            evidence=statement.evidence,
            source_id=known[statement.source],
            actor="person",
        )
        for statement, point in zip(part, points, strict=True)
        if point in owners
    ]


def _point(person: str) -> Point:
    kind, _, value = person.partition(":")
    return kind, normalise(kind, value, "")


def _owners(points: Sequence[Point]) -> dict[Point, int]:
    """Whose these contact points are. One query."""
    wanted = sorted(set(points))
    with connection.cursor() as cursor:
        cursor.execute(_OWNERS, [[kind for kind, _ in wanted], [value for _, value in wanted]])
        return {(kind, value): profile_id for kind, value, profile_id in cursor.fetchall()}

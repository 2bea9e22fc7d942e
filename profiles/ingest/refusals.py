"""What was refused: counted to the last message, and the first of many alike kept to be read.

Whoever has a key decides how much is refused, and a browser's key is public: what is kept of it is
bounded for each call, source, reason and hour, and goes after a time. The counts stay exact.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from profiles.calls import limits
from profiles.calls.validation import CallProblem

MOST_OF_CALL = 100  # rows of one call and reason: a stock client's batch in full
MOST_OF_REASON = 300  # rows of one source, reason and hour
MOST_OF_SOURCE = 1000  # rows of one source and hour
FULL_BODIES = 50  # of these so many as they came (32 KB), the others' beginning
SHORT_BODY = 2000  # characters
INSERT_REJECTION = """
    INSERT INTO rejection (source_id, message_id, type, received_at, code, errors, body)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
INSERT_COUNT = """
    INSERT INTO refusal_count (source_id, code, at, n, kept) VALUES (%s, %s, %s, %s, %s)
"""
KEPT = """
    SELECT code, sum(kept)::bigint FROM refusal_count
    WHERE source_id = %s AND at >= %s AND at < %s GROUP BY code
"""
# Rows of one source and reason become one for a minute when they are two minutes old, and one for
# an hour when they are two hours old. The lock keeps two workers from folding the same rows.
FOLD = """
    WITH gone AS (
        DELETE FROM refusal_count WHERE id IN (
            SELECT id FROM refusal_count
            WHERE at < %(before)s AND at <> date_trunc(%(unit)s, at, 'UTC') ORDER BY at LIMIT 20000)
        RETURNING source_id, code, date_trunc(%(unit)s, at, 'UTC') AS at, n, kept
    ), summed AS (
        SELECT source_id, code, at, sum(n) AS n, sum(kept) AS kept FROM gone GROUP BY 1, 2, 3
    ), added AS (
        UPDATE refusal_count c SET n = c.n + s.n, kept = c.kept + s.kept FROM summed s
        WHERE c.id = (SELECT min(o.id) FROM refusal_count o WHERE o.source_id = s.source_id
                      AND o.code = s.code AND o.at = s.at)
        RETURNING c.source_id, c.code, c.at
    ), made AS (
        INSERT INTO refusal_count (source_id, code, at, n, kept)
        SELECT source_id, code, at, n, kept FROM summed
        WHERE (source_id, code, at) NOT IN (SELECT source_id, code, at FROM added)
    )
    SELECT count(*) FROM gone
"""
FOLD_LOCK = 0x5EF0
HOUR = timedelta(hours=1)
# (source, reason, hour) of which enough is kept: a flood is counted without asking again
_full: set[tuple[int, str, datetime]] = set()


class Rejected(msgspec.Struct):
    """A refused message: its place among those sent, why, and what is kept of it."""

    index: int
    problem: CallProblem
    body: str
    message_id: str = ""
    type: str = ""


def refusal(index: int, problem: CallProblem, raw: bytes, kind: str = "") -> Rejected:
    """A refused message with what can be read of it."""
    message_id, found = _peek(raw)
    return Rejected(index, problem, kept_body(raw), message_id, (kind or found)[:20])


def kept_body(raw: bytes) -> str:
    """The first 32 KB as text that PostgreSQL can hold."""
    text = raw[: limits.MAX_ITEM_BYTES].decode("utf-8", "backslashreplace")
    return text.replace("\0", "\\x00")


def write_rejections(
    cursor: Any, source_id: int, rejected: Iterable[Rejected], received_at: datetime
) -> None:
    """Count refused messages of one source and keep the first of them. Three statements."""
    listed = list(rejected)
    if not listed:
        return
    hour = received_at.replace(minute=0, second=0, microsecond=0)
    counts = Counter(one.problem.code for one in listed)
    of_kept: Counter[str] = Counter()
    if not all((source_id, code, hour) in _full for code in counts):
        before = _kept_before(cursor, source_id, hour)
        kept, place = _samples(listed, before), sum(before.values())
        rows = [
            _row(source_id, one, received_at, is_full=place + number < FULL_BODIES)
            for number, one in enumerate(kept)
        ]
        if rows:
            cursor.executemany(INSERT_REJECTION, rows)
        of_kept = Counter(one.problem.code for one in kept)
    cursor.executemany(
        INSERT_COUNT,
        [(source_id, code, received_at, n, of_kept[code]) for code, n in counts.items()],
    )


def fold(now: datetime, most: int = 20_000) -> int:
    """Sum old counts up; how many rows were taken into others. Two statements."""
    from django.db import connection, transaction  # noqa: PLC0415

    folded = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [FOLD_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        for unit, age in (("minute", timedelta(minutes=2)), ("hour", timedelta(hours=2))):
            before = now.replace(second=0, microsecond=0) - age
            cursor.execute(FOLD, {"before": before, "unit": unit})
            folded += cursor.fetchone()[0]
    return folded


def _kept_before(cursor: Any, source_id: int, hour: datetime) -> Counter[str]:
    """How many rows of each reason the source has in this hour."""
    cursor.execute(KEPT, [source_id, hour, hour + HOUR])
    before = Counter(dict(cursor.fetchall()))
    is_over = sum(before.values()) >= MOST_OF_SOURCE
    full = {(source_id, c, hour) for c, n in before.items() if is_over or n >= MOST_OF_REASON}
    if full - _full:
        _full.difference_update([one for one in _full if one[2] < hour])
        _full.update(full)
    return before


def _samples(listed: Sequence[Rejected], before: Counter[str]) -> list[Rejected]:
    """The first of each reason that there is still room for, in the order in which they came."""
    room = MOST_OF_SOURCE - sum(before.values())
    taken: Counter[str] = Counter()
    kept: list[Rejected] = []
    for one in listed:
        code = one.problem.code
        if len(kept) >= room:
            break
        if taken[code] < min(MOST_OF_CALL, MOST_OF_REASON - before[code]):
            taken[code] += 1
            kept.append(one)
    return kept


def _row(source_id: int, one: Rejected, at: datetime, *, is_full: bool) -> tuple[Any, ...]:
    body = one.body if is_full else one.body[:SHORT_BODY]
    errors = Jsonb([one.problem.as_dict()])
    return source_id, one.message_id, one.type, at, one.problem.code, errors, body


class _Peek(msgspec.Struct, rename="camel"):
    message_id: Any = None
    type: Any = None


def _peek(raw: bytes) -> tuple[str, str]:
    try:
        found = msgspec.json.decode(raw, type=_Peek)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return "", ""
    texts = [
        str(v).replace("\0", "") if v is not None else "" for v in (found.message_id, found.type)
    ]
    return texts[0][: limits.MAX_MESSAGE_ID], texts[1][:20]

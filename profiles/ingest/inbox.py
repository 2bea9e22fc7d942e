"""The inbox: what is accepted is a row here, committed before anybody is told so."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from config.workspace.work import due
from profiles.calls.validation import check
from profiles.ingest.refusals import Rejected, refusal, write_rejections
from profiles.models import Source

INSERT_INBOX = """
    INSERT INTO inbox (source_id, body, envelope, count, is_history, received_at, attempts, error)
    VALUES (%s, %s, %s, %s, %s, %s, 0, '')
"""
SLICE_BYTES = 256 * 1024


def store(
    source_id: int,
    items: Sequence[bytes],
    rejected: Sequence[Rejected],
    envelope: dict[str, Any],
    received_at: datetime,
    *,
    is_history: bool = False,
) -> None:
    """Write the accepted items as one row and the refused ones as rejections, or nothing at all.

    On return (outside a transaction) it is committed and flushed to disk: 1 statement without
    rejections, 6 with.
    """
    _flush_commits()
    if rejected:
        with transaction.atomic(), connection.cursor() as cursor:
            _insert(cursor, source_id, items, envelope, received_at, is_history)
            write_rejections(cursor, source_id, rejected, received_at)
    else:
        with connection.cursor() as cursor:
            _insert(cursor, source_id, items, envelope, received_at, is_history)
    if items:
        due.wake("ingest")


def accept(
    source: Source,
    messages: Iterable[dict[str, Any]],
    *,
    is_history: bool = False,
    received_at: datetime | None = None,
    envelope: dict[str, Any] | None = None,
) -> list[Rejected]:
    """Put messages into the inbox, in the caller's transaction if there is one.

    For what is not HTTP: files, the demo, our own tracking. Each is checked as the ingest API
    does; the refused ones are kept as rejections and returned.
    """
    received_at = received_at or timezone.now()
    encoded = (msgspec.json.encode(message) for message in messages)
    rejected: list[Rejected] = []
    for number, (items, refused) in enumerate(_slices(encoded)):
        # a made-up message id comes from token and place, so that each slice needs its own
        token = (
            {"token": f"{envelope['token']}-{number}"} if envelope and "token" in envelope else {}
        )
        store(
            source.pk,
            items,
            refused,
            {**(envelope or {}), **token} or new_envelope(),
            received_at,
            is_history=is_history,
        )
        rejected += refused
    return rejected


def new_envelope() -> dict[str, Any]:
    """An envelope whose messages without an id get one that a second processing makes again."""
    import uuid  # noqa: PLC0415

    return {"token": uuid.uuid4().hex}


def split(raws: Iterable[tuple[int, bytes]], kind: str = "") -> tuple[list[bytes], list[Rejected]]:
    """Those fit to be kept, and the others with their reasons."""
    accepted: list[bytes] = []
    refused: list[Rejected] = []
    for index, raw in raws:
        _call, problem = check(msgspec.Raw(raw), kind)
        if problem is None:
            accepted.append(raw)
        else:
            refused.append(refusal(index, problem, raw, kind))
    return accepted, refused


def _insert(
    cursor: Any,
    source_id: int,
    items: Sequence[bytes],
    envelope: dict[str, Any],
    received_at: datetime,
    is_history: bool,
) -> None:
    if items:
        body = b"[" + b",".join(items) + b"]"
        row = (source_id, body, Jsonb(envelope), len(items), is_history, received_at)
        cursor.execute(INSERT_INBOX, row)


def _slices(encoded: Iterable[bytes]) -> Iterable[tuple[list[bytes], list[Rejected]]]:
    part: list[tuple[int, bytes]] = []
    size = 0
    for index, raw in enumerate(encoded):
        part.append((index, raw))
        size += len(raw)
        if size >= SLICE_BYTES:
            yield split(part)
            part, size = [], 0
    if part:
        yield split(part)


def _flush_commits() -> None:
    """Once a connection: a commit is on disk when it returns."""
    connection.ensure_connection()
    raw = connection.connection
    if getattr(raw, "_rapport_flushes", None) is not True:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
        raw._rapport_flushes = not connection.in_atomic_block  # a rollback would undo it

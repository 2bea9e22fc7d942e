"""Notes what each run of a unit of work came to: kept in the process, written every few seconds.

Never in the unit's own transaction, and never a reason for it to fail.
"""

import logging
import os
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from config.postgres import symptoms
from config.workspace.work import unnoted
from config.workspace.work.reasons import MOST, provider_word, reason_of
from config.workspace.work.repeats import Repeats
from config.workspace.work.waiting import SENDING, WORKERS

FLUSH_SECONDS = 5.0
QUIET_SECONDS = 20.0  # where nothing was done and nothing failed; the first note is not held back
KEPT_MINUTES = timedelta(days=1)
log = logging.getLogger("rapport.work")
repeats = Repeats(log)


@dataclass
class _Noted:
    """What is not written yet of one unit."""

    runs: int = 0
    failures: int = 0
    handled: int = 0
    success_at: datetime | None = None
    progress_at: datetime | None = None
    error: str = ""
    error_since: datetime | None = None
    error_at: datetime | None = None
    streak: int = 0


class _Notes:
    """Of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.units: dict[str, _Noted] = {}
        self.sent: Counter[tuple[str, str, str]] = Counter()
        self.failing: set[str] = set()
        self.is_quiet = False  # since the last flush, which was not the first
        self.is_by_file = False  # told by a file what could not be written
        self.flushed_at = time.monotonic()


_notes = _Notes()


def forget() -> None:
    """Begin with nothing noted: a forked process, a test."""
    global _notes  # noqa: PLW0603 - a forked process begins with none
    _notes = _Notes()
    repeats.forget()


os.register_at_fork(after_in_child=forget)


def watched(name: str, function: Callable[[], int]) -> int:
    """`function()`, noted as a run of the unit `name`. Raises what it raises, said in the log."""
    try:
        handled = function()
    except Exception as error:
        repeats.failed(f"work {name}", reason_of(error), _place_of(error))
        failed(name, error)
        raise
    repeats.worked(f"work {name}")
    succeeded(name, handled)
    return handled


def _place_of(error: Exception) -> str:
    """The frames: neither the message nor the locals, which may hold personal data.

    None for what is not about our code: a server that went away.
    """
    if ": " in reason_of(error):
        return ""
    return "".join(traceback.format_tb(error.__traceback__)).rstrip()


def succeeded(name: str, handled: int = 0, *, runs: int = 1) -> None:
    """The unit ran and did `handled` things."""
    now = timezone.now()
    with _notes.lock:
        noted = _notes.units.setdefault(name, _Noted())
        noted.runs += runs
        noted.handled += handled
        noted.success_at = now
        if handled:
            noted.progress_at = now
            _notes.is_quiet = _notes.is_quiet and name in WORKERS
        noted.error, noted.error_since, noted.error_at, noted.streak = "", None, None, 0
        recovered = name in _notes.failing
        _notes.failing.discard(name)
    _flush_if_due(at_once=recovered)


def failed(name: str, error: BaseException | str, *, times: int = 1) -> None:
    """The unit failed. An error is reduced to what may be said; a string is written as it is."""
    if isinstance(error, BaseException):
        symptoms.report(Path(settings.VAR_DIR), error)
    reason = reason_of(error) if isinstance(error, BaseException) else error
    now = timezone.now()
    with _notes.lock:
        noted = _notes.units.setdefault(name, _Noted())
        noted.runs += times
        noted.failures += times
        noted.streak += times
        noted.error, noted.error_at = reason[: 2 * MOST], now
        noted.error_since = noted.error_since or now
        _notes.is_quiet = False
        is_new = name not in _notes.failing
        _notes.failing.add(name)
    _flush_if_due(at_once=is_new)


def sent(channel: str, outcomes: Counter[tuple[str, str]]) -> None:
    """Hand-overs on a channel, by (outcome, the provider's word): for the counts alone."""
    with _notes.lock:
        _notes.is_quiet = False
        for (outcome, word), n in outcomes.items():
            _notes.sent[channel, outcome, provider_word(word)] += n
    _flush_if_due()


def taken(channel: str, accepted: int) -> None:
    """The other side of a channel took something: it works."""
    repeats.worked(f"sending by {channel}")
    succeeded(SENDING + channel, accepted, runs=accepted)


def refused(channel: str, count: int, word: str) -> None:
    """The other side of a channel took nothing of `count`; why, in its own word.

    `count` is 0 where nothing could be offered to it.
    """
    reason = provider_word(word)
    repeats.failed(f"sending by {channel}", reason, times=count or 1)
    failed(SENDING + channel, reason, times=count)


def flush() -> None:
    """Write what was noted: one statement for the units, one for the counts. Raises nothing."""
    with _notes.lock:
        units, _notes.units = _notes.units, {}
        sent, _notes.sent = _notes.sent, Counter()
        _notes.flushed_at, _notes.is_quiet = time.monotonic(), True
    if not units and not sent:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if units:
                cursor.execute(_WRITE_UNITS, _columns(units))
            if sent:
                minute = timezone.now().replace(second=0, microsecond=0)
                cursor.execute(_WRITE_SENT, _sent_columns(sent, minute))
                cursor.execute("DELETE FROM send_count WHERE minute < %s", [minute - KEPT_MINUTES])
    except Exception as error:  # of the notes alone: the work itself goes on
        repeats.failed("noting how work fares", reason_of(error))
        _tell_by_file(units)
        _give_back(units, sent)
    else:
        repeats.worked("noting how work fares")
        if _notes.is_by_file:
            _notes.is_by_file = False
            unnoted.clear(Path(settings.VAR_DIR))


def _tell_by_file(units: dict[str, _Noted]) -> None:
    failing = {
        name: unnoted.Failing(one.error, one.error_since.timestamp(), one.streak)
        for name, one in units.items()
        if one.error_since is not None
    }
    if failing:
        _notes.is_by_file = True
        unnoted.write(Path(settings.VAR_DIR), failing)


def _flush_if_due(*, at_once: bool = False) -> None:
    seconds = QUIET_SECONDS if _notes.is_quiet else FLUSH_SECONDS
    if at_once or time.monotonic() - _notes.flushed_at >= seconds:
        flush()


def _give_back(units: dict[str, _Noted], sent: Counter[tuple[str, str, str]]) -> None:
    """What could not be written is written next time, with what has come since."""
    with _notes.lock:
        for name, old in units.items():
            new = _notes.units.setdefault(name, old)
            if new is not old:
                new.runs += old.runs
                new.failures += old.failures
                new.handled += old.handled
                new.progress_at = new.progress_at or old.progress_at
                if new.success_at is None:
                    new.success_at = old.success_at
                    new.streak += old.streak
                    new.error_since = old.error_since or new.error_since
        _notes.sent += sent


def _columns(units: dict[str, _Noted]) -> dict[str, list[Any]]:
    rows = [units[name] for name in sorted(units)]
    columns: dict[str, list[Any]] = {"names": sorted(units)}
    for field in ("runs", "failures", "handled", "success_at", "progress_at"):
        columns[field] = [getattr(row, field) for row in rows]
    for field in ("error", "error_since", "error_at", "streak"):
        columns[field] = [getattr(row, field) for row in rows]
    return columns


def _sent_columns(sent: Counter[tuple[str, str, str]], minute: datetime) -> dict[str, list[Any]]:
    totals: Counter[tuple[str, str]] = Counter()
    for (channel, outcome, _word), n in sent.items():
        totals[channel, outcome] += n
    rows: list[tuple[str, str, str, datetime | None, int]] = [
        (channel, outcome, "", None, n) for (channel, outcome), n in totals.items()
    ]
    rows += [(channel, outcome, word, minute, n) for (channel, outcome, word), n in sent.items()]
    rows.sort(key=lambda row: (row[0], row[1], row[2], row[3] is None))
    names = ("channels", "outcomes", "words", "minutes", "counts")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


# Sorted by name, so that two processes wait for each other's rows in one order.
_WRITE_UNITS = """
INSERT INTO work_run AS w (name, runs, failures, handled, last_success, last_progress,
                           error, error_since, error_at, error_count)
SELECT * FROM unnest(
    %(names)s::text[], %(runs)s::bigint[], %(failures)s::bigint[], %(handled)s::bigint[],
    %(success_at)s::timestamptz[], %(progress_at)s::timestamptz[], %(error)s::text[],
    %(error_since)s::timestamptz[], %(error_at)s::timestamptz[], %(streak)s::bigint[])
ON CONFLICT (name) DO UPDATE SET
    runs = w.runs + excluded.runs,
    failures = w.failures + excluded.failures,
    handled = w.handled + excluded.handled,
    last_success = greatest(w.last_success, excluded.last_success),
    last_progress = greatest(w.last_progress, excluded.last_progress),
    error = CASE WHEN excluded.error_at IS NOT NULL THEN excluded.error
                 WHEN excluded.last_success IS NOT NULL THEN '' ELSE w.error END,
    error_at = CASE WHEN excluded.last_success IS NULL
                    THEN greatest(w.error_at, excluded.error_at) ELSE excluded.error_at END,
    -- a success noted with failures came before them
    error_since = CASE WHEN excluded.last_success IS NULL
                       THEN coalesce(w.error_since, excluded.error_since)
                       ELSE excluded.error_since END,
    error_count = excluded.error_count
                + CASE WHEN excluded.last_success IS NULL THEN w.error_count ELSE 0 END
"""
_WRITE_SENT = """
INSERT INTO send_count AS s (channel, outcome, word, minute, n)
SELECT * FROM unnest(%(channels)s::text[], %(outcomes)s::text[], %(words)s::text[],
                     %(minutes)s::timestamptz[], %(counts)s::bigint[])
ON CONFLICT (channel, minute, outcome, word) DO UPDATE SET n = s.n + excluded.n
"""

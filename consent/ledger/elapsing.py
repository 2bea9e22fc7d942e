"""What time alone changes: permissions that expire, pauses that end.

An entry whose evidence holds `until` (ISO 8601, UTC, with `Z`) does `then` at that moment: `expire`
appends an `expired` entry, `resume` repeats the grants that a pause interrupted. Found by the index
`consent_entry_until`; both only while the entry is still the one that stands.
"""

import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from config.postgres.sql import run, sql
from config.workspace.work.faults import is_outage, is_passing
from config.workspace.zones import stamp
from consent.ledger.recording import Statement, record_consents
from consent.ledger.standing import standing

log = logging.getLogger(__name__)
_told: set[int] = set()
PAUSE = timedelta(days=30)
BATCH = 1000

_DUE = """
SELECT e.profile_id, e.id, e.contact_point, e.purpose_id, e.channel, e.topic_id, e.basis,
       e.source_id, e.evidence, e.status, e.at
FROM consent_entry e JOIN ({standing}) s
  ON s.profile_id = e.profile_id AND s.entry_id = e.id AND s.contact_point = e.contact_point
 AND s.topic_key = coalesce(e.topic_id, 0)
WHERE e.evidence->>'until' <= {now} AND e.evidence->>'until' > {since}
ORDER BY e.evidence->>'until', e.profile_id, e.id LIMIT {batch} OFFSET {left_out}
"""
# An installation may have stood still for so long; what is older was carried out long ago.
LOOKBACK = timedelta(days=400)


def elapse(now: datetime | None = None) -> int:
    """Carry out what is due; the number of entries appended. One query where nothing is.

    What cannot be carried out (a moment that is none, a row that the database refuses) is logged,
    stays as it is and holds up no other. Raises outages of the database.
    """
    now = now or timezone.now()
    left_out = 0
    while rows := _due(now, left_out):
        done = _carry_out(rows)
        if done:
            return done
        left_out += len(rows)  # not one of these can be: look behind them
    return 0


def _due(now: datetime, left_out: int) -> list[tuple[Any, ...]]:
    return run(
        sql(
            _DUE,
            standing=standing(),
            now=stamp(now),
            since=stamp(now - LOOKBACK),
            batch=BATCH,
            left_out=left_out,
        )
    )


def _carry_out(rows: Sequence[tuple[Any, ...]]) -> int:
    """All at once; where that fails, in halves, until the row is found that it fails of."""
    try:
        with transaction.atomic():
            return len(record_consents([_after(*row) for row in rows]))
    except Exception as error:
        if is_outage(error) or is_passing(error):
            raise
        if len(rows) == 1:
            _tell(rows[0][1], error)
            return 0
    middle = len(rows) // 2
    return _carry_out(rows[:middle]) + _carry_out(rows[middle:])


def _tell(entry_id: int, error: Exception) -> None:
    """Once a process."""
    if entry_id not in _told:
        _told.add(entry_id)
        log.warning("entry %s cannot elapse: %s", entry_id, type(error).__name__)


def _after(  # noqa: PLR0913, PLR0917 - the columns of a row
    profile_id: int,
    entry_id: int,
    contact_point: str,
    purpose_id: int,
    channel: str,
    topic_id: int | None,
    basis: str,
    source_id: int | None,
    evidence: Any,
    status: str,
    at: datetime,
) -> Statement:
    found: dict[str, Any] = json.loads(evidence) if isinstance(evidence, str) else evidence
    resumes = found.get("then") == "resume" and status == "withdrawn"
    until = datetime.fromisoformat(found["until"])
    return Statement(
        profile_id=profile_id,
        purpose_id=purpose_id,
        channel=channel,
        contact_point=contact_point,
        topic_id=topic_id,
        status="granted" if resumes else "expired",
        basis=basis,
        source_id=source_id,
        actor="system",
        cites_id=entry_id,
        # said for a time that was over already: it ends as it begins, and not before
        at=max(until, at),
        # the person chose the end of the pause together with its beginning: the act is theirs
        evidence={"act": "form", "resumes": entry_id} if resumes else {"expires": entry_id},
    )

"""What came of calls, written down: on the delivery, on its webhook, and for its kind of event."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from config.postgres.sql import run, sql
from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing import giving_up
from config.workspace.outgoing.queue import after, note_server
from config.workspace.outgoing.tries import GONE, Tried
from config.workspace.work.circuits import Turn

KEPT_TRIES: Final = 20
# by the number of the try: who comes too late settles nothing, unless it was taken after all
_SETTLE: Final = f"""
UPDATE webhook_delivery t SET due_at = coalesce(g.due_at, t.due_at),
    delivered_at = g.delivered_at, failed_at = g.failed_at, last_error = g.error,
    last_status = g.status, answer = g.answer,
    sealed = CASE WHEN g.delivered_at IS NULL THEN t.sealed END,
    tries = (CASE WHEN jsonb_array_length(t.tries) >= {KEPT_TRIES} THEN t.tries - 0
             ELSE t.tries END) || g.tried
FROM unnest({{ids}}::bigint[], {{attempts}}::int[], {{due}}::timestamptz[],
            {{delivered}}::timestamptz[], {{failed}}::timestamptz[], {{errors}}::text[],
            {{statuses}}::int[], {{answers}}::text[], {{tried}}::jsonb[])
     AS g(id, attempts, due_at, delivered_at, failed_at, error, status, answer, tried)
WHERE t.id = g.id AND t.attempts = g.attempts AND t.delivered_at IS NULL
  AND (t.failed_at IS NULL OR g.delivered_at IS NOT NULL)
RETURNING t.id
"""  # noqa: S608
_NOTE: Final = """
UPDATE webhook w SET
    last_taken_at = coalesce(g.taken_at, w.last_taken_at),
    failing_since = CASE WHEN g.taken_at IS NULL THEN coalesce(w.failing_since, {now}) END,
    failures = CASE WHEN g.taken_at IS NULL THEN w.failures + g.failed ELSE 0 END
FROM (SELECT unnest({ids}::bigint[]), unnest({taken}::timestamptz[]), unnest({failed}::int[])
      ORDER BY 1) AS g(id, taken_at, failed)
WHERE w.id = g.id
"""


@dataclass(frozen=True)
class Result:
    """A delivery, and what came of its newest try."""

    row: WebhookDelivery
    tried: Tried
    turn: Turn = Turn.ALL


def settle(results: Sequence[Result]) -> None:
    """Write them down, in one transaction; then leave servers alone that gave no answer."""
    now = timezone.now()
    with transaction.atomic():
        written = _write(results, now)
        ours = [one for one in results if one.row.pk in written]
        _note_webhooks(ours, now)
        giving_up.settled([_told(one, now) for one in ours if _is_done(one)])
        for webhook in _lost(ours):
            giving_up.switch_off(*webhook)
    for server, one in _by_server(results).items():
        note_server(server, one.tried, one.turn)


def _by_server(results: Sequence[Result]) -> dict[str, Result]:
    """What each server came to: of one that answered anybody, that it did."""
    found: dict[str, Result] = {}
    for one in sorted(results, key=lambda one: not one.tried.is_silent):
        found[one.row.webhook.server] = one
    return found


def withhold(undone: Sequence[tuple[WebhookDelivery, str]]) -> None:
    """Give up what is not said, and why; no fault of the webhook's."""
    now = timezone.now()
    for row, why in undone:
        row.failed_at, row.last_error, row.withheld = now, why, True
        rows = WebhookDelivery.objects.filter(pk=row.pk, attempts=row.attempts)  # or it is gone
        rows.update(failed_at=now, last_error=why, withheld=True)
    giving_up.settled([row for row, _why in undone])


def _write(results: Sequence[Result], now: datetime) -> set[int]:
    changes = [after(one.tried, one.row.attempts, now) for one in results]
    query = sql(
        _SETTLE,
        ids=[one.row.pk for one in results],
        attempts=[one.row.attempts for one in results],
        due=[change.get("due_at") for change in changes],
        delivered=[change.get("delivered_at") for change in changes],
        failed=[change.get("failed_at") for change in changes],
        errors=[one.tried.error for one in results],
        statuses=[one.tried.status for one in results],
        answers=[one.tried.answer for one in results],
        tried=[json.dumps([_noted(one.tried, now)]) for one in results],
    )
    return {row[0] for row in run(query)}


def _noted(result: Tried, now: datetime) -> dict[str, Any]:
    at = now - timedelta(milliseconds=result.ms)
    return {
        "at": at.isoformat(timespec="milliseconds"),
        "status": result.status,
        "error": result.error,
        "ms": result.ms,
    }


def _note_webhooks(results: Sequence[Result], now: datetime) -> None:
    """Each webhook once: healthy again where one call was taken."""
    failed: dict[int, int] = {}
    taken: set[int] = set()
    for one in results:
        number = one.row.webhook_id
        failed[number] = failed.get(number, 0) + (not one.tried.is_taken)
        if one.tried.is_taken:
            taken.add(number)
    ids = sorted(failed)
    if ids:
        with connection.cursor() as cursor:
            sql(
                _NOTE,
                now=now,
                ids=ids,
                taken=[now if number in taken else None for number in ids],
                failed=[failed[number] for number in ids],
            ).on(cursor)


def _is_done(one: Result) -> bool:
    return one.tried.is_taken or one.tried.pause(one.row.attempts) is None


def _told(one: Result, now: datetime) -> WebhookDelivery:
    row, result = one.row, one.tried
    row.last_status, row.last_error = result.status, result.error
    row.delivered_at, row.failed_at = (now, None) if result.is_taken else (None, now)
    return row


def _lost(results: Sequence[Result]) -> list[tuple[Webhook, str]]:
    """Webhooks to switch off: the other side said so, or took nothing for days."""
    gone = {one.row.webhook_id for one in results if one.tried.status == GONE}
    failed = {one.row.webhook_id for one in results if not one.tried.is_taken}
    rows = Webhook.objects.filter(pk__in=failed, enabled=True).order_by("pk") if failed else ()
    found = []
    for row in rows:
        if row.pk in gone:
            found.append((row, Webhook.Off.GONE))
        elif giving_up.is_beyond_hope(row):
            found.append((row, Webhook.Off.FAILING))
    return [(row, because.value) for row, because in found]

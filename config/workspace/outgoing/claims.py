"""Deliveries that are due, taken a few of each webhook at a time so that none holds up another."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils import timezone

from config.postgres.sql import Sql, ids_of, run, sql
from config.workspace.models import Webhook, WebhookDelivery
from config.workspace.outgoing.queue import CHANNEL, LEASE_SECONDS, OPEN, CallQueue
from config.workspace.work import circuits
from config.workspace.work.circuits import Turn
from config.workspace.work.due import Left, left_of

AT_ONCE: Final = 8  # calls of one webhook at the same moment
# nothing is tried by one that is off, or at a server that is left alone
_TRIED: Final = """EXISTS (SELECT FROM webhook w WHERE w.id = c.webhook_id AND w.enabled
    AND NOT EXISTS (SELECT FROM circuit o WHERE o.server = w.server))"""
QUEUE: Final = CallQueue("webhook_delivery", _TRIED)
_CLAIM: Final = f"""
WITH lane AS (
    SELECT w.id, {{at_once}}::int - coalesce(b.n, 0) AS free
    FROM webhook w
    LEFT JOIN unnest({{busy}}::bigint[], {{counts}}::int[]) AS b(id, n) ON b.id = w.id
    WHERE w.enabled AND NOT w.id = ANY({{slow}}::bigint[]) AND {{which}}
), due AS (
    SELECT d.id FROM lane l CROSS JOIN LATERAL (
        SELECT c.id FROM webhook_delivery c
        WHERE c.webhook_id = l.id AND {OPEN} AND c.due_at <= statement_timestamp()
        ORDER BY c.due_at LIMIT greatest(l.free, 0) FOR UPDATE SKIP LOCKED) d
    LIMIT {{most}}
)
UPDATE webhook_delivery t SET attempts = t.attempts + 1,
    due_at = statement_timestamp() + interval '1 second' * {LEASE_SECONDS}
FROM due WHERE t.id = due.id RETURNING t.id
"""  # noqa: S608 - pieces of ours


def claim(most: int, busy: Mapping[int, int], slow: Sequence[int] = ()) -> list[WebhookDelivery]:
    """At most so many that are due, of servers that work; `busy` are calls under way by webhook.

    None of `slow` webhooks.
    """
    which = sql("NOT EXISTS (SELECT FROM circuit o WHERE o.server = w.server)")
    return _claimed(
        sql(
            _CLAIM,
            at_once=AT_ONCE,
            busy=list(busy),
            counts=list(busy.values()),
            slow=list(slow),
            which=which,
            most=most,
        )
    )


def claim_one_each() -> list[tuple[WebhookDelivery, str]]:
    """One for each server that was left alone for long enough, to see whether it works again."""
    found = []
    for server in circuits.over(CHANNEL, timezone.now()):
        waits = Webhook.objects.filter(server=server, enabled=True).exists()
        if not waits or circuits.take_turn(server, timezone.now()) is not Turn.ONE:
            continue
        query = sql(
            _CLAIM,
            at_once=1,
            busy=[],
            counts=[],
            slow=[],
            which=sql("w.server = {server}", server=server),
            most=1,
        )
        rows = _claimed(query)
        found += [(row, server) for row in rows]
        if not rows:
            circuits.give_back(server)
    return found


def _claimed(query: Sql) -> list[WebhookDelivery]:
    ids = ids_of(run(query))
    rows = WebhookDelivery.objects.filter(pk__in=ids) if ids else WebhookDelivery.objects.none()
    return list(rows.select_related("webhook__secret", "webhook__former_secret").order_by("id"))


def left() -> Left:
    """What is due, and of it what another worker holds."""
    return left_of(f"SELECT c.id FROM webhook_delivery c WHERE {QUEUE.due}")()  # noqa: S608

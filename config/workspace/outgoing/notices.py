"""Writes down what webhooks are to be told, in the transaction that makes it so.

Where nobody listens it costs one look at a small table; where somebody does, one statement for any
number of facts.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db import connection

from config.postgres.sql import Sql, sql
from config.workspace.models import Webhook
from config.workspace.outgoing.kinds import KINDS
from config.workspace.work.due import wake

WORK: Final = "webhooks"
PEOPLE_AT_ONCE: Final = 100  # in one call that is about many
_WRITE: Final = """
INSERT INTO webhook_delivery (public_id, webhook_id, event, data, people, sealed, withheld,
    attempts, due_at, last_error, answer, tries, created_at)
SELECT gen_random_uuid(), w.id, {event}, f.data, f.people, f.sealed, FALSE, 0,
       statement_timestamp(), '', '', '[]', statement_timestamp()
FROM ({facts}) f CROSS JOIN webhook w WHERE w.id = ANY({webhooks}::bigint[])
"""
# arrays come as texts: as many as there are calls, whose ids nothing has to sort or group
_MANY: Final = """
SELECT {data}::jsonb AS data, g.people::bigint[] AS people, NULL::bytea AS sealed
FROM unnest({people}::text[]) AS g(people)
"""
_EACH: Final = """
SELECT g.data, g.people::bigint[] AS people, NULL::bytea AS sealed
FROM unnest({data}::jsonb[], {people}::text[]) AS g(data, people)
"""


def listening(event: str) -> list[int]:
    """The webhooks that are told of this kind of event. One query. Raises KeyError."""
    if event not in KINDS:
        raise KeyError(event)
    rows = Webhook.objects.filter(enabled=True, events__contains=[event])
    return list(rows.values_list("pk", flat=True))


def tell(event: str, facts: Iterable[tuple[Mapping[str, Any], Sequence[int]]]) -> None:
    """Each fact as (data, whom it is about), by profile ids; at most two statements."""
    if webhooks := listening(event):
        told = [(json.dumps(dict(data)), _array(people)) for data, people in facts]
        columns = [list(column) for column in zip(*told, strict=True)] or [[], []]
        tell_query(event, sql(_EACH, data=columns[0], people=columns[1]), webhooks)


def tell_many(event: str, data: Mapping[str, Any], people: Sequence[int]) -> None:
    """One fact about many people, in calls of `PEOPLE_AT_ONCE`; at most two statements."""
    if people and (webhooks := listening(event)):
        portions = [
            _array(people[n : n + PEOPLE_AT_ONCE]) for n in range(0, len(people), PEOPLE_AT_ONCE)
        ]
        facts = sql(_MANY, data=json.dumps(dict(data)), people=portions)
        tell_query(event, facts, webhooks)


def tell_query(event: str, facts: Sql, webhooks: Sequence[int]) -> None:
    """Facts as a query of `data` (jsonb), `people` (bigint[]) and `sealed` (bytea, mostly NULL)."""
    with connection.cursor() as cursor:
        sql(_WRITE, event=event, facts=facts, webhooks=list(webhooks)).on(cursor)
    wake(WORK)


def _array(people: Sequence[int]) -> str:
    return "{" + ",".join(map(str, people)) + "}"

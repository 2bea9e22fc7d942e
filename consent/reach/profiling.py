"""Who may be profiled: everybody but whoever said no to it.

An objection to profiling and an opt-out of automated decisions are one thing here: a refusal of the
purpose `personalisation`, of the person as a whole. Whoever said so is found by nothing that was
worked out about them (scores, groups, stages), and led into nothing that is built on it.
Source: GDPR, articles 21(2) and 22; 11 CCR 7221 (California, from 1 January 2027).
"""

from datetime import datetime
from typing import Final

from config.postgres.sql import Sql, sql
from consent.ledger.acts import BLOCKING
from consent.ledger.standing import WHOLE, Narrow, standing
from consent.models.purpose import PERSONALISATION
from consent.suppression.withdrawing import EVERY_CHANNEL

_PURPOSE: Final = "(SELECT id FROM purpose WHERE slug = {slug})"
_OBJECTORS: Final = "SELECT c.profile_id FROM ({rows}) c WHERE c.status = ANY({blocking})"


def objectors(as_of: datetime | Sql | None = None, narrow: Narrow | None = None) -> Sql:
    """A query for their profile ids, now or as of a moment."""
    rows = standing(
        as_of=as_of,
        purpose=sql(_PURPOSE, slug=PERSONALISATION),
        channel=EVERY_CHANNEL,
        topics=WHOLE,
        narrow=narrow,
    )
    return sql(_OBJECTORS, rows=rows, blocking=list(BLOCKING))


def objected(person: Sql) -> Sql:
    """A test on a person of today (an expression): they said no to it."""
    mine = objectors(narrow=lambda column: sql("{a} = {b}", a=column, b=person))
    return sql("EXISTS ({mine})", mine=mine)

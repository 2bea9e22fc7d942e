"""People of an audience by what the gate says of them, a page at a time."""

from dataclasses import dataclass

from django.db import transaction

from campaigns.audience.portions import rest
from campaigns.gate.expression import Terms
from config.postgres.sql import Sql, run, sql

# ids go upwards in both halves: `low` is the cursor, and the gate stops at the first page
_NEXT = """
(WITH people AS ({people})
 SELECT j.profile_id, j.detail, j.said_id FROM ({judged}) j
 WHERE {test} AND j.profile_id > {low} ORDER BY j.profile_id LIMIT {limit})
UNION ALL
(WITH people AS ({borrowing_people})
 SELECT j.profile_id, j.detail, j.said_id FROM ({borrowing_judged}) j
 WHERE {test} AND j.profile_id > {low} ORDER BY j.profile_id LIMIT {limit})
ORDER BY profile_id LIMIT {limit}
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """Somebody by what the gate says of them: more of the reason, and the row that shows it."""

    profile_id: int
    detail: str
    said_id: int | None


def next_people(terms: Terms, test: Sql, after: int, limit: int) -> list[Judged]:
    """The next people of the audience, by id, whose line of the gate (`j`) passes the test."""
    own, borrowing = rest(terms, after)
    query = sql(
        _NEXT,
        test=test,
        low=after,
        people=own.people,
        judged=own.judged,
        borrowing_people=borrowing.people,
        borrowing_judged=borrowing.judged,
        limit=limit,
    )
    with transaction.atomic():
        return [Judged(*line) for line in run(query)]

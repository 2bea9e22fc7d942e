"""The planner's statistics of tables that have grown: bulk work does not wait for autovacuum.

Of a table that was never analysed the planner believes what its size suggests, and of what was just
filled that it is as small as before: it nests one loop over all people in another. Autovacuum comes
a minute later, or not at all.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper

log = logging.getLogger(__name__)


def refresh_statistics(*tables: str) -> list[str]:
    """Analyse those of `tables` that grew by a fifth since it was last done; which ones.

    Partitions are looked at by themselves. One query of the catalogue where nothing grew. Call it
    outside of a transaction: it holds a light lock on each table until the end of its own.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT rapport_analyse(%s)", [list(tables)])
        done: list[str] = cursor.fetchone()[0]
    if done:
        log.debug("analysed: %s", ", ".join(done))
    return done


class Sparing:
    """`refresh_statistics` for a stream of small portions: at most a twentieth of the time.

    A table that grows from nothing is analysed at each fifth more, which would cost an inbox that
    is worked off without a pause an eighth of its speed.
    """

    def __init__(self) -> None:
        self.rests_until = 0.0

    def refresh(self, *tables: str) -> list[str]:
        """As `refresh_statistics`; nothing while it rests."""
        began = time.monotonic()
        if began < self.rests_until:
            return []
        done = refresh_statistics(*tables)
        ended = time.monotonic()
        self.rests_until = ended + 20 * (ended - began)
        return done


# of a table that was analysed while it was empty nothing is known either, once it has grown
_UNKNOWN = """
SELECT EXISTS (
    SELECT 1 FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname = ANY(%s)
      AND pg_relation_size(c.oid) > 65536
      AND (pg_relation_size(c.oid) > 2 * 8192 * c.relpages::bigint + 65536
           OR c.reltuples <> 0 AND NOT EXISTS (
              SELECT 1 FROM pg_stats s WHERE s.schemaname = 'public' AND s.tablename = c.relname)))
"""


def plan_for_the_unknown(cursor: CursorWrapper, *tables: str) -> bool:
    """Until the transaction ends no nested loops, where nothing is known of one of `tables`.

    Such a table may be just loaded or restored, and locked by whoever vacuums it, so that
    `refresh_statistics` passed it over. The planner takes a person's look-up in it for as dear as
    reading all of it, whatever its indexes: one row is expected of either. True where it was so.
    """
    cursor.execute(_UNKNOWN, [list(tables)])
    unknown: bool = cursor.fetchone()[0]
    if unknown:
        cursor.execute("SET LOCAL enable_nestloop = off")
    return unknown


@contextmanager
def joining_by_hash() -> Iterator[None]:
    """For statements in a transaction that join what they materialised: of its size the planner
    knows nothing, and a nested loop over 600,000 people twice never ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('enable_nestloop')")
        (before,) = cursor.fetchone()  # perhaps off already: `plan_for_the_unknown`
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SELECT set_config('enable_nestloop', %s, true)", [before])

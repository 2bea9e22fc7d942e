"""The planner's statistics of tables that have grown: bulk work does not wait for autovacuum.

Of a table that was never analysed the planner believes what its size suggests, and of what was just
filled that it is as small as before: it nests one loop over all people in another. Autovacuum comes
a minute later, or not at all.
"""

import logging

from django.db import connection

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

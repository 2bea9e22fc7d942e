"""Messages that are marked though nobody hands them over: what a killed process leaves.

Nobody knows what became of them. Whatever the state of their campaign, or of the server that they
were meant for, they become unknown as soon as no living lease holds them.
"""

from datetime import datetime

from django.db import connection

from campaigns.delivery.claims import INTERRUPTED
from campaigns.delivery.settling import settle_kept

# served by message_handing_over; leased chunks are as many as there are workers
_SWEEP = """
WITH held AS MATERIALIZED (
    SELECT unnest(c.message_ids) AS id FROM message_chunk c WHERE c.lease_until >= %(now)s
)
UPDATE message m SET state = 'unknown', reason = %(reason)s
WHERE m.state = 'handing_over' AND m.id NOT IN (SELECT id FROM held)
"""


def settle_strays(now: datetime) -> int:
    """Make them unknown; the number of messages. What is known of them on this machine comes first.

    One statement, by an index that is empty but for what is under way.
    """
    found = settle_kept()
    with connection.cursor() as cursor:
        cursor.execute(_SWEEP, {"now": now, "reason": INTERRUPTED})
        return found + int(cursor.rowcount)

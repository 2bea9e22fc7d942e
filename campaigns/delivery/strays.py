"""Messages that are marked though nobody hands them over: what a killed process leaves.

Nobody knows what became of them. Whatever the state of their campaign, or of the server that they
were meant for, they become unknown as soon as no living lease holds them.
"""

from django.db import connection

from campaigns.delivery.claims import INTERRUPTED
from campaigns.delivery.settling import settle_kept
from campaigns.leases import CLOCK

# served by message_handing_over; leased chunks are as many as there are workers
_SWEEP = f"""
WITH held AS MATERIALIZED (
    SELECT unnest(c.message_ids) AS id FROM message_chunk c WHERE c.lease_until >= {CLOCK}
)
UPDATE message m SET state = 'unknown', reason = %(reason)s
WHERE m.state = 'handing_over' AND m.id NOT IN (SELECT id FROM held)
"""  # noqa: S608 - pieces of ours, values are bound


def settle_strays() -> int:
    """Make them unknown; the number of messages. What is known of them on this machine comes first.

    One statement, by an index that is empty but for what is under way.
    """
    found = settle_kept()
    with connection.cursor() as cursor:
        cursor.execute(_SWEEP, {"reason": INTERRUPTED})
        return found + int(cursor.rowcount)

"""Each message id counts once per source, for as long as its claim is kept."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from config.postgres.wire import digests
from profiles.calls.messages import Incoming

INSERT = """
    INSERT INTO message_claim (digest, received_on)
    SELECT unnest(%s::bytea[]), %s::date ON CONFLICT DO NOTHING RETURNING digest
"""


def digest_of(source_id: int, message_id: str) -> bytes:
    """16 bytes that stand for a message of a source."""
    return blake2b(f"{source_id}:{message_id}".encode(), digest_size=16).digest()


def claim(cursor: Any, messages: Sequence[Incoming]) -> list[Incoming]:
    """Those not seen before, first come first; claims them. One statement.

    Sorted, so that two workers with the same messages wait for each other and do not deadlock.
    """
    wanted: dict[bytes, Incoming] = {}
    for message in messages:
        wanted.setdefault(digest_of(message.source.id, message.message_id), message)
    if not wanted:
        return []
    received_on = max(message.received_at for message in messages).date()
    cursor.execute(INSERT, [digests(sorted(wanted)), received_on])
    won = {bytes(digest) for (digest,) in cursor.fetchall()}
    return [message for digest, message in wanted.items() if digest in won]

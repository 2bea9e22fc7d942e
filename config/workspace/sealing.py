"""Seals: the audit trail in blocks, each chained to the one before.

Entries are hashed over a salted digest of what may be personal, so that an erasure can null those
columns and `verify` still passes. Entries younger than a minute wait: their transactions may not
have committed in the order of their ids.
"""

import hashlib
import json
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from config.workspace.models import AuditEntry, AuditSeal
from config.workspace.work import WORK

SETTLE = timedelta(minutes=1)
SEAL_EVERY = timedelta(minutes=5)
BLOCK = 10_000
_LOCK = 0x5EA1


def _hash_entries(previous: bytes, entries: list[AuditEntry]) -> bytes:
    chained = hashlib.sha256(previous)
    for entry in entries:
        fixed = [
            entry.pk,
            entry.at.isoformat(),
            entry.actor_kind,
            entry.actor_id,
            entry.action,
            entry.target_kind,
            entry.fields,
            bytes(entry.digest).hex(),
        ]
        chained.update(json.dumps(fixed).encode())
    return chained.digest()


@WORK.register("audit_seal", order=90)
def seal_due() -> int:
    """Seal what has settled, at most every five minutes; the number of entries sealed."""
    now = timezone.now()
    newest = AuditSeal.objects.order_by("-id").first()
    if newest is not None and newest.sealed_at > now - SEAL_EVERY:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        after = newest.last_id if newest else 0
        rows = AuditEntry.objects.filter(pk__gt=after, at__lt=now - SETTLE).order_by("pk")
        entries = list(rows[:BLOCK])
        if not entries:
            return 0
        previous = bytes(newest.hash) if newest else b""
        AuditSeal.objects.create(
            first_id=entries[0].pk,
            last_id=entries[-1].pk,
            entries=len(entries),
            previous_hash=previous,
            hash=_hash_entries(previous, entries),
        )
        return len(entries)


def verify() -> list[str]:
    """What does not fit: one sentence for each broken seal; empty when the trail is whole."""
    broken, previous = [], b""
    for seal in AuditSeal.objects.order_by("id"):
        rows = AuditEntry.objects.filter(pk__gte=seal.first_id, pk__lte=seal.last_id)
        entries = list(rows.order_by("pk"))
        if bytes(seal.previous_hash) != previous:
            broken.append(f"seal {seal.pk} does not follow the one before it")
        if len(entries) != seal.entries or _hash_entries(previous, entries) != bytes(seal.hash):
            broken.append(f"entries {seal.first_id} to {seal.last_id} were changed")
        previous = bytes(seal.hash)
    return broken

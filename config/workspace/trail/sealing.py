"""Seals: what is only ever appended to, in blocks, each chained to the one before.

The hash of a block is that of the block before and of the root of a tree over its entries, so that
one entry can be proven without the others (`proofs`). Blocks of the first scheme are a list.

Entries are hashed over a salted digest of what may be personal, so that an erasure can null those
columns and `verify` still passes. What settled is sealed: entries of a minute ago whose transaction
began before any that is still under way, since entries do not commit in the order of their ids.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from config.postgres.sql import COMMA, Sql, run, sql
from config.workspace.models import AuditEntry, Seal
from config.workspace.registry import Registry
from config.workspace.trail import trees
from config.workspace.work.due import WORK

SETTLE = timedelta(minutes=1)
SEAL_EVERY = timedelta(minutes=5)
BLOCK = 10_000
TREE = 2  # of `Seal.scheme`
_LOCK = 0x5EA1


@dataclass(frozen=True)
class Ledger:
    """A table that is sealed.

    `columns` say of an entry what never changes, `id` first, the digest of its personal columns
    among them. `fits` is a test that these are still what the digest was made of, or nulled.
    """

    entries: type[models.Model]
    columns: tuple[str, ...]
    recorded_at: str
    fits: Sql

    @property
    def name(self) -> str:
        """The name of its table."""
        return self.entries._meta.db_table


LEDGERS: Registry[Ledger] = Registry("ledgers")

_SETTLED = """
SELECT {columns}, e.{recorded_at} < {before}
  AND age(e.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid)
FROM {table} e WHERE e.id > {after} ORDER BY e.id LIMIT {block}
"""
_SEALED = (
    "SELECT {columns}, {fits} FROM {table} e WHERE e.id > {after} AND e.id <= {last} ORDER BY 1"
)


def seal_due(ledger: Ledger) -> int:
    """Seal what has settled, at most every five minutes; the number of entries sealed.

    After a whole block the next follows at once: there is more.
    """
    now = timezone.now()
    newest = Seal.objects.filter(ledger=ledger.name).order_by("-id").first()
    if newest and newest.entries < BLOCK and newest.sealed_at > now - SEAL_EVERY:
        return 0
    with transaction.atomic():
        if not _alone(ledger):
            return 0
        rows = _settled(ledger, newest.last_id if newest else 0, now - SETTLE)
        if not rows:
            return 0
        previous = bytes(newest.hash) if newest else b""
        Seal.objects.create(
            ledger=ledger.name,
            first_id=rows[0][0],
            last_id=rows[-1][0],
            entries=len(rows),
            previous_hash=previous,
            scheme=TREE,
            root=root_of(rows),
            hash=chained(previous, root_of(rows)),
        )
        return len(rows)


def _alone(ledger: Ledger) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, ledger.name])
        return bool(cursor.fetchone()[0])


def _settled(ledger: Ledger, after: int, before: datetime) -> list[tuple[Any, ...]]:
    """Those behind `after` up to the first that has not settled: a block has no gaps."""
    rows = run(
        sql(
            _SETTLED,
            columns=_columns(ledger),
            table=Sql(ledger.name),
            after=after,
            recorded_at=Sql(ledger.recorded_at),
            before=before,
            block=BLOCK,
        )
    )
    return [row[:-1] for row in takewhile(lambda row: row[-1], rows)]


def _columns(ledger: Ledger) -> Sql:
    return COMMA.joined(Sql(f"e.{name}") for name in ledger.columns)


def text_of(row: Sequence[Any]) -> str:
    """An entry as it is hashed: a JSON list of its columns."""
    return json.dumps([_plain(value) for value in row])


def root_of(rows: Iterable[Sequence[Any]]) -> bytes:
    """The root of the tree over these entries; for none, of an empty text."""
    return trees.root([trees.leaf(text_of(row).encode()) for row in rows] or [trees.leaf(b"")])


def chained(previous: bytes, root: bytes) -> bytes:
    """The hash of a block: 32 bytes, of the block before (nothing before the first) and its own."""
    return hashlib.sha256(b"\2" + previous + root).digest()


def _hash_of(seal: Seal, previous: bytes, rows: Sequence[Sequence[Any]]) -> bytes:
    """What the hash of this block has to be, by the scheme that it was sealed by."""
    if seal.scheme == TREE:
        return chained(previous, root_of(rows))
    listed = hashlib.sha256(previous)
    for row in rows:
        listed.update(text_of(row).encode())
    return listed.digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def verify(ledger: Ledger) -> list[str]:
    """What does not fit: a sentence for each broken seal and each entry whose personal columns were
    changed; empty when the ledger is whole. Reads everything that was sealed.
    """
    found, previous, last = [], b"", 0
    for seal in Seal.objects.filter(ledger=ledger.name).order_by("id"):
        rows = sealed_rows(ledger, last, seal.last_id)
        fixed = [row[:-1] for row in rows]
        if bytes(seal.previous_hash) != previous:
            found.append(f"{ledger.name}: seal {seal.pk} does not follow the one before it")
        if len(rows) != seal.entries or _hash_of(seal, previous, fixed) != bytes(seal.hash):
            span = f"{seal.first_id} to {seal.last_id}"
            found.append(f"{ledger.name}: entries {span} were changed")
        found += [f"{ledger.name}: entry {row[0]} was changed" for row in rows if not row[-1]]
        previous, last = bytes(seal.hash), seal.last_id
    return found


def sealed_rows(ledger: Ledger, after: int, last: int) -> list[tuple[Any, ...]]:
    """The columns of each entry and whether its personal ones fit; also what was slipped in
    between two blocks.
    """
    return run(
        sql(
            _SEALED,
            columns=_columns(ledger),
            fits=ledger.fits,
            table=Sql(ledger.name),
            after=after,
            last=last,
        )
    )


# `audit.record` makes the digest; of a target that was cut it cannot be made again
_AUDIT_FITS = Sql("""(
    e.digest = sha256(convert_to((SELECT w.salt FROM workspace w) || ':'
                                 || coalesce(e.profile_id::text, '') || ':' || e.target, 'UTF8'))
    OR (e.target = '' AND e.profile_id IS NULL) OR length(e.target) >= 200)""")
AUDIT = LEDGERS.register("audit")(
    Ledger(
        AuditEntry,
        ("id", "at", "actor_kind", "actor_id", "action", "target_kind", "fields", "digest"),
        "at",
        _AUDIT_FITS,
    )
)
WORK.register("audit_seal", order=90)(partial(seal_due, AUDIT))

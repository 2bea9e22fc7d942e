"""One entry of a ledger as a small file that proves it without our database and without trust.

The file holds the entry as it was sealed, the hashes beside it up to the root of its block, and the
chain of blocks from there to one that an authority outside has stamped with its time, else to the
newest. Nothing in it is of another person. `verify_proof.py` beside it checks the file with the
standard library alone.
"""

import base64
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from django.db.models import Max, Min

from config.postgres.sql import Sql, one, sql
from config.workspace.models import Seal, TimeStamp
from config.workspace.trail import trees
from config.workspace.trail.sealing import TREE, Ledger, chained, sealed_rows, text_of

FORMAT: Final = "rapport-proof/1"
MOST_BLOCKS: Final = 20_000  # a block every five minutes for two months, and a stamp a day
SCRIPT: Final = Path(__file__).parent / "verify_proof.py"


class NotProvable(ValueError):
    """Why there is no proof of this entry: "unsealed", "listed" or "broken"."""


@dataclass(frozen=True)
class Chain:
    """The block of an entry and those behind it, as far as a proof needs them."""

    seals: list[Seal]
    stamps: list[TimeStamp]

    @property
    def stamped(self) -> TimeStamp | None:
        """The first stamp: no entry of the chain up to it is younger."""
        return self.stamps[0] if self.stamps else None


def chain_of(ledger: Ledger, entry_id: int) -> Chain:
    """Two queries. Raises NotProvable."""
    seals = list(
        Seal.objects.filter(ledger=ledger.name, last_id__gte=entry_id).order_by("id")[:MOST_BLOCKS]
    )
    if not seals or seals[0].first_id > entry_id:
        raise NotProvable("unsealed")
    if seals[0].scheme != TREE:
        raise NotProvable("listed")
    if any(bytes(later.previous_hash) != bytes(seal.hash) for seal, later in pairwise(seals)):
        raise NotProvable("broken")
    stamps = list(TimeStamp.objects.filter(seal__in=seals).order_by("seal_id", "id"))
    if stamps:
        seals = [seal for seal in seals if seal.pk <= stamps[0].seal_id]
        stamps = [stamp for stamp in stamps if stamp.seal_id == seals[-1].pk]
    return Chain(seals, stamps)


def provable(ledger: Ledger) -> range:
    """The ids whose entries are in blocks that prove them, if there is such an entry. One query."""
    blocks = Seal.objects.filter(ledger=ledger.name, scheme=TREE)
    ends = blocks.aggregate(first=Min("first_id"), last=Max("last_id"))
    return range(ends["first"] or 0, (ends["last"] or -1) + 1)


def proof_of(ledger: Ledger, entry_id: int, sealed_text: Sql) -> dict[str, Any]:
    """The file. `sealed_text`: SQL, of an entry `e` and the workspace `w`, of the text whose
    SHA-256 is the entry's digest. Raises NotProvable.

    Reads the entry's block, at most 10,000 rows.
    """
    chain = chain_of(ledger, entry_id)
    first = chain.seals[0]
    rows = [row[:-1] for row in sealed_rows(ledger, first.first_id - 1, first.last_id)]
    texts = [text_of(row) for row in rows]
    index = next((n for n, row in enumerate(rows) if row[0] == entry_id), None)
    leaves = [trees.leaf(text.encode()) for text in texts]
    sealed = chained(bytes(first.previous_hash), trees.root(leaves))
    if index is None or sealed != bytes(first.hash):
        raise NotProvable("broken")
    return {
        "format": FORMAT,
        "ledger": ledger.name,
        "columns": list(ledger.columns),
        "entry": texts[index],
        "personal": _personal(ledger, entry_id, sealed_text),
        "path": [[side, beside.hex()] for side, beside in trees.path(leaves, index)],
        "chain": [_block(seal) for seal in chain.seals],
        "time_stamps": [
            {
                "authority": stamp.authority,
                "at": stamp.at.isoformat(),
                "token": base64.b64encode(bytes(stamp.token)).decode(),
            }
            for stamp in chain.stamps
        ],
    }


def _personal(ledger: Ledger, entry_id: int, sealed_text: Sql) -> str:
    """What the digest of the entry was made of; "" once an erasure has emptied it."""
    digest = Sql("e.digest = sha256(convert_to(x.text, 'UTF8'))")
    (text,) = one(
        sql(
            "SELECT (SELECT CASE WHEN {fits} THEN x.text ELSE '' END FROM {table} e, workspace w,"
            " LATERAL (SELECT {text} AS text) x WHERE e.id = {id})",
            fits=digest,
            table=Sql(ledger.name),
            text=sealed_text,
            id=entry_id,
        )
    )
    return text or ""


def _block(seal: Seal) -> dict[str, Any]:
    root = bytes(seal.root or b"")
    return {
        "block": seal.pk,
        "previous": bytes(seal.previous_hash).hex(),
        "root": root.hex(),
        "hash": bytes(seal.hash).hex(),
        "sealed_at": seal.sealed_at.isoformat(),
    }

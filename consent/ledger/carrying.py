"""What was refused for an address goes with it, to whoever has it now.

An address that only a public key gave to a person is taken out of them when a source of ours says
whose it is. A permission stays behind: it was another person's. A refusal is the address's too.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from config.postgres.sql import run, sql
from consent.channels import ways_to
from consent.ledger.acts import BLOCKING
from consent.ledger.recording import record_consents, said_again
from consent.ledger.standing import standing
from consent.models import ConsentEntry
from profiles.identity.batch import MovedIdentifier
from profiles.ingest.hooks import AFTER_BATCH, WrittenBatch
from profiles.people.lineage import given_people

_REFUSED = """
SELECT g.now, s.entry_id FROM unnest({addresses}::text[], {before}::bigint[], {now}::bigint[])
     AS g(address, before, now)
JOIN ({stood}) s ON s.profile_id = g.before AND s.contact_point = g.address
WHERE s.channel = ANY({channels}) AND s.status = ANY({blocking})
"""


def carry_refusals(moved: Sequence[MovedIdentifier]) -> None:
    """Say again of who has them now what was refused for these addresses. None moved: no query."""
    found: list[tuple[int, int]] = []
    for kind in sorted({one.key[0] for one in moved}):
        channels = ways_to(kind)
        own = [one for one in moved if one.key[0] == kind and one.before != one.now]
        if channels and own:
            refused = sql(
                _REFUSED,
                addresses=[one.key[1] for one in own],
                before=[one.before for one in own],
                now=[one.now for one in own],
                stood=standing(given_people([one.before for one in own])),
                channels=channels,
                blocking=list(BLOCKING),
            )
            found += run(refused)
    entries = ConsentEntry.objects.in_bulk([entry_id for _now, entry_id in found])
    record_consents(
        [replace(said_again(entries[number], now), actor="system") for now, number in found]
    )


@AFTER_BATCH.register("consent.carrying")
def carry(cursor: Any, batch: WrittenBatch) -> None:
    """Of what a batch of the inbox took out of people."""
    if batch.moved:
        carry_refusals(batch.moved)

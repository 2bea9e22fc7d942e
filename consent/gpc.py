"""Global Privacy Control on what comes in: an opt-out of sale and sharing (wire.md)."""

from typing import Any

from consent.services.withdrawing import opt_out_of_sharing
from profiles.ingest.hooks import AFTER_BATCH, Batch


def honour_gpc(cursor: Any, batch: Batch) -> None:
    """Opt everyone out whose browser sent the signal; two queries where nobody is new to it."""
    people = sorted({message.profile_id for message in batch.messages if message.gpc})
    if people:
        evidence = {"signal": "gpc", "header": "Sec-GPC: 1"}
        if opt_out_of_sharing(people, evidence=evidence):
            batch.changed_names.add("consent")


AFTER_BATCH.register("consent.gpc")(honour_gpc)

"""Global Privacy Control on what comes in: an opt-out of sale and sharing.

The header says what a browser wants; whose browser it is, a public key does not prove. An objection
is cheap to honour, so it is, for the browser and for whom it names, marked as what it is: by a
browser, unproven. But anybody could send it in another's name. So where the person allows sharing
by a statement that was proven, that stands, the signal is kept as a claim beside it, and who
follows the link in a mail can make it hold. What was recorded unproven can be taken back in the
console.
"""

from collections.abc import Iterable
from typing import Any

from consent.suppression.withdrawing import opt_out_of_sharing
from profiles.calls.messages import Incoming
from profiles.ingest.hooks import AFTER_BATCH, WrittenBatch

EVIDENCE = {"signal": "gpc", "header": "Sec-GPC: 1"}
UNPROVEN = "by a browser, unproven"


def honour_gpc(cursor: Any, batch: WrittenBatch) -> None:
    """Opt everyone out whose browser sent the signal; two queries where nobody is new to it."""
    proven, unproven = _people([*batch.messages, *batch.withheld])
    for source_id, people in sorted(proven.items()):
        opt_out_of_sharing(sorted(people), evidence=EVIDENCE, source_id=source_id)
    for source_id, people in sorted(unproven.items()):
        evidence = EVIDENCE | {"proof": UNPROVEN}
        opt_out_of_sharing(sorted(people), evidence=evidence, source_id=source_id, is_proven=False)


def _people(messages: Iterable[Incoming]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """By source, whom the signal came for: from sources of ours, and with a public key."""
    found: tuple[dict[int, set[int]], dict[int, set[int]]] = ({}, {})
    for message in messages:
        if message.gpc:
            told = found[0] if message.source.is_verified else found[1]
            told.setdefault(message.source.id, set()).add(message.profile_id)
    return found


AFTER_BATCH.register("consent.gpc")(honour_gpc)

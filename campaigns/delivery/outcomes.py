"""What the health of the installation learns of each batch: how many were taken, and why not.

A bounce is about one address: the server works. A few refusals are about their people, too; but a
server that lets nobody in, or takes none of many, has a fault, or we have.
"""

from collections import Counter
from collections.abc import Sequence

from campaigns.channels.base import BOUNCED, SENT, ParcelOutcome
from config.workspace.work import recording

MANY = 5


def note_outcomes(channel: str, outcomes: Sequence[ParcelOutcome]) -> None:
    """Count what became of a batch. No statement, but one every few seconds."""
    if not outcomes:
        return
    recording.sent(
        channel, Counter((one.kind, "" if one.kind == SENT else one.word) for one in outcomes)
    )
    taken = sum(one.kind in (SENT, BOUNCED) for one in outcomes)
    if taken:
        recording.taken(channel, taken)
    elif len(outcomes) >= MANY or any(one.server_fails for one in outcomes):
        word, _n = Counter(one.word for one in outcomes).most_common(1)[0]
        recording.refused(channel, len(outcomes), word)


def note_nowhere(channel: str, why: Exception) -> None:
    """There is no server to hand over to."""
    recording.refused(channel, 0, str(why))

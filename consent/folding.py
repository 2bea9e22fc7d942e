"""What a list of statements about one permission comes to: the rule, in plain Python.

`consent/derivation.py` is the same rule in SQL; a property test holds them together. The result
does not depend on the order in which statements arrive, only on when they were made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from consent.models.ledger import Status

BLOCKING = (Status.WITHDRAWN.value, Status.DENIED.value)
# the acts of the person that end a withdrawal (semantics.md section 15)
# of an entry by which the undoing of a merge takes back what the merge had said of somebody
UNDONE = "merge_undone"
OWN_ACTS = ("form", "double_opt_in", "recorded_call")


@dataclass(frozen=True)
class Entry:
    """One recorded statement, as far as the rule looks at it."""

    id: int
    status: str
    at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_own_act(self) -> bool:
        """A grant that the person gave, with evidence."""
        return self.status == Status.GRANTED and self.evidence.get("act") in OWN_ACTS

    @property
    def is_undoing(self) -> bool:
        """What was said before it is taken back: a merge had brought it."""
        return self.evidence.get("act") == UNDONE

    @property
    def is_silence(self) -> bool:
        """Back to where nothing was said."""
        return self.is_undoing and self.evidence.get("restores") is None


def newest(entries: Iterable[Entry]) -> Entry | None:
    """By the time of the statement, then by the order of arrival."""
    return max(entries, key=lambda entry: (entry.at, entry.id), default=None)


def _since_undoing(rows: list[Entry]) -> list[Entry]:
    undoing = newest(row for row in rows if row.is_undoing)
    if undoing is None:
        return rows
    return [row for row in rows if (row.at, row.id) >= (undoing.at, undoing.id)]


def standing(entries: Iterable[Entry], broader: Entry | None = None) -> Entry | None:
    """The entry that stands, or None where nothing was said.

    `broader` is the standing refusal of a wider permission (the whole purpose for a topic, the
    person for an address), which holds here until the person allows this one later.

    1. The newest refusal stands, unless the person allowed it by an own act later than it.
    2. From that act on (or from the start, without a refusal) the newest grant or expiry stands.
    3. A pending request never takes away a standing grant.
    4. The undoing of a merge says where the person was before it: older entries count no more.
    Source: GDPR art. 7(3); semantics.md section 15.
    """
    rows = _since_undoing(list(entries))
    refusals = [entry for entry in rows if entry.status in BLOCKING]
    refusal = newest([*refusals, broader] if broader else refusals)
    others = [entry for entry in rows if entry.status not in BLOCKING]
    if refusal:
        acts = [entry.at for entry in others if entry.is_own_act and entry.at > refusal.at]
        if not acts:
            return refusal
        others = [entry for entry in others if entry.at >= min(acts)]
    decided = newest(entry for entry in others if entry.status != Status.PENDING)
    if decided and decided.status == Status.GRANTED:
        return decided
    found = newest(others)
    return None if found and found.is_silence else found

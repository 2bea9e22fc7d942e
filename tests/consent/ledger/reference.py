"""What a list of statements about one permission comes to: the rule of the ledger in plain Python.

`consent/ledger/fold.py` is the same rule in SQL; property tests hold them together. The result does
not depend on the order in which statements arrive, only on when they were made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from consent.ledger.acts import BLOCKING, OWN_ACTS, UNDONE
from consent.models import ConsentEntry
from consent.models.ledger import ConsentStatus

Key = tuple[int, str, str, int]  # purpose, channel, contact point, topic (0: the whole purpose)


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
        return self.status == ConsentStatus.GRANTED and self.evidence.get("act") in OWN_ACTS

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
       Silence alone is nothing: a wider permission answers.
    Source: GDPR art. 7(3).
    """
    rows = _since_undoing(list(entries))
    if all(row.is_silence for row in rows):
        return None
    refusals = [entry for entry in rows if entry.status in BLOCKING]
    refusal = newest([*refusals, broader] if broader else refusals)
    others = [entry for entry in rows if entry.status not in BLOCKING]
    if refusal:
        acts = [entry.at for entry in others if entry.is_own_act and entry.at > refusal.at]
        if not acts:
            return refusal
        others = [entry for entry in others if entry.at >= min(acts)]
    decided = newest(entry for entry in others if entry.status != ConsentStatus.PENDING)
    if decided and decided.status == ConsentStatus.GRANTED:
        return decided
    return newest(others)


def stands_of(rows: Iterable[ConsentEntry]) -> dict[Key, int]:
    """By key the id of the entry that stands, among recorded entries of one person."""
    by_key: dict[Key, list[Entry]] = defaultdict(list)
    for row in rows:
        entry = Entry(row.pk, row.status, row.at, row.evidence)
        by_key[row.purpose_id, row.channel, row.contact_point, row.topic_id or 0].append(entry)
    stands: dict[Key, Entry] = {}
    for key in sorted(by_key, key=lambda key: (key[2] != "") + (key[3] != 0)):
        found = standing(by_key[key], _refused_wider(key, stands))
        if found:
            stands[key] = found
    return {key: entry.id for key, entry in stands.items()}


def _refused_wider(key: Key, stands: Mapping[Key, Entry]) -> Entry | None:
    purpose, channel, point, topic = key
    wider = {(purpose, channel, p, t) for p in ("", point) for t in (0, topic)} - {key}
    return newest(stands[k] for k in wider if k in stands and stands[k].status in BLOCKING)


def answer_of(stands: Mapping[Key, int], refusals: Collection[int], about: Key) -> int | None:
    """The id of the entry that answers for an address and a topic; `refusals` are ids as well."""
    purpose, channel, point, topic = about
    of_address = stands.get((purpose, channel, point, 0))
    if about not in stands and of_address in refusals:
        return of_address
    for key in ((point, topic), ("", topic), (point, 0), ("", 0)):
        if (purpose, channel, *key) in stands:
            return stands[purpose, channel, *key]
    return None

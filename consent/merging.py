"""What a merge says of permission: it never widens it (guarantee 4), and it can be undone.

Entries are never moved. For each permission that stood for the absorbed person, an entry that cites
it is appended for the survivor. Only explicit statements on the same purpose and contact point
conflict, and then the stricter stands; silence is no statement (semantics.md section 2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models.expressions import RawSQL

from consent.folding import BLOCKING, UNDONE
from consent.models import ConsentEntry
from consent.services.recording import Statement, record_consents, said_again
from profiles.identity.mergers import MERGERS, PARTERS, Parting
from profiles.identity.moving import Pair
from profiles.models import Merge
from profiles.people.lineage import today_id

Key = tuple[int, str, str, int]


def _standing(profile_ids: Sequence[int]) -> dict[int, dict[Key, ConsentEntry]]:
    """By person and permission, the entry that stands under its own key; one query."""
    found: dict[int, dict[Key, ConsentEntry]] = {number: {} for number in profile_ids}
    stands = RawSQL(
        "SELECT entry_id FROM consent_state WHERE profile_id = ANY(%s)", [list(profile_ids)]
    )
    for row in ConsentEntry.objects.filter(profile_id__in=list(profile_ids), id__in=stands):
        key = (row.purpose_id, row.channel, row.contact_point, row.topic_id or 0)
        found[row.profile_id][key] = row
    return found


class ConsentMerger:
    """Signs in at `MERGERS`."""

    def merge(self, cursor: Any, pairs: Sequence[Pair]) -> Mapping[int, Any]:
        """Append what the absorbed people said for their survivors; by absorbed id what was added.

        Every absorbed person has an entry in the answer, so that an undoing always asks us.
        """
        everyone = sorted({number for pair in pairs for number in pair})
        standing = _standing(everyone)
        statements: list[Statement] = []
        origins: list[tuple[int, Key, int | None]] = []
        for pair in sorted(pairs, key=lambda pair: pair.absorbed):
            for key, entry in standing[pair.absorbed].items():
                own = standing[pair.survivor].get(key)
                if own is not None and own.status == "expired" and entry.status == "granted":
                    continue  # of two explicit statements the stricter
                statements.append(_copy(entry, pair.survivor, own))
                origins.append((pair.absorbed, key, own.pk if own else None))
        recorded = record_consents(statements)
        snapshot: dict[int, list[list[Any]]] = {pair.absorbed: [] for pair in pairs}
        for (absorbed, key, before), answer in zip(origins, recorded, strict=True):
            snapshot[absorbed].append([answer.id, list(key), before])
        return snapshot

    def undo(self, cursor: Any, merge: Merge, snapshot: Any) -> None:
        """Take back what the merge had said of the survivor; what was said since about the absorbed
        person's contact points is said of that person too.
        """
        survivor = today_id(merge.survivor_id)
        now = _standing([survivor])[survivor]
        points = set()
        statements = []
        for entry_id, listed, before in snapshot:
            key: Key = tuple(listed)
            points.add(key[2])
            current = now.get(key)
            if current is not None and current.pk == entry_id:
                statements += _restored(survivor, current, before)
        statements += _said_since(merge, survivor, points - {""})
        record_consents(statements)


def _copy(entry: ConsentEntry, survivor: int, own: ConsentEntry | None) -> Statement:
    """The absorbed person's statement said of the survivor.

    Without its `act`: where the survivor refused, it stays a claim. A refusal meets a newer grant
    of the survivor's with the time of the merge, so that the stricter stands. A pending request is
    no answer yet, and so counts as silence.
    """
    ended = (*BLOCKING, "expired")
    conflict = own is not None and own.status == "granted" and entry.status in ended
    evidence = {k: v for k, v in entry.evidence.items() if k not in ("act", "until", "then")}
    if "act" in entry.evidence:
        evidence["cited_act"] = entry.evidence["act"]
    if own is None and "until" in entry.evidence:
        evidence |= {
            name: entry.evidence[name] for name in ("until", "then") if name in entry.evidence
        }
    return replace(
        said_again(entry, survivor),
        actor="system",
        at=None if conflict else entry.at,
        evidence={**evidence, "merged": True},
    )


def _restored(survivor: int, current: ConsentEntry, before: int | None) -> list[Statement]:
    """The entries by which the survivor is back where they were: their own word, or silence."""
    previous = (
        ConsentEntry.objects.filter(profile_id=survivor, id=before).first() if before else None
    )
    status = previous.status if previous else "expired"
    source = previous or current
    return [
        Statement(
            profile_id=survivor,
            purpose_id=current.purpose_id,
            channel=current.channel,
            contact_point=current.contact_point,
            topic_id=current.topic_id,
            status=status,
            basis=source.basis,
            source_id=source.source_id,
            actor="system",
            evidence={"act": UNDONE, "restores": before},
            cites_id=current.pk,
        )
    ]


def _said_since(merge: Merge, survivor: int, points: set[str]) -> list[Statement]:
    rows = ConsentEntry.objects.filter(
        profile_id=survivor,
        contact_point__in=points,
        recorded_at__gt=merge.at,
        outcome="recorded",
    ).order_by("at", "id")
    return [
        said_again(row, merge.absorbed_id or 0)
        for row in rows
        if not row.evidence.get("merged") and row.evidence.get("act") != UNDONE
    ]


@PARTERS.register("consents")
def part(cursor: Any, parting: Parting) -> None:
    """What was said of the new person's addresses is said of them, and of the other no more.

    What the other refused as a whole is refused by both: whose word it was is not known, and of two
    the stricter stands.
    """
    rows = ConsentEntry.objects.filter(profile_id=parting.owner, outcome="recorded").order_by(
        "at", "id"
    )
    theirs = [
        said_again(row, parting.person)
        for row in rows.filter(contact_point__in=parting.points)
        if row.evidence.get("act") != UNDONE
    ]
    standing = _standing([parting.owner])[parting.owner]
    refused = [
        said_again(entry, parting.person)
        for (_purpose, _channel, point, _topic), entry in standing.items()
        if not point and entry.status in BLOCKING
    ]
    ended = [
        statement
        for (_purpose, _channel, point, _topic), entry in standing.items()
        if point in parting.points
        for statement in _restored(parting.owner, entry, None)
    ]
    record_consents([*theirs, *refused, *ended])


MERGERS.register("consents")(ConsentMerger())

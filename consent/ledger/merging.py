"""What a merge says of permission: it never widens it, and it can be undone.

Entries are never moved. For each permission that stood for the absorbed person, an entry that cites
it is appended for the survivor. Only explicit statements on the same purpose and contact point
conflict, and then the stricter stands; silence is no statement.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from consent.ledger.acts import BLOCKING, UNDONE
from consent.ledger.recording import Statement, record_consents, said_again
from consent.ledger.standing import standing_entries
from consent.models import ConsentEntry, ConsentState
from profiles.merging.mergers import MERGERS, Parting
from profiles.merging.moving import Pair
from profiles.models import Merge
from profiles.people.lineage import ever_ids, today_id

Key = tuple[int, str, str, int]


def _standing(profile_ids: Sequence[int]) -> dict[int, dict[Key, ConsentEntry]]:
    """By person and permission, the entry that stands under its own key; one query."""
    found: dict[int, dict[Key, ConsentEntry]] = {number: {} for number in profile_ids}
    for row in standing_entries().filter(profile_id__in=list(profile_ids)):
        key = (row.purpose_id, row.channel, row.contact_point, row.topic_id or 0)
        found[row.profile_id][key] = row
    return found


class ConsentMerger:
    """Signs in at `MERGERS`."""

    tables = (ConsentEntry, ConsentState)

    def merge(self, cursor: Any, pairs: Sequence[Pair]) -> Mapping[int, Any]:
        """Append what the absorbed people said for their survivors; by absorbed id what was added.

        Every absorbed person has an entry in the answer, so that an undoing always asks us.
        """
        everyone = sorted({number for pair in pairs for number in pair})
        standing = _standing(everyone)
        undone = _undone_at({pair.survivor for pair in pairs})
        statements: list[Statement] = []
        origins: list[tuple[int, Key, int | None]] = []
        for pair in sorted(pairs, key=lambda pair: pair.absorbed):
            for key, entry in standing[pair.absorbed].items():
                own = standing[pair.survivor].get(key)
                if own is not None and own.status == "expired" and entry.status == "granted":
                    continue  # of two explicit statements the stricter
                said = _copy(entry, pair.survivor, own)
                since = undone.get((pair.survivor, *key))
                if said.at and since and said.at < since:  # joined again: it counts from there on
                    said = replace(said, at=since)
                statements.append(said)
                origins.append((pair.absorbed, key, own.pk if own else None))
        recorded = record_consents(statements)
        snapshot: dict[int, list[list[Any]]] = {pair.absorbed: [] for pair in pairs}
        for (absorbed, key, before), answer in zip(origins, recorded, strict=True):
            snapshot[absorbed].append([answer.id, list(key), before])
        return snapshot

    def part(self, cursor: Any, parting: Parting, snapshot: Any) -> None:
        """Take back what the merge had said of the survivor; what was said since about the absorbed
        person's contact points is said of that person too.
        """
        if not parting.is_undone_merge:
            part_call(parting)
        elif snapshot is not None:
            self._undo(parting, snapshot)

    def _undo(self, parting: Parting, snapshot: Any) -> None:
        """Where who was the survivor was taken in since, what was handed on to them goes as well.

        Each on the way is put right, since each may stand again.
        """
        way = _way(parting)
        handed_on = _handed_on([place for place, _since in way], parting.merge)
        statements: list[Statement] = []
        for place, since in way:
            for key, current in _standing([place])[place].items():
                before = _before(current, handed_on)
                if before is not None:
                    statements += _restored(place, current, before)
                elif place == parting.owner and key[2] in parting.points:
                    statements += _restored(place, current, [])  # said since, of what is gone
            points = {listed[2] for _id, listed, _before in snapshot} | parting.points
            statements += _said_since(place, since, parting.person, points - {""})
        record_consents(statements)


def _undone_at(people: Collection[int]) -> dict[tuple[Any, ...], datetime]:
    """By person and permission, when the undoing of a merge put them back last; what was said
    before that counts no more. One query.
    """
    rows = ConsentEntry.objects.filter(profile_id__in=people, evidence__act=UNDONE)
    return {
        (row.profile_id, row.purpose_id, row.channel, row.contact_point, row.topic_id or 0): row.at
        for row in rows.order_by("at", "id")
    }


def _way(parting: Parting) -> list[tuple[int, datetime]]:
    """From the survivor of then to the owner of today: each, and since when it spoke for all."""
    rows = Merge.objects.filter(
        absorbed_id__in=ever_ids(parting.owner), undone_at=None, kind=Merge.Kind.MERGE
    )
    up = {row.absorbed_id: (row.survivor_id, row.at) for row in rows.defer("snapshot")}
    way = [(parting.merge.survivor_id, parting.merge.at)]
    while way[-1][0] in up:
        way.append(up[way[-1][0]])
    return way


@dataclass(frozen=True)
class HandedOn:
    """What a merge said of its survivor: what that cites, and what stood there before."""

    cites: int | None
    before: int | None
    is_undone: bool  # of the merge that is being undone


def _handed_on(places: Sequence[int], merge: Merge) -> dict[int, HandedOn]:
    """By entry, what merges into these people said: this merge, and those on the way up."""
    merges = [*Merge.objects.filter(absorbed_id__in=places, undone_at=None).exclude(pk=merge.pk)]
    told = {
        entry_id: (before, one.pk == merge.pk)
        for one in (*merges, merge)
        for entry_id, _key, before in one.snapshot.get("consents", ())
    }
    rows = ConsentEntry.objects.filter(profile_id__in=places, id__in=list(told))
    cites = dict(rows.values_list("id", "cites_id"))
    return {n: HandedOn(cites.get(n), before, mine) for n, (before, mine) in told.items()}


def _before(current: ConsentEntry, handed_on: Mapping[int, HandedOn]) -> list[int] | None:
    """Where this goes back to the merge that is undone: what stood before, at each on the way.

    None where it is somebody's own word, or came by another merge.
    """
    found: list[int] = []
    number: int | None = current.pk
    while number is not None and number in handed_on:
        one = handed_on[number]
        found += [one.before] if one.before else []
        if one.is_undone:
            return found
        number = one.cites
    return None


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


def _restored(place: int, current: ConsentEntry, before: Sequence[int]) -> list[Statement]:
    """The entry by which this one is back where they were: their own word, or silence.

    Of several that stood before, on the way, the stricter.
    """
    rows = ConsentEntry.objects.filter(profile_id__in=ever_ids(today_id(place)), id__in=before)
    previous = min(rows, key=_strictness, default=None)
    source = previous or current
    return [
        Statement(
            profile_id=place,
            purpose_id=current.purpose_id,
            channel=current.channel,
            contact_point=current.contact_point,
            topic_id=current.topic_id,
            status=previous.status if previous else "expired",
            basis=source.basis,
            source_id=source.source_id,
            actor="system",
            evidence={"act": UNDONE, "restores": previous.pk if previous else None},
            cites_id=current.pk,
        )
    ]


def _strictness(entry: ConsentEntry) -> tuple[bool, bool, int]:
    return entry.status not in BLOCKING, entry.status == "granted", -entry.pk


def _said_since(
    place: int, since: datetime, person: int, points: Collection[str]
) -> Iterator[Statement]:
    """What was said while they were one: of their contact points, and refusals as a whole.

    Whose word such a refusal was is not known, and of two the stricter stands.
    """
    rows = ConsentEntry.objects.filter(
        profile_id=place, recorded_at__gt=since, outcome="recorded"
    ).filter(Q(contact_point__in=points) | Q(contact_point="", status__in=BLOCKING))
    for row in rows.order_by("at", "id"):
        if not row.evidence.get("merged") and row.evidence.get("act") != UNDONE:
            yield said_again(row, person)


def part_call(parting: Parting) -> None:
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
        for statement in _restored(parting.owner, entry, [])
    ]
    record_consents([*theirs, *refused, *ended])


MERGERS.register("consents")(ConsentMerger())

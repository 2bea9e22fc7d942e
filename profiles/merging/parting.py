"""Taking an attach apart: what a call had brought becomes a person of its own.

The call's identifiers go, with those that came by them later, and whatever came by any of these:
events, traits, permissions. The shared identifier stays with whom it belonged to first. Calls that
were attributed to it, because it ranks higher, go if they name one of the others; those that came
by it alone go if they say the name that this call said.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from config.postgres import wire
from config.postgres.wire import loads
from config.workspace.selectors import workspace
from profiles.calls import limits
from profiles.calls.reading import named_in
from profiles.identifiers.kinds import PROFILE_KIND, rules
from profiles.identity import store
from profiles.identity.keys import keep
from profiles.identity.person_traits import digest_of, facts_of
from profiles.identity.resolve import Key
from profiles.merging import rewriting
from profiles.merging.mergers import Parting
from profiles.merging.regrouping import (
    CannotUndo,
    lock_identifiers,
    lock_people,
    points_among,
    regroup,
)
from profiles.models import AliasPending, Identifier, Merge, Profile

# What a call is told by, without the rest of what it carried.
SELECT_CALLS = """
    SELECT id, occurred_at, type, source_id, identifier_id, anonymous_identifier_id,
           CASE WHEN type IN ('identify', 'alias') THEN properties END,
           jsonb_build_object('traits', context->'traits', 'device', context->'device',
                              'externalIds', context->'externalIds')
    FROM event WHERE profile_id = %s ORDER BY occurred_at, id
"""
# What the calls said by an identifier that stays, as far as it is not said anew since.
TAKE_BACK = """
    DELETE FROM profile_trait t
    USING unnest(%s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[])
          AS said(name, source_id, identifier_id, set_at)
    WHERE t.profile_id = %s AND t.name = said.name AND t.source_id = said.source_id
      AND t.identifier_id = said.identifier_id AND t.set_at = said.set_at
"""
SAY = """
    INSERT INTO profile_trait (profile_id, name, source_id, identifier_id, value, set_at)
    SELECT %s, * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::jsonb[],
                             %s::timestamptz[])
    ON CONFLICT (profile_id, name, source_id, identifier_id) DO NOTHING
"""
NARROW_SEEN = """
    UPDATE profile p SET first_seen = e.first_at, last_seen = coalesce(e.last_at, e.first_at)
    FROM (SELECT profile_id, min(occurred_at) AS first_at,
                 max(occurred_at) FILTER (WHERE context->'active' IS DISTINCT FROM 'false')
                     AS last_at
          FROM event WHERE profile_id = ANY(%s) GROUP BY profile_id) AS e
    WHERE p.id = e.profile_id
"""
Said = tuple[str, int, int]  # name of a trait, source, identifier


@dataclass(frozen=True)
class PartedCall:
    """An event, and which identifiers of the person it names."""

    id: int
    at: datetime
    source_id: int
    identifier_id: int
    names: frozenset[int]
    said: dict[str, Any]  # traits; of identify


@dataclass(frozen=True)
class Share:
    """What goes: identifiers, and calls that were attributed to one that stays."""

    ids: frozenset[int]
    calls: frozenset[int]


def settle(merge_id: int) -> None:
    """Bring the person's events to one place first, portion by portion, each in a transaction."""
    row = Merge.objects.filter(pk=merge_id, kind=Merge.Kind.ATTACH).first()
    while row and _is_unsettled(row.survivor_id) and rewriting.rewrite_events():
        pass


def _is_unsettled(owner: int) -> bool:
    return AliasPending.objects.filter(survivor_id=owner).exists()


def part(cursor: Any, merge: Merge, owner: int) -> Parting:
    """Make the person, and note it in `merge`, which the caller saves. Raises CannotUndo."""
    held = lock_identifiers(cursor, owner)
    lock_people(cursor, {owner})
    if _is_unsettled(owner):
        raise CannotUndo(_("This person is being joined with another just now; try again."))
    keys = {
        row.pk: (row.kind, row.value)
        for row in Identifier.objects.filter(profile_id=owner, pk__in=held).exclude(
            kind=PROFILE_KIND
        )
    }
    calls = list(_calls(cursor, owner, keys))
    share = _share(merge, keys, calls)
    if not share.ids and not share.calls:
        raise CannotUndo(_("Nothing of this call is left here."))
    person = _make(cursor, merge, owner, [c for c in calls if _goes(c, share)])
    _retell(cursor, owner, person, share, calls)
    regroup(cursor, owner=owner, person=person.id, ids=share.ids, calls=share.calls)
    cursor.execute(NARROW_SEEN, [[owner, person.id]])
    merge.absorbed_id, merge.absorbed_public_id = person.id, person.public_id
    merge.snapshot = {**merge.snapshot, "moved": sorted(share.ids)}
    return Parting(merge, owner, person.id, share.ids, points_among(person.id, share.ids))


def _calls(cursor: Any, owner: int, keys: dict[int, Key]) -> Iterator[PartedCall]:
    """Everything that this person's calls say of who it is. One query."""
    ids = {key: number for number, key in keys.items()}
    own, region = rules(), workspace().country
    cursor.execute(SELECT_CALLS, [owner])
    for number, at, kind, source, identifier, device, properties, context in cursor.fetchall():
        told = loads(properties) if properties else {}
        said = told if kind == "identify" else {}
        named = named_in(context.encode(), said, own, region)
        if kind == "alias":
            named.add(("anonymous_id", str(told.get("previousId", ""))))
        found = {ids[key] for key in named if key in ids} | {identifier}
        found |= {device} if device else set()
        yield PartedCall(number, at, source, identifier, frozenset(found), said)


def _share(merge: Merge, keys: dict[int, Key], calls: Sequence[PartedCall]) -> Share:
    new, via = set(merge.evidence["new"]) & keys.keys(), merge.via_id or 0
    if not merge.evidence["new"]:
        salt, digest = workspace().salt, merge.evidence["digest"]
        alike = {
            call.id
            for call in calls
            if call.identifier_id == via and digest_of(facts_of(call.said), salt) == digest
        }
        return Share(frozenset(), frozenset(alike))
    held = set(merge.snapshot["held"]) | {via}
    ids = _with_followers(new, keys.keys() - held - new, held - {via}, calls)
    return Share(
        ids,
        frozenset(c.id for c in calls if c.identifier_id == via and not ids.isdisjoint(c.names)),
    )


def _with_followers(
    new: set[int], later: set[int], held: set[int], calls: Iterable[PartedCall]
) -> frozenset[int]:
    """These, and whatever came later by them and was never named with what was there before."""
    sets = {call.names for call in calls if len(call.names) > 1}
    later -= {number for names in sets if not held.isdisjoint(names) for number in names}
    moving = set(new)
    while more := {n for names in sets if not moving.isdisjoint(names) for n in names & later}:
        moving |= more
        later -= more
    return frozenset(moving)


def _goes(call: PartedCall, share: Share) -> bool:
    return call.identifier_id in share.ids or call.id in share.calls


def _make(cursor: Any, merge: Merge, owner: int, calls: Sequence[PartedCall]) -> "PartedPerson":
    """The new person, as restricted and as much of a test as who took the call in."""
    before = Profile.objects.get(pk=owner)
    ids = store.take_ids(cursor, "profile", 1)
    made = store.newcomers(ids, workspace().salt)[0]
    first = calls[0].at if calls else datetime.fromisoformat(merge.evidence["at"])
    last = calls[-1].at if calls else first
    Profile.objects.create(
        id=made.id,
        public_id=made.public_id,
        bucket=made.bucket,
        state=before.state,
        is_test=before.is_test,
        first_seen=first,
        last_seen=last,
    )
    [own] = keep(
        [
            Identifier(
                kind=PROFILE_KIND,
                value=str(made.public_id),
                profile_id=made.id,
                first_source_id=merge.evidence["source"],
                first_seen=first,
                last_seen=last,
            )
        ]
    )
    return PartedPerson(made.id, made.public_id, own.pk)


@dataclass(frozen=True)
class PartedPerson:
    """Who was made; `own` is the identifier of the public id."""

    id: int
    public_id: Any
    own: int


def _retell(
    cursor: Any, owner: int, person: PartedPerson, share: Share, calls: Sequence[PartedCall]
) -> None:
    """What the calls said by an identifier that stays: the new person's word, not the owner's.

    Of the owner stands again what was said by it before, or since: the newest of the calls that
    stay. Statements of the new person are kept under their public id, which is theirs alone.
    """
    theirs: dict[Said, PartedCall] = {}
    others: dict[Said, PartedCall] = {}
    for call in calls:  # oldest first, as they were written
        for name in call.said:
            if name and len(name) <= limits.MAX_TRAIT_NAME:
                told = theirs if call.id in share.calls else others
                told[name, call.source_id, call.identifier_id] = call
    if not theirs:
        return
    lost = [
        (said, call)
        for said, call in sorted(theirs.items(), key=lambda one: one[0])
        if said not in others or (others[said].at, others[said].id) < (call.at, call.id)
    ]
    if lost:
        names, sources, identifiers = zip(*(said for said, _call in lost), strict=True)
        given = [wire.texts(names), wire.numbers(sources), wire.numbers(identifiers)]
        cursor.execute(TAKE_BACK, [*given, wire.times(call.at for _said, call in lost), owner])
    _say(cursor, owner, [(*said, others[said]) for said, _call in lost if said in others])
    _say(cursor, person.id, [(name, s, person.own, call) for (name, s, _i), call in theirs.items()])


def _say(cursor: Any, profile: int, rows: Sequence[tuple[str, int, int, PartedCall]]) -> None:
    if rows:
        names, sources, identifiers, calls = zip(*rows, strict=True)
        values = (
            msgspec.json.encode(c.said[n]).decode() for n, c in zip(names, calls, strict=True)
        )
        given = [wire.texts(names), wire.numbers(sources), wire.numbers(identifiers)]
        given += [wire.texts(values), wire.times(call.at for call in calls)]
        cursor.execute(SAY, [profile, *given])

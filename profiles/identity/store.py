"""Identifiers and people in the database: looked up, locked and made by arrays.

The number of statements does not depend on the number of messages.
"""

import secrets
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from config.postgres import wire
from config.postgres.wire import loads
from config.workspace.digests import CONTACT_KINDS, bucket_of, contact_digest
from profiles.calls.messages import Incoming
from profiles.identifiers.kinds import DEVICE_KINDS, PROFILE_KIND
from profiles.identity import keys
from profiles.identity.resolve import Key, KnownPerson
from profiles.people import lineage

UNASKED_KINDS = DEVICE_KINDS | {PROFILE_KIND}  # prove nothing of a person by themselves

# Locks them (against a merge) and brings them up to date. A nested loop over the sorted keys takes
# the locks in their order.
HOLD = """
    UPDATE identifier i SET first_seen = least(i.first_seen, seen.first_at),
        last_seen = greatest(i.last_seen, seen.last_at),
        vouched_at = CASE WHEN i.verified_at IS NOT NULL
                          THEN greatest(i.vouched_at, seen.vouched_at) END
    FROM (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[],
                               %s::timestamptz[])
              AS given(profile_id, id, first_at, last_at, vouched_at)
          ORDER BY profile_id, id) AS seen
    WHERE i.profile_id = seen.profile_id AND i.id = seen.id
    RETURNING i.id, i.verified_at IS NOT NULL
"""
# Those that are held: a source whose word counts says that they are this person's.
VERIFY = """
    UPDATE identifier i SET verified_at = said.at, verified_source_id = said.source_id,
        vouched_at = said.vouched_at
    FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::timestamptz[])
         AS said(profile_id, id, at, source_id, vouched_at)
    WHERE i.profile_id = said.profile_id AND i.id = said.id AND i.verified_at IS NULL
"""
# Of identifiers that go to another person: proven as theirs, or not.
PROVE_ANEW = """
    UPDATE identifier i SET verified_at = said.at, verified_source_id = said.source_id,
        vouched_at = said.vouched_at
    FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::timestamptz[])
         AS said(profile_id, id, at, source_id, vouched_at)
    WHERE i.profile_id = said.profile_id AND i.id = said.id
"""
LOCK_PEOPLE = """
    UPDATE profile p SET state = p.state
    FROM (SELECT unnest(%s::bigint[]) AS id ORDER BY 1) AS wanted WHERE p.id = wanted.id
"""
SELECT_PEOPLE = """
    SELECT profile_id, kind, value, id, verified_at IS NOT NULL FROM identifier
    WHERE profile_id = ANY(%s::bigint[]) AND kind <> %s
"""
# Of whom more than one identifier says who they are.
SELECT_KNOWN_BY_MORE = """
    SELECT profile_id FROM identifier WHERE profile_id = ANY(%s::bigint[]) AND kind <> ALL(%s)
    GROUP BY profile_id HAVING count(*) > 1
"""
COUNT_MERGES = """
    SELECT survivor_id, count(*) FROM merge
    WHERE survivor_id = ANY(%s::bigint[]) AND undone_at IS NULL AND kind = 'merge'
    GROUP BY survivor_id
"""
# Merges that earlier batches promised, but for those whose undoing was, under whatever id since.
SELECT_PROMISED = f"""
    SELECT one.profile_id, other.profile_id FROM merge_pending m
    JOIN identifier_key one ON one.id = m.identifier_id
    JOIN identifier_key other ON other.id = m.other_identifier_id
    WHERE one.profile_id <> other.profile_id
      AND (one.profile_id = ANY(%(ids)s::bigint[]) OR other.profile_id = ANY(%(ids)s::bigint[]))
      AND NOT EXISTS (
          SELECT 1 FROM merge u
          JOIN profile s ON s.id = u.survivor_id JOIN profile a ON a.id = u.absorbed_id
          WHERE u.undone_at IS NOT NULL AND u.absorbed_id IN (
              SELECT one.profile_id UNION ALL SELECT other.profile_id UNION ALL
              SELECT o.id FROM profile o
              WHERE o.merged_into_id IN (one.profile_id, other.profile_id))
            AND ({lineage.today("s")}, {lineage.today("a")})
                IN ((one.profile_id, other.profile_id), (other.profile_id, one.profile_id)))
    ORDER BY m.id
"""  # noqa: S608 - pieces of ours
# Calls that were taken apart from whom they had met by these identifiers.
SELECT_PARTED = """
    SELECT via_id, absorbed_id, snapshot->'moved', evidence->>'digest', absorbed_public_id::text
    FROM merge WHERE via_id = ANY(%s) AND undone_at IS NOT NULL AND absorbed_public_id IS NOT NULL
"""
# Who has a kind and value says this table; whoever is first.
INSERT_KEYS = """
    INSERT INTO identifier_key (id, kind, value, profile_id)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[])
    ON CONFLICT (value, kind) DO NOTHING
"""
INSERT = """
    INSERT INTO identifier (id, kind, value, raw_value, digest, profile_id, verified_at,
                            verified_source_id, vouched_at, first_source_id, first_seen, last_seen,
                            deliverability)
    SELECT id, kind, value, raw, digest, profile_id, verified_at, verified_source_id, vouched_at,
           source_id, first_at, last_at, ''
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bytea[],
                %s::timestamptz[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::timestamptz[],
                %s::timestamptz[])
         AS made(id, kind, value, profile_id, raw, digest, verified_at, verified_source_id,
                 vouched_at, source_id, first_at, last_at)
"""


@dataclass
class Sighting:
    """What a batch says of one identifier."""

    first_at: datetime
    last_at: datetime
    source_id: int
    raw: str = ""
    vouched_at: datetime | None = None  # when a source whose word counts named it last
    # known when it is known whose it is: by whom, if by anybody
    verified_at: datetime | None = None
    verified_source_id: int | None = None

    def add(self, at: datetime) -> None:
        """One more message with it."""
        self.first_at, self.last_at = min(self.first_at, at), max(self.last_at, at)

    def vouch(self, at: datetime) -> None:
        """One more message with it of a source whose word counts."""
        if self.vouched_at is None or at > self.vouched_at:
            self.vouched_at = at


@dataclass
class Known:
    """The identifiers that are in the database. `proven`: verified as their owner's."""

    ids: dict[Key, int] = field(default_factory=dict)
    owners: dict[Key, int] = field(default_factory=dict)
    proven: set[Key] = field(default_factory=set)


def find(cursor: Any, sightings: Mapping[Key, Sighting]) -> Known | None:
    """Those of these identifiers that exist; locked, and their first and last seen kept up.

    None where one was moved between the look-up and the lock. Two statements.
    """
    known = Known()
    found = keys.look_up(cursor, sightings)
    held = sorted((one.profile_id, one.id, key) for key, one in found.items())
    seen = [sightings[key] for _owner, _number, key in held]
    given = [
        wire.numbers(owner for owner, _number, _key in held),
        wire.numbers(number for _owner, number, _key in held),
        wire.times(one.first_at for one in seen),
        wire.times(one.last_at for one in seen),
        wire.times(one.vouched_at for one in seen),
    ]
    cursor.execute(HOLD, given)
    proven = {number for number, is_proven in cursor.fetchall() if is_proven}
    if cursor.rowcount < len(held):
        return None
    for owner, number, key in held:
        known.ids[key], known.owners[key] = number, owner
        if number in proven:
            known.proven.add(key)
    return known


def verify(cursor: Any, known: Known, said: Mapping[Key, Sighting]) -> None:
    """Mark identifiers that were in the database as proven. One statement where there are any."""
    if said:
        places = {key: (known.owners[key], known.ids[key]) for key in said}
        cursor.execute(VERIFY, _proof_of(places, said))


def move(
    cursor: Any,
    places: Mapping[Key, tuple[int, int]],
    owners: Mapping[Key, int],
    said: Mapping[Key, Sighting],
) -> None:
    """Give identifiers of the database to others, proven where `said` has it. Three statements.

    `places` says of each whose it was, and its id.
    """
    if owners:
        own = {key: places[key] for key in owners}
        cursor.execute(PROVE_ANEW, _proof_of(own, {key: said.get(key, UNSAID) for key in own}))
        before = {number: owner for owner, number in own.values()}
        keys.give(cursor, before, {own[key][1]: owner for key, owner in owners.items()})


NEVER = datetime.min.replace(tzinfo=UTC)
UNSAID = Sighting(NEVER, NEVER, 0)


def _proof_of(places: Mapping[Key, tuple[int, int]], said: Mapping[Key, Sighting]) -> list[str]:
    ordered = sorted((*place, key) for key, place in places.items())
    proven = [said[key] for _owner, _number, key in ordered]
    return [
        wire.numbers(owner for owner, _number, _key in ordered),
        wire.numbers(number for _owner, number, _key in ordered),
        wire.times(one.verified_at for one in proven),
        wire.numbers(one.verified_source_id for one in proven),
        wire.times(one.vouched_at if one.verified_at else None for one in proven),
    ]


def load_people(
    cursor: Any,
    ids: Iterable[int],
    seen: dict[Key, int] | None = None,
    proven: set[Key] | None = None,
    asked: Set[int] = frozenset(),
) -> dict[int, KnownPerson]:
    """All identifiers of these people, who are locked: two batches must not both add to one.

    Their ids are put into `seen`, those that are verified into `proven`. Those `asked` are locked
    too; where the one identifier that the batch names is all that says who they are, there is
    nothing more to know.
    """
    wanted = set(ids)
    if not (wanted or asked):
        return {}
    cursor.execute(LOCK_PEOPLE, [wire.numbers(sorted(wanted | asked))])
    if asked:
        given = [wire.numbers(sorted(asked - wanted)), sorted(UNASKED_KINDS)]
        cursor.execute(SELECT_KNOWN_BY_MORE, given)
        wanted |= {number for (number,) in cursor.fetchall()}
    people = {number: KnownPerson() for number in sorted(wanted)}
    if people:
        numbers = wire.numbers(people)
        cursor.execute(SELECT_PEOPLE, [numbers, PROFILE_KIND])
        for profile_id, kind, value, number, is_proven in cursor.fetchall():
            people[profile_id].keys.add((kind, value))
            if seen is not None:
                seen[kind, value] = number
            if proven is not None and is_proven:
                proven.add((kind, value))
        cursor.execute(COUNT_MERGES, [numbers])
        for profile_id, count in cursor.fetchall():
            people[profile_id].merges = count
    return people


def load_promised(
    cursor: Any,
    people: dict[int, KnownPerson],
    seen: dict[Key, int] | None = None,
    proven: set[Key] | None = None,
    asked: Set[int] = frozenset(),
) -> list[tuple[int, int]]:
    """Pairs of these people, those `asked`, and others, whose merge waits to be done.

    Whoever is of a pair is added to `people`. A device promised to one person is not to be had by
    another. One statement where none waits; read again after a lock, as a merge may have been done
    meanwhile.
    """
    while ids := people.keys() | asked:
        cursor.execute(SELECT_PROMISED, {"ids": wire.numbers(sorted(ids))})
        pairs = cursor.fetchall()
        more = {number for pair in pairs for number in pair} - people.keys()
        if not more:
            return list(pairs)
        people |= load_people(cursor, more, seen, proven)
    return []


def who_may_change(messages: Iterable[Incoming], known: Known) -> tuple[set[int], set[int]]:
    """The people whose identifiers have to be known: a message adds to them or joins them.

    Second, those of whom a source of ours names what only a public key gave to them.
    """
    changed: set[int] = set()
    asked: set[int] = set()
    owners, proven = known.owners, known.proven
    for message in messages:
        if len(message.keys) > 1:
            named = {owners.get(key) for key in message.keys}
            if len(named) > 1:
                changed |= {owner for owner in named if owner is not None}
        if message.source.is_verified:
            for key in message.keys:
                if key not in proven and key in owners and key[0] not in UNASKED_KINDS:
                    asked.add(owners[key])
    return changed, asked


@dataclass(frozen=True)
class Parted:
    """A call that was taken apart: it met somebody by an identifier, and is a person of its own."""

    person: int
    moved: frozenset[int]  # ids of its identifiers then
    digest: str
    own: Key  # leads to this person for ever
    own_id: int
    owner: int  # who has `own` today


def load_parted(cursor: Any, via_ids: Iterable[int]) -> dict[int, list[Parted]]:
    """By the identifier by which they had met. One statement, and two more where there are any.

    The public ids by which they are known are locked.
    """
    found: dict[int, list[Parted]] = {}
    wanted = sorted(set(via_ids))
    if not wanted:
        return found
    cursor.execute(SELECT_PARTED, [wanted])
    parted = cursor.fetchall()
    own = keys.hold_keys(cursor, [(PROFILE_KIND, row[-1]) for row in parted]) if parted else {}
    for via, person, moved, digest, public_id in parted:
        key = (PROFILE_KIND, public_id)
        if key in own:
            ids = frozenset(loads(moved) if moved else ())
            number, owner = own[key]
            found.setdefault(via, []).append(Parted(person, ids, digest or "", key, number, owner))
    return found


def take_ids(cursor: Any, table: str, count: int) -> list[int]:
    """So many fresh ids of a table of ours."""
    if not count:
        return []
    sequence = f"{table}_id_seq"
    cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [sequence, count])
    return [number for (number,) in cursor.fetchall()]


def insert(
    cursor: Any,
    owners: Mapping[Key, int],
    sightings: Mapping[Key, Sighting],
    salt: str,
) -> dict[Key, int] | None:
    """Make these identifiers; their ids, or None where another worker made one of them first."""
    new = sorted(owners)
    if not new:
        return {}
    ids = take_ids(cursor, "identifier", len(new))
    named = [
        wire.numbers(ids),
        wire.texts(kind for kind, _ in new),
        wire.texts(value for _, value in new),
        wire.numbers(owners[key] for key in new),
    ]
    cursor.execute(INSERT_KEYS, named)
    if cursor.rowcount < len(new):
        return None
    seen = [sightings[key] for key in new]
    digests = [
        contact_digest(kind, value, salt) if kind in CONTACT_KINDS else None for kind, value in new
    ]
    columns = [
        *named,
        wire.texts(one.raw for one in seen),
        wire.digests(digests),
        wire.times(one.verified_at for one in seen),
        wire.numbers(one.verified_source_id for one in seen),
        wire.times(one.vouched_at if one.verified_at else None for one in seen),
        wire.numbers(one.source_id for one in seen),
        wire.times(one.first_at for one in seen),
        wire.times(one.last_at for one in seen),
    ]
    cursor.execute(INSERT, columns)
    return dict(zip(new, ids, strict=True))


def ordered_uuid() -> uuid.UUID:
    """A UUID of version 7: those made later sort later, so that an index grows at its end.

    Source: RFC 9562, section 5.7: milliseconds, then 74 random bits.
    """
    at = time.time_ns() // 1_000_000
    number = (at << 80) | secrets.randbits(80)
    number = number & ~(0xF << 76) | (0x7 << 76)
    return uuid.UUID(int=number & ~(0x3 << 62) | (0x2 << 62))


@dataclass
class Newcomer:
    """A profile to be made."""

    id: int
    public_id: uuid.UUID
    bucket: int


def newcomers(ids: Sequence[int], salt: str) -> list[Newcomer]:
    """Public ids and buckets for these profile ids."""
    made = []
    for number in ids:
        public_id = ordered_uuid()
        made.append(Newcomer(number, public_id, bucket_of(str(public_id), salt)))
    return made

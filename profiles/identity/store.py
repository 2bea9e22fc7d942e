"""Identifiers and people in the database: looked up, locked and made by arrays.

The number of statements does not depend on the number of messages.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from config.postgres import wire
from config.postgres.wire import loads
from config.workspace.digests import CONTACT_KINDS, bucket_of, contact_digest
from profiles.identity.kinds import DEVICE_KINDS, PROFILE_KIND
from profiles.identity.resolve import Key, Person
from profiles.ingest.messages import Message
from profiles.people import lineage

UNASKED_KINDS = DEVICE_KINDS | {PROFILE_KIND}  # prove nothing of a person by themselves

# One statement finds, locks (against a merge) and brings up to date. A nested loop over the sorted
# keys takes the locks in their order.
FIND = """
    UPDATE identifier i SET first_seen = least(i.first_seen, seen.first_at),
        last_seen = greatest(i.last_seen, seen.last_at),
        vouched_at = CASE WHEN i.verified_at IS NOT NULL
                          THEN greatest(i.vouched_at, seen.vouched_at) END
    FROM (SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[],
                               %s::timestamptz[])
              AS given(kind, value, first_at, last_at, vouched_at)
          ORDER BY kind, value) AS seen
    WHERE i.kind = seen.kind AND i.value = seen.value
    RETURNING i.id, i.kind, i.value, i.profile_id, i.verified_at IS NOT NULL
"""
# Those that `FIND` holds: a source whose word counts says that they are this person's.
VERIFY = """
    UPDATE identifier i SET verified_at = said.at, verified_source_id = said.source_id,
        vouched_at = said.vouched_at
    FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::timestamptz[])
         AS said(kind, value, at, source_id, vouched_at)
    WHERE i.kind = said.kind AND i.value = said.value AND i.verified_at IS NULL
"""
# Taken out of the person to whom only a public key gave them.
MOVE = """
    UPDATE identifier i SET profile_id = said.owner, verified_at = said.at,
        verified_source_id = said.source_id, vouched_at = said.vouched_at
    FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::timestamptz[],
                %s::bigint[]) AS said(kind, value, at, source_id, vouched_at, owner)
    WHERE i.kind = said.kind AND i.value = said.value
"""
LOCK_PEOPLE = """
    SELECT count(*) FROM (SELECT id FROM profile WHERE id = ANY(%s::bigint[])
                          ORDER BY id FOR NO KEY UPDATE) locked
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
    JOIN identifier one ON one.id = m.identifier_id
    JOIN identifier other ON other.id = m.other_identifier_id
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
# Calls that were taken apart from whom they had met by these identifiers, and who they are now.
SELECT_PARTED = """
    SELECT m.via_id, m.absorbed_id, m.snapshot->'moved', m.evidence->>'digest', i.value, i.id,
           i.profile_id
    FROM merge m
    JOIN identifier i ON i.kind = %s AND i.value = m.absorbed_public_id::text
    WHERE m.via_id = ANY(%s) AND m.undone_at IS NOT NULL
    ORDER BY i.value FOR NO KEY UPDATE OF i
"""
INSERT = """
    INSERT INTO identifier (id, kind, value, raw_value, digest, profile_id, verified_at,
                            verified_source_id, vouched_at, first_source_id, first_seen, last_seen,
                            deliverability)
    SELECT id, kind, value, raw, digest, profile_id, verified_at, verified_source_id, vouched_at,
           source_id, first_at, last_at, ''
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::bigint[],
                %s::timestamptz[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::timestamptz[],
                %s::timestamptz[])
         AS made(id, kind, value, raw, digest, profile_id, verified_at, verified_source_id,
                 vouched_at, source_id, first_at, last_at)
    ON CONFLICT (kind, value) DO NOTHING
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


def find(cursor: Any, sightings: Mapping[Key, Sighting]) -> Known:
    """Those of these identifiers that exist; locked, and their first and last seen kept up."""
    known = Known()
    keys = sorted(sightings)
    seen = [sightings[key] for key in keys]
    given = [
        wire.texts(kind for kind, _ in keys),
        wire.texts(value for _, value in keys),
        wire.times(one.first_at for one in seen),
        wire.times(one.last_at for one in seen),
        wire.times(one.vouched_at for one in seen),
    ]
    cursor.execute(FIND, given)
    for number, kind, value, profile_id, is_proven in cursor.fetchall():
        known.ids[kind, value], known.owners[kind, value] = number, profile_id
        if is_proven:
            known.proven.add((kind, value))
    return known


def verify(cursor: Any, said: Mapping[Key, Sighting]) -> None:
    """Mark identifiers that were in the database as proven. One statement where there are any."""
    if said:
        cursor.execute(VERIFY, _proof_of(said))


def move(cursor: Any, owners: Mapping[Key, int], said: Mapping[Key, Sighting]) -> None:
    """Give identifiers of the database to others, proven where `said` has it. One statement."""
    if owners:
        keys = {key: said.get(key, UNSAID) for key in sorted(owners)}
        cursor.execute(MOVE, [*_proof_of(keys), wire.numbers(owners[key] for key in keys)])


NEVER = datetime.min.replace(tzinfo=UTC)
UNSAID = Sighting(NEVER, NEVER, 0)


def _proof_of(said: Mapping[Key, Sighting]) -> list[str]:
    keys = sorted(said)
    proven = [said[key] for key in keys]
    return [
        wire.texts(kind for kind, _ in keys),
        wire.texts(value for _, value in keys),
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
) -> dict[int, Person]:
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
    people = {number: Person() for number in sorted(wanted)}
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
    people: dict[int, Person],
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


def who_may_change(messages: Iterable[Message], known: Known) -> tuple[set[int], set[int]]:
    """The people whose identifiers have to be known: a message adds to them or joins them.

    Second, those of whom a source of ours names what only a public key gave to them.
    """
    changed: set[int] = set()
    asked: set[int] = set()
    owners, proven = known.owners, known.proven
    for message in messages:
        keys = message.keys
        if len(keys) > 1:
            named = {owners.get(key) for key in keys}
            if len(named) > 1:
                changed |= {owner for owner in named if owner is not None}
        if message.source.is_verified:
            for key in keys:
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
    """By the identifier by which they had met. At most one statement."""
    found: dict[int, list[Parted]] = {}
    wanted = sorted(set(via_ids))
    if wanted:
        cursor.execute(SELECT_PARTED, [PROFILE_KIND, wanted])
        for via, person, moved, digest, value, number, owner in cursor.fetchall():
            ids = frozenset(loads(moved) if moved else ())
            one = Parted(person, ids, digest or "", (PROFILE_KIND, value), number, owner)
            found.setdefault(via, []).append(one)
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
    keys = sorted(owners)
    if not keys:
        return {}
    ids = take_ids(cursor, "identifier", len(keys))
    seen = [sightings[key] for key in keys]
    digests = [
        contact_digest(kind, value, salt) if kind in CONTACT_KINDS else None for kind, value in keys
    ]
    columns = [
        wire.numbers(ids),
        wire.texts(kind for kind, _ in keys),
        wire.texts(value for _, value in keys),
        wire.texts(one.raw for one in seen),
        wire.digests(digests),
        wire.numbers(owners[key] for key in keys),
        wire.times(one.verified_at for one in seen),
        wire.numbers(one.verified_source_id for one in seen),
        wire.times(one.vouched_at if one.verified_at else None for one in seen),
        wire.numbers(one.source_id for one in seen),
        wire.times(one.first_at for one in seen),
        wire.times(one.last_at for one in seen),
    ]
    cursor.execute(INSERT, columns)
    return dict(zip(keys, ids, strict=True)) if cursor.rowcount == len(keys) else None


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
        public_id = uuid.uuid4()
        made.append(Newcomer(number, public_id, bucket_of(str(public_id), salt)))
    return made

"""Calls that a known person took in though they may be another's: evidence, kept beside merges.

One match attaches, and who shares a landline, a till's number or a device
with somebody becomes that person without a trace. So an attach is written down where it came by an
identifier that people share, and brought a second address, number or user id, or another name,
birthday or gender. `parting` takes it apart again.

What comes by a user id, or by an address without anything new, is one's own record: people marry
and mistype. Nothing here asks the database; the record holds ids, names of traits and digests.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from config.postgres import wire
from profiles.calls.messages import Incoming
from profiles.identity.person_traits import FACT_OF, conflicts, digest_of, facts_of
from profiles.identity.resolve import Attach, Key

RULE = "attach"
SHARED_KIND = "phone"  # what may be another's although it came alone
MOST = 20  # of one person by one identifier in a batch; more is a switchboard
INSERT = """
    INSERT INTO merge (kind, survivor_id, via_id, once, rule, evidence, snapshot, at)
    SELECT 'attach', person, via, once, %s, evidence, snapshot, now()
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::jsonb[], %s::jsonb[])
         AS found(person, via, once, evidence, snapshot)
    ON CONFLICT (once) DO NOTHING
"""


@dataclass(frozen=True)
class Evidence:
    """One such call. `traits` are the names of what differed, `kinds` of what there was before."""

    message: Incoming
    via: Key
    fresh: tuple[Key, ...]
    held: frozenset[Key]
    kinds: tuple[str, ...]
    traits: tuple[str, ...]
    digest: str


def find(
    messages: Sequence[Incoming], before: Mapping[int, dict[str, Any]], salt: str
) -> list[Evidence]:
    """The evidence of a batch. `before`: the shown traits of the people who were there before it.

    In the order of occurrence, as the batch is resolved: the first row of a file makes the person
    whom the second one meets.
    """
    told = [
        message
        for message in messages
        if message.attach or (message.traits and not FACT_OF.keys().isdisjoint(message.traits))
    ]
    known: dict[int, dict[str, str]] = {}
    found: list[Evidence] = []
    for message in sorted(told, key=lambda message: message.occurred_at):
        person = message.profile_id
        if person not in known:
            known[person] = facts_of(before.get(person, {}))
        said = facts_of(message.traits)
        evidence = _judge(message, known[person], said, salt)
        if evidence:
            found.append(evidence)
        known[person] |= said
    return found


def _judge(
    message: Incoming, known: dict[str, str], said: dict[str, str], salt: str
) -> Evidence | None:
    differing = tuple(conflicts(known, said))
    attach: Attach | None = message.attach
    if attach is not None:
        if not (differing or attach.kinds):
            return None
        digest = digest_of({"ids": repr(attach.fresh)}, salt)
        return Evidence(
            message, attach.via, attach.fresh, attach.held, attach.kinds, differing, digest
        )
    if message.key is None or message.key[0] != SHARED_KIND or not differing:
        return None
    return Evidence(message, message.key, (), frozenset(), (), differing, digest_of(said, salt))


def remember(cursor: Any, found: Iterable[Evidence], ids: Mapping[Key, int]) -> list[Incoming]:
    """Write it down, in the batch's transaction; the messages that are too many to be.

    One statement at most; one row for each person, identifier, day and what came by it.
    """
    rows: dict[str, tuple[Any, ...]] = {}
    counts: Counter[tuple[int, int]] = Counter()
    left_out = []
    for one in found:
        via, person = ids[one.via], one.message.profile_id
        once = f"{person}:{via}:{one.message.occurred_at.date()}:{one.digest}"
        if once in rows:
            continue
        counts[person, via] += 1
        if counts[person, via] > MOST:
            left_out.append(one.message)
            continue
        rows[once] = (person, via, once, *_record(one, via, ids))
    if rows:
        people, vias, onces, evidence, snapshots = zip(*map(rows.get, sorted(rows)), strict=True)
        given = [wire.numbers(people), wire.numbers(vias), wire.texts(onces)]
        cursor.execute(INSERT, [RULE, *given, list(evidence), list(snapshots)])
    return left_out


def _record(one: Evidence, via: int, ids: Mapping[Key, int]) -> tuple[Jsonb, Jsonb]:
    new = [ids[key] for key in one.fresh]
    evidence = {
        "message_id": one.message.message_id,
        "source": one.message.source.id,
        "at": one.message.occurred_at.isoformat(),
        "identifiers": [via, *new],
        "new": new,
        "kinds": list(one.kinds),
        "traits": list(one.traits),
        "digest": one.digest,
    }
    return Jsonb(evidence), Jsonb({"held": sorted(ids[key] for key in one.held if key in ids)})

"""Finds the person of every message of a batch, and makes those who are new."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from profiles.calls import reasons
from profiles.calls.messages import Incoming
from profiles.identifiers.kinds import PROFILE_KIND, Rules
from profiles.identity import store
from profiles.identity.apart import keep_apart
from profiles.identity.resolve import Join, Key, Resolver, is_device

ATTEMPTS = 6


class Raced(Exception):
    """Another worker made the same identifiers again and again; the batch is tried anew."""


@dataclass
class Resolved:
    """What came out: everyone's ids, who is new, and who is to be merged."""

    ids: dict[Key, int]
    newcomers: list[store.Newcomer]
    joins: list[Join] = field(default_factory=list)
    refused: list[Incoming] = field(default_factory=list)
    moved: list["MovedIdentifier"] = field(default_factory=list)


@dataclass(frozen=True)
class MovedIdentifier:
    """An identifier of the database that was another's, to whom only a public key had given it."""

    key: Key
    before: int
    now: int


def resolve(cursor: Any, messages: Sequence[Incoming], rules: Rules, salt: str) -> Resolved:
    """Set `key`, `profile_id` and the identifier ids of each message; write new identifiers.

    Messages are resolved in the order in which they happened, whatever order they came in: an
    anonymous id belongs to whom it was first identified with. What was decided in an earlier
    batch stands: times are the client's word, and whoever holds a public key could otherwise
    pull a visitor's history to themselves with a date in the past.

    Where another worker makes one of the same identifiers meanwhile, its result is read and
    everything resolved again. Raises Raced. At most 11 statements an attempt; a few more where
    merges lag behind.
    """
    sightings = _sightings(messages)
    for _ in range(ATTEMPTS):
        with transaction.atomic():
            done = _attempt(cursor, messages, rules, salt, sightings)
            if done is not None:
                return done
            transaction.set_rollback(True)
    raise Raced


def _attempt(
    cursor: Any,
    messages: Sequence[Incoming],
    rules: Rules,
    salt: str,
    sightings: dict[Key, store.Sighting],
) -> Resolved | None:
    known = store.find(cursor, sightings)
    if known is None:
        return None
    keep_apart(cursor, messages, known, salt)
    refused = [message for message in messages if _is_nobody(message, known)]
    lost = set(map(id, refused))
    kept = [message for message in messages if id(message) not in lost]
    seen: dict[Key, int] = {}
    proven = set(known.proven)
    changed, asked = store.who_may_change(kept, known)
    people = store.load_people(cursor, changed, seen, proven, asked)
    promised = store.load_promised(cursor, people, seen, proven, asked)
    known.owners |= {key: number for number, one in people.items() for key in one.keys}
    resolver = Resolver(rules, known.owners, people, proven=proven, ages=seen)
    resolver.promise(promised)
    for message in sorted(kept, key=_occurred_at):
        message.key = resolver.resolve(
            message.keys, verified=message.source.is_verified, message_id=message.message_id
        )
        message.attach = resolver.attach
        dropped, sent_away = resolver.dropped, resolver.sent_away
        message.left_out = [key[0] for key in dropped if not is_device(key)] if dropped else []
        message.sent_away = [key[0] for key in sent_away] if sent_away else []
    numbers, newcomers = _number(cursor, resolver, salt)
    owners = {key: numbers[resolver.home(who)] for key, who in resolver.attached.items()}
    moved = [
        MovedIdentifier(key, before, owners.pop(key))
        for key, before in resolver.moved.items()
        if key in owners
    ]
    vouched = _vouch(kept, resolver, sightings)
    made = store.insert(cursor, owners, sightings, salt)
    if made is None:
        return None
    ids = seen | known.ids | made
    store.verify(
        cursor,
        known,
        {k: one for k, one in vouched.items() if k in known.owners and k not in known.proven},
    )
    store.move(
        cursor,
        {one.key: (one.before, ids[one.key]) for one in moved},
        {one.key: one.now for one in moved},
        vouched,
    )
    owners |= {one.key: one.now for one in moved}
    for message in kept:
        _assign(message, ids, known.owners, owners)
    return Resolved(ids, newcomers, resolver.joins, refused, moved)


def _occurred_at(message: Incoming) -> datetime:
    return message.occurred_at


def _sightings(messages: Sequence[Incoming]) -> dict[Key, store.Sighting]:
    found: dict[Key, store.Sighting] = {}
    for message in messages:
        at, source = message.occurred_at, message.source
        for key in message.keys:
            one = found.get(key)
            if one is None:
                raw = message.raw_values.get(key, "")
                one = found[key] = store.Sighting(at, at, source.id, raw)
            else:
                one.add(at)
            if source.is_verified:
                one.vouch(at)
    return found


def _vouch(
    messages: Sequence[Incoming], resolver: Resolver, sightings: dict[Key, store.Sighting]
) -> dict[Key, store.Sighting]:
    """Identifiers that a source whose word counts gave to the very person who has them.

    One that was dropped on the way stays somebody else's, and is no more proven for that. A device
    that is named alone is proven to be nobody's.
    """
    for sighting in sightings.values():
        sighting.verified_at = sighting.verified_source_id = None
    found: dict[Key, store.Sighting] = {}
    for message in messages:
        if message.key is None or not message.source.is_verified:
            continue
        rest = [key for key in message.keys if key not in found]
        if not rest or message.names_only_devices:
            continue
        person = resolver.person_of(message.key)
        for key in rest:
            if resolver.person_of(key) == person:
                one = found[key] = sightings[key]
                one.verified_at = message.received_at
                one.verified_source_id = message.source.id
    return found


def _is_nobody(message: Incoming, known: store.Known) -> bool:
    """One of our own messages about somebody who is not there any more (erased).

    Its text is not kept: what a mail server says of a message may quote an address.
    """
    key = message.keys[0]
    if key[0] != PROFILE_KIND or key in known.owners:
        return False
    message.refusal = ("unknown_person", "context.externalIds", reasons.UNKNOWN_PERSON)
    message.raw = b""
    return True


def _number(
    cursor: Any, resolver: Resolver, salt: str
) -> tuple[dict[int, int], list[store.Newcomer]]:
    """Profile ids for the people made here; the database's have their own."""
    homes = {resolver.home(person) for person in resolver.attached.values()}
    fresh = sorted((person for person in homes if person < 0), reverse=True)
    ids = store.take_ids(cursor, "profile", len(fresh))
    numbers = {person: person for person in homes if person > 0}
    numbers |= dict(zip(fresh, ids, strict=True))
    return numbers, store.newcomers(ids, salt)


def _assign(
    message: Incoming, ids: dict[Key, int], known: dict[Key, int], made: dict[Key, int]
) -> None:
    key = message.key
    if key is None:
        return
    owner = known.get(key)
    message.profile_id = made[key] if owner is None else owner
    message.identifier_id = ids[key]
    message.anonymous_identifier_id = next(
        (ids[other] for other in message.keys if other[0] == "anonymous_id" and other in ids), None
    )

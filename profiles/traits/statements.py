"""Traits: what each source said of each, and which of it is shown.

`profile_trait` is the truth: the newest statement for each (profile, name, source, identifier).
`profile.traits` is derived. Trust goes before recency: what a source of ours said is not replaced
by what a browser or an app says with a public key, whatever the time. Then one by a
known identifier beats one by a device (an anonymous visit fills gaps and overwrites nothing), then
the newest wins, then the more trusted source. A null takes a trait away. What lost is kept, and the
customer page shows it; what a source said before it said another thing is in `trait_history`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from config.postgres import wire
from config.postgres.wire import copy, json_text, loads, moment, text, time
from profiles.calls import limits
from profiles.calls.messages import Incoming, Origin
from profiles.identifiers.kinds import DEVICE_KINDS
from profiles.models import Source
from profiles.traits import history as trait_history
from profiles.traits.history import At, Told

COLUMNS = "profile_id, name, source_id, identifier_id, value, set_at"
UPSERT = f"""
    WITH given AS (
        SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::jsonb[],
                             %s::timestamptz[], %s::timestamptz[]) AS g({COLUMNS}, since)
    ), before AS ({trait_history.NOTE})
    INSERT INTO profile_trait AS t ({COLUMNS}, since)
    SELECT {COLUMNS}, nullif(since, set_at) FROM given
    ON CONFLICT (profile_id, name, source_id, identifier_id) DO UPDATE
    SET value = EXCLUDED.value, set_at = EXCLUDED.set_at,
        since = CASE WHEN t.value = EXCLUDED.value THEN coalesce(t.since, t.set_at)
                     ELSE EXCLUDED.since END
    WHERE t.set_at <= EXCLUDED.set_at
"""  # noqa: S608 - column names of ours
# what came by one that is another person's since goes behind what came by their own
BY_DEVICE = "coalesce(i.kind = ANY(%(devices)s), t.identifier_id > 0)"
# Whether a statement `t` of source `s` that came by identifier `i` is to be believed. A device that
# only a browser gave to the person may be anybody's, whoever speaks of it.
IS_TRUSTED = f"""coalesce(s.is_internal OR (s.kind = ANY(%(verified)s)
                 AND NOT ({BY_DEVICE} AND i.verified_at IS NULL)), false)"""
DERIVE = f"""
    SELECT profile_id, jsonb_object_agg(name, value) FILTER (WHERE value <> 'null'), sum(n) FROM (
        SELECT DISTINCT ON (t.profile_id, t.name) t.profile_id, t.name, t.value,
               count(*) OVER (PARTITION BY t.profile_id, t.name) AS n
        FROM profile_trait t
        LEFT JOIN identifier i ON i.profile_id = t.profile_id AND i.id = t.identifier_id
        LEFT JOIN source s ON s.id = t.source_id
        WHERE t.profile_id = ANY(%(people)s)
        ORDER BY t.profile_id, t.name, {IS_TRUSTED} DESC, {BY_DEVICE}, t.set_at DESC,
                 s.trust DESC NULLS LAST, t.id DESC
    ) newest GROUP BY profile_id
"""  # noqa: S608 - pieces of ours, here and below
# Of whom there are too many statements: those by a public key but for the newest.
PRUNE = """
    DELETE FROM profile_trait d USING (
        SELECT t.profile_id, t.id, row_number() OVER (
                   PARTITION BY t.profile_id ORDER BY t.set_at DESC, t.id DESC) AS place
        FROM profile_trait t JOIN source s ON s.id = t.source_id
        WHERE t.profile_id = ANY(%(people)s) AND s.kind <> ALL(%(verified)s)
    ) old WHERE d.profile_id = old.profile_id AND d.id = old.id AND old.place > %(most)s
"""
_encode = msgspec.json.encode


class Said(NamedTuple):
    """One statement about one trait."""

    set_at: datetime
    order: int
    value: Any
    source: Origin
    by_device: bool
    is_trusted: bool
    message: Incoming


class Statements(dict[At, Said]):
    """The newest of each; `told` has all of those that were said more than once in the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[At, list[Told]] = {}

    def note(self, at: At, before: Said, one: Told) -> None:
        """Another statement about the same."""
        first = Told(before.set_at, before.order, before.value)
        self.told.setdefault(at, [first]).append(one)

    def since(self, at: At) -> datetime:
        """When its value was said first in the batch."""
        newest, told = self[at], self.told.get(at)
        return trait_history.since(told, newest.value, newest.set_at) if told else newest.set_at


def statements(messages: Iterable[Incoming]) -> Statements:
    """The newest of each (profile id, name, source id, identifier id) in a batch."""
    found = Statements()
    for order, message in enumerate(messages):
        if not message.traits:
            continue
        source = message.source
        by_device = message.key is not None and message.key[0] in DEVICE_KINDS
        is_trusted = source.is_internal or (
            source.is_verified and not (by_device and message.names_only_devices)
        )
        for name, value in message.traits.items():
            if not name:
                continue
            at = (message.profile_id, name, source.id, message.identifier_id)
            before = found.get(at)
            if before is not None:
                found.note(at, before, Told(message.occurred_at, order, value))
            if before is None or before.set_at <= message.occurred_at:
                found[at] = Said(
                    message.occurred_at, order, value, source, by_device, is_trusted, message
                )
    return found


def write(cursor: Any, said: Statements, created: frozenset[int]) -> None:
    """Write the statements: about new people by COPY, about others where they are the newest."""
    copy(
        cursor,
        "profile_trait",
        f"{COLUMNS}, since",
        (
            f"{profile}\t{text(name)}\t{source}\t{identifier}\t{json_text(_encode(one.value))}"
            f"\t{moment(one.set_at)}\t{time(_since(said, (profile, name, source, identifier)))}"
            for (profile, name, source, identifier), one in said.items()
            if profile in created
        ),
    )
    rows = sorted(at for at in said if at[0] not in created)
    if rows:
        profiles, names, sources, identifiers = map(list, zip(*rows, strict=True))
        given = [
            wire.numbers(profiles),
            wire.texts(names),
            wire.numbers(sources),
            wire.numbers(identifiers),
            wire.texts(_encode(said[at].value).decode() for at in rows),
            wire.times(said[at].set_at for at in rows),
            wire.times(map(said.since, rows)),
        ]
        cursor.execute(UPSERT, given)
    if said.told:
        trait_history.write(cursor, {at: told for at, told in said.told.items() if at in said})


def _since(said: Statements, at: At) -> datetime | None:
    """When its value was said first; None where that is when it was said."""
    first = said.since(at)
    return None if first == said[at].set_at else first


def derive_new(said: Statements, created: frozenset[int]) -> dict[int, dict[str, Any]]:
    """The shown traits of people of whom nothing else is known yet."""
    best: dict[tuple[int, str], Said] = {}
    for (profile, name, _source, _identifier), one in said.items():
        if profile in created:
            before = best.get((profile, name))
            if before is None or _rank(one) > _rank(before):
                best[profile, name] = one
    shown: dict[int, dict[str, Any]] = defaultdict(dict)
    for (profile, name), one in best.items():
        if one.value is not None:
            shown[profile][name] = one.value
    return shown


def derive(cursor: Any, profile_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The shown traits of these people out of the table. They have to be locked. One query.

    Where there are too many statements of somebody, those that a public key made go, the oldest
    first: one statement more, and the question again.
    """
    if not profile_ids:
        return {}
    given = {
        "people": list(profile_ids),
        "devices": sorted(DEVICE_KINDS),
        "verified": list(Source.VERIFIED_KINDS),
        "most": limits.MAX_TRAIT_ROWS // 2,
    }
    rows = _derived(cursor, given)
    if full := [profile for profile, _traits, n in rows if n > limits.MAX_TRAIT_ROWS]:
        cursor.execute(PRUNE, given | {"people": full})
        rows = _derived(cursor, given)
    found = {profile: loads(traits) if traits else {} for profile, traits, _n in rows}
    return {profile: found.get(profile, {}) for profile in profile_ids}


def _derived(cursor: Any, given: dict[str, Any]) -> list[tuple[int, str | None, int]]:
    cursor.execute(DERIVE, given)
    return list(cursor.fetchall())


def _rank(one: Said) -> tuple[bool, bool, datetime, int, int]:
    return one.is_trusted, not one.by_device, one.set_at, one.source.trust, one.order

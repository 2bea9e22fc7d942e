"""Identities resolved anew over everything that was ever said: `manage.py resolve`.

Union-find in memory over identifiers that came together in one call (1 million in about a second;
in SQL it took 53 s), with the limits of `kinds`; what turns out to be one goes through the ordinary
merge, recorded and undoable. Run it after the rules were changed: a limit raised, for instance.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connection, transaction

from config.workspace.selectors import workspace
from config.workspace.tables.statistics import refresh_statistics
from profiles.identifiers.kinds import PROFILE_KIND, Rules, rules
from profiles.identifiers.normalise import normalise
from profiles.identity.resolve import Key, KnownPerson, Resolver
from profiles.merging import merging
from profiles.merging.merging import merge_found
from profiles.merging.moving import Pair

AT_ONCE = 20_000
# Pairs of identifiers that one call carried, and whether by a source whose word may join two known
# people: as they were written down (`links`), and of calls of before that.
PAIRS = """
    SELECT DISTINCT e.identifier_id, e.anonymous_identifier_id, s.kind <> ALL(%s)
    FROM event e JOIN source s ON s.id = e.source_id
    WHERE e.anonymous_identifier_id IS NOT NULL AND e.anonymous_identifier_id <> e.identifier_id
    UNION SELECT one_id, other_id, is_proven FROM identifier_link ORDER BY 1, 2
"""
# Addresses and numbers that an identifier said of itself.
CONTACTS = """
    SELECT DISTINCT t.identifier_id, t.name, t.value #>> '{}', s.kind <> ALL(%s), p.country
    FROM profile_trait t JOIN source s ON s.id = t.source_id JOIN profile p ON p.id = t.profile_id
    WHERE t.name IN ('email', 'phone') AND jsonb_typeof(t.value) = 'string' ORDER BY 1, 2, 3
"""
CLIENT_KINDS = ["browser", "mobile"]
CODE = 2  # letters of a country


def find_joins(progress: Callable[[int], None] = lambda _: None) -> list[Pair]:
    """Who would be one with whom by the rules as they are now, survivors first; changes nothing."""
    with connection.cursor() as cursor:
        keys, owners, people, proven = _everybody(cursor)
        resolver = Resolver(rules(), owners, people, proven=proven)
        for nobodys in _nobodys(resolver.rules, owners):
            del owners[nobodys]
        apart = _parted(cursor, keys)
        for count, (one, other, verified) in enumerate(_pairs(cursor, keys), start=1):
            if one in owners and other in owners and frozenset((one, other)) not in apart:
                pair = sorted((one, other), key=lambda key: resolver.rules.rank(key[0]))
                resolver.resolve(pair, verified=verified)
            if count % AT_ONCE == 0:
                progress(count)
    return [Pair(resolver.root(join.absorbed), join.absorbed) for join in resolver.joins]


def resolve_all(progress: Callable[[int], None] = lambda _: None) -> int:
    """Merge everybody whom `find_joins` finds, portion by portion; how many there were."""
    joins = find_joins(progress)
    done = 0
    refresh_statistics("profile", "identifier", "identifier_key", "profile_trait", "event", "merge")
    for start in range(0, len(joins), merging.AT_ONCE):
        with transaction.atomic(), connection.cursor() as cursor:
            done += merge_found(cursor, joins[start : start + merging.AT_ONCE], "resolved in bulk")
    return done


def _everybody(
    cursor: Any,
) -> tuple[dict[int, Key], dict[Key, int], dict[int, KnownPerson], set[Key]]:
    keys: dict[int, Key] = {}
    owners: dict[Key, int] = {}
    people: dict[int, KnownPerson] = {}
    proven: set[Key] = set()
    cursor.execute(
        "SELECT id, kind, value, profile_id, verified_at IS NOT NULL FROM identifier"
        " WHERE kind <> %s",
        [PROFILE_KIND],
    )
    for number, kind, value, profile_id, is_proven in cursor.fetchall():
        if is_proven:
            proven.add((kind, value))
        keys[number], owners[kind, value] = (kind, value), profile_id
        people.setdefault(profile_id, KnownPerson()).keys.add((kind, value))
    cursor.execute(
        "SELECT survivor_id, count(*) FROM merge WHERE undone_at IS NULL AND kind = 'merge'"
        " GROUP BY survivor_id"
    )
    for profile_id, count in cursor.fetchall():
        if profile_id in people:
            people[profile_id].merges = count
    return keys, owners, people, proven


def _parted(cursor: Any, keys: dict[int, Key]) -> set[frozenset[Key]]:
    """Identifiers that were taken apart: that a call carried both joins nobody any more."""
    cursor.execute(
        "SELECT via_id, jsonb_array_elements(snapshot->'moved')::bigint FROM merge"
        " WHERE via_id IS NOT NULL AND undone_at IS NOT NULL"
    )
    return {
        frozenset((keys[via], keys[moved]))
        for via, moved in cursor.fetchall()
        if via in keys and moved in keys
    }


def _nobodys(own: Rules, keys: Iterable[Key]) -> list[Key]:
    """Identifiers kept by earlier rules that join nobody by those of now."""
    return [key for key in keys if not own.identifies(*key)]


def count_nobodys() -> int:
    """How many of the identifiers that are kept identify nobody by the rules as they are now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, value FROM identifier WHERE kind <> %s", [PROFILE_KIND])
        return len(_nobodys(rules(), cursor.fetchall()))


def _pairs(cursor: Any, keys: dict[int, Key]) -> Iterator[tuple[Key, Key, bool]]:
    nobody = ("", "")
    cursor.execute(PAIRS, [CLIENT_KINDS])
    for one, other, verified in cursor.fetchall():
        yield keys.get(one, nobody), keys.get(other, nobody), verified
    region = workspace().country
    cursor.execute(CONTACTS, [CLIENT_KINDS])
    for one, kind, value, verified, country in cursor.fetchall():
        spelt = normalise(kind, value, country if len(country) == CODE else region)
        yield keys.get(one, nobody), (kind, spelt), verified

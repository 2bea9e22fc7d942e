"""Identifiers by what they are: looked up, held, made, and given from one person to another.

`identifier_key` says of a kind and value which identifier it is and whose; it is asked from Python
alone. `identifier` lies beside its person and goes to another by delete and insert, never by an
update of `profile_id`. Whoever changes an identifier holds its row. A key is read without a lock:
where its identifier is not where the key said, somebody moved it in between.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import transaction

from config.postgres import wire
from config.workspace.tables.belonging import columns_of
from profiles.models import Identifier, IdentifierKey

Key = tuple[str, str]
COLUMNS = columns_of(Identifier)
LOOK_UP = """
    SELECT k.kind, k.value, k.id, k.profile_id
    FROM unnest(%s::text[], %s::text[]) AS g(kind, value)
    JOIN identifier_key k ON k.value = g.value AND k.kind = g.kind
"""
OWNERS = "SELECT id, profile_id FROM identifier_key WHERE id = ANY(%s::bigint[])"
# In the shape in which a set of rows is locked on a cluster as well; by the key, in its order.
HOLD = """
    UPDATE identifier i SET kind = i.kind
    FROM (SELECT unnest(%s::bigint[]) AS profile_id ORDER BY 1) AS p
    WHERE i.profile_id = p.profile_id
    RETURNING i.id, i.kind, i.value, i.profile_id
"""
HOLD_KEYS = """
    UPDATE identifier i SET kind = i.kind
    FROM (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS n(profile_id, id)
          ORDER BY profile_id, id) AS g
    WHERE i.profile_id = g.profile_id AND i.id = g.id
    RETURNING i.id, i.kind, i.value, i.profile_id
"""
GIVE = f"""
    WITH moved AS (
        DELETE FROM identifier i USING unnest(%s::bigint[], %s::bigint[]) AS g(profile_id, id)
        WHERE i.profile_id = g.profile_id AND i.id = g.id RETURNING i.*
    )
    INSERT INTO identifier (profile_id, {COLUMNS})
    SELECT g.owner, {", ".join(f"moved.{name}" for name in COLUMNS.split(", "))}
    FROM moved JOIN unnest(%s::bigint[], %s::bigint[]) AS g(id, owner) ON g.id = moved.id
    RETURNING id, profile_id
"""  # noqa: S608 - columns of ours
TELL = """
    UPDATE identifier_key k SET profile_id = g.owner
    FROM (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS n(id, owner) ORDER BY id) AS g
    WHERE k.id = g.id
"""


class FoundKey(NamedTuple):
    """Which identifier a key is, and whose it was when it was looked up."""

    id: int
    profile_id: int


class Held(NamedTuple):
    """An identifier whose row is locked."""

    key: Key
    profile_id: int


def look_up(cursor: Any, keys: Iterable[Key]) -> dict[Key, FoundKey]:
    """Those of `keys` that are somebody's. One query, no lock."""
    wanted = sorted(keys, key=lambda key: (key[1], key[0]))  # neighbours lie on one page
    given = [wire.texts(kind for kind, _ in wanted), wire.texts(value for _, value in wanted)]
    cursor.execute(LOOK_UP, given)
    return {
        (kind, value): FoundKey(number, owner) for kind, value, number, owner in cursor.fetchall()
    }


def owners(cursor: Any, ids: Collection[int]) -> dict[int, int]:
    """Whose these identifiers are at the moment; those that exist. One query, no lock."""
    cursor.execute(OWNERS, [wire.numbers(sorted(ids))])
    return dict(cursor.fetchall())


def hold_keys(cursor: Any, keys: Iterable[Key]) -> dict[Key, FoundKey]:
    """Those of `keys` that are somebody's, locked; not one that moves meanwhile. Two statements."""
    found = sorted((one.profile_id, one.id) for one in look_up(cursor, keys).values())
    given = [wire.numbers(owner for owner, _ in found), wire.numbers(number for _, number in found)]
    cursor.execute(HOLD_KEYS, given)
    return {
        (kind, value): FoundKey(number, owner) for number, kind, value, owner in cursor.fetchall()
    }


def hold(cursor: Any, profile_ids: Iterable[int]) -> dict[int, Held]:
    """All identifiers of these people, locked in the order of their keys; by id."""
    cursor.execute(HOLD, [wire.numbers(sorted(set(profile_ids)))])
    return {number: Held((kind, value), owner) for number, kind, value, owner in cursor.fetchall()}


def give(cursor: Any, before: Mapping[int, int], now: Mapping[int, int]) -> None:
    """Move identifiers, which are held: by id whose they were, and whose they are. Two statements.

    One that is not where it was stays where it is. No statement without any.
    """
    ids = sorted(now)
    if ids:
        numbers, to = wire.numbers(ids), wire.numbers(now[number] for number in ids)
        cursor.execute(GIVE, [wire.numbers(before[number] for number in ids), numbers, numbers, to])
        moved, owners = zip(*cursor.fetchall(), strict=True) if cursor.rowcount else ((), ())
        cursor.execute(TELL, [wire.numbers(moved), wire.numbers(owners)])


def keep(identifiers: Sequence[Identifier]) -> Sequence[Identifier]:
    """Write new identifiers with their keys: for a few, made one by one.

    Raises IntegrityError where one is somebody's already.
    """
    with transaction.atomic():
        made = Identifier.objects.bulk_create(identifiers)
        IdentifierKey.objects.bulk_create(
            IdentifierKey(id=row.pk, kind=row.kind, value=row.value, profile_id=row.profile_id)
            for row in made
        )
    return made

"""Finding people by what a list holds: ids and `kind:value`, all at once."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from config.postgres.wire import is_storable
from config.workspace.selectors import workspace
from profiles.identifiers.kinds import PROFILE_KIND
from profiles.identifiers.normalise import normalise, normalise_kind
from profiles.identifiers.typed import reference_of
from profiles.people.lineage import living
from profiles.selectors.finding import as_uuid
from profiles.selectors.masking import EVERYTHING, Shown

FIND = f"""
SELECT k.n, i.profile_id, CASE WHEN i.kind <> '{PROFILE_KIND}' THEN i.id END
FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS k(kind, value, n)
JOIN identifier_key i ON i.kind = k.kind AND i.value = k.value
JOIN profile p ON p.id = i.profile_id AND {living()}
"""  # noqa: S608 - pieces of ours


def find_people(
    people: Sequence[Any], *, shown: Shown = EVERYTHING
) -> tuple[dict[int, int | None], list[str]]:
    """By profile id the identifier that named them, None for an id of ours; and references that
    nobody is known by. Who is named twice is named by an id before anything else. One query.
    """
    region = workspace().country
    keys = [_key(each, region, shown) for each in people]
    with connection.cursor() as cursor:
        cursor.execute(FIND, [[kind for kind, _value in keys], [value for _kind, value in keys]])
        found = {n: (owner, identifier) for n, owner, identifier in cursor.fetchall()}
    unknown = [str(each) for n, each in enumerate(people, 1) if n not in found]
    named: dict[int, int | None] = {}
    for owner, identifier in found.values():
        known = named.get(owner, identifier)
        named[owner] = identifier if known is not None else None
    return named, unknown


def _key(reference: Any, region: str, shown: Shown) -> tuple[str, str]:
    if not isinstance(reference, str) or not is_storable(reference):
        return "", ""
    public_id = as_uuid(reference.strip())
    if public_id:
        return PROFILE_KIND, str(public_id)
    # a pasted address or number says what it is
    given, value = reference_of(reference, region) or (reference, "")
    kind = normalise_kind(given)
    if not shown.sees_key(kind, value):
        return "", ""
    return kind, normalise(kind, value, region)

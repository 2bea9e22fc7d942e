"""Identifiers of people who were erased: kept as keyed digests, found by nobody else."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from config.workspace.digests import contact_digest
from config.workspace.selectors import workspace
from profiles.identity import keys

Key = tuple[str, str]
_ANY: Final = "SELECT EXISTS (SELECT FROM erased_identifier)"
_ERASED: Final = """
SELECT e.digest, e.erased_at, e.is_blocked AND e.released_at IS NULL FROM erased_identifier e
WHERE e.digest = ANY(%s::bytea[])
"""


class Erasure(NamedTuple):
    """When an identifier was erased, and whether nothing of it may come in."""

    at: datetime
    is_blocked: bool


def erased_among(cursor: Any, wanted: Iterable[Key]) -> dict[Key, Erasure]:
    """Those of these identifiers whose person was erased. One query where nobody was."""
    cursor.execute(_ANY)
    if not cursor.fetchone()[0]:
        return {}
    salt = workspace().salt
    by_digest = {contact_digest(kind, value, salt): (kind, value) for kind, value in wanted}
    cursor.execute(_ERASED, [list(by_digest)])
    return {
        by_digest[bytes(digest)]: Erasure(at, blocked) for digest, at, blocked in cursor.fetchall()
    }


def is_erased(kind: str, value: str) -> bool:
    """Whether it is of somebody who was erased, and nobody's today."""
    with connection.cursor() as cursor:
        return bool(erased_among(cursor, [(kind, value)])) and not keys.look_up(
            cursor, [(kind, value)]
        )

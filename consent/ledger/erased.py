"""Identifiers of people who were erased: kept as keyed digests, and asked for by what comes in."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from config.workspace.digests import contact_digest
from config.workspace.selectors import workspace
from consent.models import ErasedIdentifier
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


def keep_out(
    digests: Iterable[tuple[str, bytes]],
    at: datetime,
    *,
    request_id: int = 0,
    is_blocked: bool = False,
) -> None:
    """Keep whoever had these (kind, digest) from coming back by what is dated before `at`.

    Of one that was erased before, the newest erasure counts; where nobody asked for it (people who
    were not seen for long), a block and whose request it was stay.
    """
    of_request = ["is_blocked", "request_id", "released_at", "released_because"]
    ErasedIdentifier.objects.bulk_create(
        [
            ErasedIdentifier(
                kind=kind, digest=digest, erased_at=at, request_id=request_id, is_blocked=is_blocked
            )
            for kind, digest in sorted(set(digests))
        ],
        update_conflicts=True,
        unique_fields=["digest", "kind"],
        update_fields=["erased_at", *(of_request if request_id else ())],
    )


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

"""Which address of a person is the one to use: the one place that says so.

Verified first, then the trust of whoever vouched for it, then who was vouched for last; the value
decides what is left. What was only seen counts where nothing was ever vouched for: a browser that
names an old address again does not make it the newest. An address that only a public key gave to a
person is no address of theirs to write to; push tokens, which only devices know, are
what they are, the verified before the others.

The pieces are SQL over `identifier i` joined to the `source s` of `JOIN_SOURCE`.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from django.db import connection

from config.postgres.sql import COMMA, Sql, run, sql
from config.workspace.selectors import workspace
from profiles.identifiers.normalise import normalise
from profiles.models import Identifier, Profile, Source

JOIN_SOURCE: Final = (
    "LEFT JOIN source s ON s.id = coalesce(i.verified_source_id, i.first_source_id)"
)
USABLE: Final = "(i.verified_at IS NOT NULL OR i.kind = 'push_token')"
# of our own bookkeeping (the API, the console) no more than of an import
_BOOKKEEPING_TRUST = 50
PROVEN: Final = "i.verified_at IS NOT NULL"
TRUST: Final = f"CASE WHEN s.is_internal THEN {_BOOKKEEPING_TRUST} ELSE coalesce(s.trust, 0) END"
RECENCY: Final = "coalesce(i.vouched_at, i.last_seen)"
BEST_FIRST: Final = f"({PROVEN}) DESC, ({TRUST}) DESC, {RECENCY} DESC, i.value"

# Somebody without a proven address of their own may have another person's as a trait: the two were
# kept apart (a family's address). A source of ours has to have said so.
TOLD: Final = """EXISTS (
    SELECT 1 FROM profile_trait t JOIN source ts ON ts.id = t.source_id
    WHERE t.profile_id = p.id AND t.name = {kind} AND t.value = p.traits->{kind}
      AND (ts.is_internal OR ts.kind IN ({verified})))"""


def told_by_ours(kind: str) -> Sql:
    """Whether the trait `kind` of the profile `p` was said by a source of ours."""
    verified = COMMA.joined(Sql(f"'{name}'") for name in Source.VERIFIED_KINDS)
    return sql(TOLD, kind=kind, verified=verified)


SELECT_BEST = f"""
    SELECT DISTINCT ON (i.profile_id, i.kind) i.profile_id, i.kind, i.value, {USABLE}
    FROM identifier i {JOIN_SOURCE}
    WHERE i.profile_id = ANY(%s) AND i.kind = ANY(%s)
    ORDER BY i.profile_id, i.kind, {USABLE} DESC, {BEST_FIRST}
"""  # noqa: S608 - pieces of ours


class Address(NamedTuple):
    """An address; one that is not usable is no address to write to."""

    kind: str
    value: str
    is_usable: bool


def best_of_kinds(
    profile_ids: Sequence[int], kinds: Sequence[str]
) -> dict[int, dict[str, Address]]:
    """The best address of each kind of each of these people. One query."""
    found: dict[int, dict[str, Address]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(SELECT_BEST, [list(profile_ids), list(kinds)])
        for number, *address in cursor.fetchall():
            found[number][address[0]] = Address(*address)
    return found


def best_address(profile_id: int, kind: str) -> str:
    """The address to use of this person; "" where nobody vouched for any. One query."""
    found = best_of_kinds([profile_id], [kind]).get(profile_id, {}).get(kind)
    return found.value if found and found.is_usable else ""


def verified_mail(profile_id: int, identifier_id: int) -> str:
    """The mail address of this number, while it is this person's of today and verified; else "".

    For links that were made for an address: they end with it. One query.
    """
    rows = Identifier.objects.filter(profile_id=profile_id, pk=identifier_id, kind="email")
    return rows.exclude(verified_at=None).values_list("value", flat=True).first() or ""


def borrowed_address(profile: Profile, kind: str) -> str:
    """The address that a source of ours told of this person, as a trait; "" for none. One query."""
    given = profile.traits.get(kind)
    if not isinstance(given, str):
        return ""
    told = run(
        sql(
            "SELECT 1 FROM profile p WHERE p.id = {person} AND {told}",
            person=profile.pk,
            told=told_by_ours(kind),
        )
    )
    return normalise(kind, given, workspace().country) if told else ""

"""Whether a person may be contacted: the one place where it is asked, set-based.

`REACH` gives for each person one line: the best address on a channel, whether it is suppressed, and
the ledger entry that permits it. The gate of a campaign, reachable counts, rules and the chips on
the customer page are all made of it.
"""

from dataclasses import dataclass
from datetime import datetime

from config.postgres.sql import EMPTY, Sql, sql
from consent.channels import contact_kind, needs_address
from consent.ledger.fitting import Fit
from consent.ledger.standing import WHOLE, Narrow, standing
from consent.models import Purpose, Suppression
from consent.policy.accepting import accepted
from profiles.identifiers.addresses import (
    JOIN_SOURCE,
    PROVEN,
    RECENCY,
    TRUST,
    USABLE,
    told_by_ours,
)

# Somebody without an own address of the kind may have another's (`profiles.identifiers.addresses`):
# `owner_id` tells the two. It is found by its value, across people.
_COLUMNS = f"""a.profile_id, i.value AS address, i.digest, i.deliverability, i.last_seen, i.id,
           i.profile_id AS owner_id, i.first_seen, {RECENCY} AS recency"""
_OWN = f"""
    SELECT {_COLUMNS}, {PROVEN} AS proven, {TRUST} AS trust
    FROM {{people}} a
    JOIN identifier i ON i.profile_id = a.profile_id AND i.kind = {{kind}} AND {USABLE}{{narrow}}
    {JOIN_SOURCE}"""  # noqa: S608 - pieces of ours, here and below
_BORROWED = f"""
    SELECT {_COLUMNS}, FALSE AS proven, 0 AS trust
    FROM {{people}} a JOIN profile p ON p.id = a.profile_id
    JOIN identifier_key k ON k.kind = {{kind}} AND k.value = lower(btrim(p.traits->>{{kind}}))
    JOIN identifier i ON i.profile_id = k.profile_id AND i.id = k.id
    WHERE p.traits ? {{kind}} AND {{told}} AND NOT EXISTS (
        SELECT 1 FROM identifier i WHERE i.profile_id = a.profile_id AND i.kind = {{kind}}
        AND {USABLE})"""  # noqa: S608

# a channel without addresses reaches everybody; what is said of it is said of the person
_NOWHERE = """
    SELECT a.profile_id, ''::text AS address, NULL::bytea AS digest, ''::text AS deliverability,
           NULL::timestamptz AS last_seen, NULL::bigint AS id, a.profile_id AS owner_id,
           NULL::timestamptz AS first_seen, NULL::timestamptz AS recency, TRUE AS proven,
           0 AS trust
    FROM {people} a"""

_LINES = """
SELECT {distinct} x.*, {suppressed} AS suppressed, sup.reason AS suppressed_by,
       sup.id AS suppression_id,
       CASE WHEN {permitted} THEN {entry} END AS entry_id, {entry} AS said_id,
       coalesce({status}, 'never_asked') AS status
FROM ({addresses}) x
LEFT JOIN {suppressions}
{states}
"""
# for many addresses all suppressions are read once; for few each is looked up by its digest. Of
# two of an address the one that reaches further is told
_ALL_SUPPRESSIONS = """(SELECT DISTINCT ON (digest) digest, reason, id FROM suppression
           WHERE kind = {kind} AND level = ANY({levels}) ORDER BY digest, level) sup
           ON sup.digest = x.digest"""
_SUPPRESSION_OF = """LATERAL (SELECT s.digest, s.reason, s.id FROM suppression s
           WHERE s.kind = {kind} AND s.digest = x.digest AND s.level = ANY({levels})
           ORDER BY s.level LIMIT 1) sup ON TRUE"""
# Of the addresses that may be used at all (`USABLE`) the best, as `BEST_FIRST` has it.
_BEST = """
ORDER BY x.profile_id, {suppressed}, ({permitted} AND NOT {suppressed}) DESC, x.proven DESC,
 x.trust DESC, x.recency DESC, x.address"""

_SUPPRESSED = Sql("(sup.digest IS NOT NULL OR coalesce(x.deliverability, '') = 'invalid')")
_STOOD = Sql("stood")  # what stood as of a moment, asked for once


@dataclass(frozen=True)
class StoodAt:
    """The permissions that stand, as a relation, and as of when; None is now."""

    relation: Sql
    at: datetime | None = None


def between(low: int, high: int) -> Narrow:
    """People whose id is above `low` and at most `high`."""
    return lambda column: sql(
        "{column} > {low} AND {column} <= {high}", column=column, low=low, high=high
    )


def narrowed(narrow: Narrow | None, column: str) -> Sql:
    """` AND ...`, or nothing."""
    return sql(" AND {test}", test=narrow(Sql(column))) if narrow else EMPTY


def levels_for(purpose: Purpose) -> list[str]:
    """The levels of suppression that stop this purpose: service mail passes a complaint."""
    hard: list[str] = [Suppression.Level.ALL]
    is_marketing = purpose.purpose_class == Purpose.Class.MARKETING
    return [*hard, Suppression.Level.MARKETING] if is_marketing else hard


def reach(
    people: Sql,
    *,
    purpose: Purpose,
    channel: str,
    topic_id: int | None = None,
    narrow: Narrow | None = None,
    borrowed: bool = True,
    few: bool = False,
    as_of: datetime | None = None,
) -> Sql:
    """One line for each of `people` who has an address on `channel`, or needs none there.

    `people` is a relation (a table, a CTE or a query in brackets) with a column `profile_id`;
    `narrow` says its bounds again, so that each table is read by range. Columns: `profile_id,
    address, owner_id, suppressed, entry_id, status, said_id, suppressed_by, suppression_id`;
    `entry_id` is null where nothing permits, `said_id` is the entry that answers either way;
    `suppressed_by` and `suppression_id` say which suppression it is, if it is one. Only addresses
    that somebody of ours vouched for: one that may be used goes before one that may not, then the
    best of `profiles.identifiers.addresses`. Permissions are those of `as_of`, now by default; all
    else is of now. `few`: some dozens of people, as in `judged_addresses`.
    """
    lines = judged_addresses(
        addresses_of(people, channel, narrow=narrow, borrowed=borrowed),
        purpose=purpose,
        channel=channel,
        topic_id=topic_id,
        narrow=narrow,
        best=True,
        few=few,
        stood=StoodAt(_STOOD, as_of) if as_of else None,
    )
    query = sql(
        "SELECT profile_id, address, owner_id, suppressed, entry_id, status, said_id,"
        " suppressed_by, suppression_id FROM ({lines}) best",
        lines=lines,
    )
    if as_of is None:
        return query
    return sql(
        "WITH {name} AS MATERIALIZED ({stood}) {query}",
        name=_STOOD,
        stood=standing(
            people,
            as_of,
            purpose=purpose.pk,
            channel=channel,
            topics=[0, topic_id] if topic_id else WHOLE,
            narrow=narrow,
        ),
        query=query,
    )


def addresses_of(
    people: Sql, channel: str, *, narrow: Narrow | None = None, borrowed: bool = True
) -> Sql:
    """Every address of `people` on a channel, as `reach` takes them; where it needs none, "" of
    each.
    """
    if not needs_address(channel):
        return sql(_NOWHERE, people=people)
    kind = contact_kind(channel)
    own = sql(_OWN, people=people, kind=kind, narrow=narrowed(narrow, "i.profile_id"))
    if not borrowed:
        return own
    others = sql(_BORROWED, people=people, kind=kind, told=told_by_ours(kind))
    return sql("{own} UNION ALL {others}", own=own, others=others)


def judged_addresses(
    addresses: Sql,
    *,
    purpose: Purpose,
    channel: str,
    topic_id: int | None = None,
    narrow: Narrow | None = None,
    best: bool = False,
    few: bool = False,
    stood: "StoodAt | None" = None,
) -> Sql:
    """Every column of `addresses`, with `suppressed, suppressed_by, suppression_id, entry_id,
    said_id, status` of that address.

    `addresses` is a SELECT with at least `profile_id, address, digest, deliverability`; `few` says
    that it has some dozens of lines; `stood` holds the permissions where not those of now matter.
    One whose ground the policy of the person's country does not accept permits nothing; its
    `said_id` and `status` are told all the same.
    """
    fit = Fit(Sql("x.address"), sql("{topic}", topic=topic_id) if topic_id else None)
    stood = stood or StoodAt(
        sql("({now})", now=standing(purpose=purpose.pk, channel=channel, narrow=narrow))
    )
    permitted = _permitted(fit, purpose, channel, stood.at)
    lines = sql(
        _LINES,
        distinct=Sql("DISTINCT ON (x.profile_id)" if best else ""),
        addresses=addresses,
        suppressed=_SUPPRESSED,
        suppressions=sql(
            _SUPPRESSION_OF if few else _ALL_SUPPRESSIONS,
            kind=contact_kind(channel),
            levels=levels_for(purpose),
        ),
        permitted=permitted,
        entry=fit.column("entry_id"),
        status=fit.column("status"),
        states=fit.joins(stood.relation, lambda name: Sql(f"{name}.profile_id = x.profile_id")),
    )
    if not best:
        return lines
    return sql(
        "{lines}{best}",
        lines=lines,
        best=sql(_BEST, suppressed=_SUPPRESSED, permitted=permitted),
    )


def _permitted(fit: Fit, purpose: Purpose, channel: str, at: datetime | None) -> Sql:
    """Granted, on a ground that the policy accepts."""
    ground = accepted(
        Sql("x.profile_id"),
        fit.column("entry_id"),
        fit.column("basis"),
        purpose=purpose,
        channel=channel,
        at=at,
    )
    return sql("({granted} AND {ground})", granted=fit.permitted, ground=ground)

"""Whether a person may be contacted: the one place where it is asked, set-based.

`REACH` gives for each person one line: the best address on a channel, whether it is suppressed, and
the ledger entry that permits it. The gate of a campaign, reachable counts, rules and the chips on
the customer page are all made of it.
"""

from collections.abc import Callable, Sequence

from config.postgres.sql import AND, COMMA, EMPTY, Sql, sql
from consent.channels import contact_kind
from consent.models import Purpose, Suppression
from profiles.identity.addresses import (
    JOIN_SOURCE,
    PROVEN,
    RECENCY,
    TRUST,
    USABLE,
    told_by_ours,
)

# Somebody without an own address of the kind may have another's: see `profiles.identity.addresses`.
# `owner_id` tells the two.
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
    JOIN identifier i ON i.kind = {{kind}} AND i.value = lower(btrim(p.traits->>{{kind}}))
    WHERE p.traits ? {{kind}} AND {{told}} AND NOT EXISTS (
        SELECT 1 FROM identifier i WHERE i.profile_id = a.profile_id AND i.kind = {{kind}}
        AND {USABLE})"""  # noqa: S608

_LINES = """
SELECT {distinct} x.*, {suppressed} AS suppressed,
       CASE WHEN {permitted} THEN {entry} END AS entry_id,
       coalesce({status}, 'never_asked') AS status
FROM ({addresses}) x
LEFT JOIN {suppressions}
{states}
"""
# for many addresses all suppressions are read once; for few each is looked up by its digest
_ALL_SUPPRESSIONS = """(SELECT DISTINCT digest FROM suppression
           WHERE kind = {kind} AND level = ANY({levels})) sup ON sup.digest = x.digest"""
_SUPPRESSION_OF = """LATERAL (SELECT s.digest FROM suppression s WHERE s.kind = {kind}
           AND s.digest = x.digest AND s.level = ANY({levels}) LIMIT 1) sup ON TRUE"""
# Of the addresses that may be used at all (`USABLE`) the best, as `BEST_FIRST` has it.
_BEST = """
ORDER BY x.profile_id, {suppressed}, ({permitted} AND NOT {suppressed}) DESC, x.proven DESC,
 x.trust DESC, x.recency DESC, x.address"""

_SUPPRESSED = Sql("(sup.digest IS NOT NULL OR coalesce(x.deliverability, '') = 'invalid')")
_STATE = """LEFT JOIN consent_state {name} ON {name}.profile_id = x.profile_id
 AND {name}.purpose_id = {purpose} AND {name}.channel = {channel}
 AND {name}.contact_point = {point} AND {name}.topic_key = {topic}{narrow}"""

# what says again of a column of profile ids which people it is about, so that it is read by range
Narrow = Callable[[Sql], Sql]


def between(low: int, high: int) -> Narrow:
    """People whose id is above `low` and at most `high`."""
    return lambda column: sql(
        "{column} > {low} AND {column} <= {high}", column=column, low=low, high=high
    )


def narrowed(narrow: Narrow | None, column: str) -> Sql:
    """` AND ...`, or nothing."""
    return sql(" AND {test}", test=narrow(Sql(column))) if narrow else EMPTY


def people_of(profile_ids: Sequence[int]) -> Sql:
    """A relation of given people for `reach`."""
    return sql("(SELECT unnest({ids}::bigint[]) AS profile_id)", ids=list(profile_ids))


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
) -> Sql:
    """One line for each of `people` who has an address on `channel`.

    `people` is a relation (a table, a CTE or a query in brackets) with a column `profile_id`;
    `narrow` says its bounds again, so that each table is read by range. Columns: `profile_id,
    address, owner_id, suppressed, entry_id, status`; `entry_id` is null where nothing permits. Only
    addresses that somebody of ours vouched for: one that may be used goes before one that may not,
    then the best of `profiles.identity.addresses`. `few`: some dozens of people, as in
    `judged_addresses`.
    """
    lines = judged_addresses(
        addresses_of(people, channel, narrow=narrow, borrowed=borrowed),
        purpose=purpose,
        channel=channel,
        topic_id=topic_id,
        narrow=narrow,
        best=True,
        few=few,
    )
    return sql(
        "SELECT profile_id, address, owner_id, suppressed, entry_id, status FROM ({lines}) best",
        lines=lines,
    )


def addresses_of(
    people: Sql, channel: str, *, narrow: Narrow | None = None, borrowed: bool = True
) -> Sql:
    """Every address of `people` on a channel, as `reach` takes them."""
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
) -> Sql:
    """Every column of `addresses`, with `suppressed, entry_id, status` of that address.

    `addresses` is a SELECT with at least `profile_id, address, digest, deliverability`; `few` says
    that it has some dozens of lines.
    """
    state = _Choice(topic_id)
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
        permitted=state.permitted,
        entry=state.entry,
        status=state.status,
        states=state.joins(purpose, channel, narrow),
    )
    if not best:
        return lines
    return sql(
        "{lines}{best}",
        lines=lines,
        best=sql(_BEST, suppressed=_SUPPRESSED, permitted=state.permitted),
    )


class _Choice:
    """Which state row answers: the one that fits best, unless a wider one was refused later."""

    def __init__(self, topic_id: int | None) -> None:
        # name -> (contact point, topic), the best fit first
        self.rows = {"sa": ("x.address", 0), "sp": ("''", 0)}
        if topic_id:
            self.rows = {"ta": ("x.address", topic_id), "tp": ("''", topic_id), **self.rows}

    def joins(self, purpose: Purpose, channel: str, narrow: Narrow | None) -> Sql:
        return Sql("\n").joined(
            sql(
                _STATE,
                name=Sql(name),
                purpose=purpose.pk,
                channel=channel,
                point=Sql(point),
                topic=topic,
                narrow=narrowed(narrow, f"{name}.profile_id"),
            )
            for name, (point, topic) in self.rows.items()
        )

    def _first(self, column: str) -> Sql:
        """Of the best fitting row; rows of a state always have a status and an entry."""
        columns = COMMA.joined(Sql(f"{name}.{column}") for name in self.rows)
        return sql("coalesce({columns})", columns=columns)

    @property
    def status(self) -> Sql:
        return self._first("status")

    @property
    def entry(self) -> Sql:
        return self._first("entry_id")

    @property
    def permitted(self) -> Sql:
        """Granted, and no wider refusal as late (a safeguard: the derivation hands them down)."""
        refused = AND.joined(
            sql(
                "(({name}.status IN ('withdrawn', 'denied') AND {name}.at >= {at}) IS NOT TRUE)",
                name=Sql(name),
                at=self._first("at"),
            )
            for name in list(self.rows)[1:]
        )
        return sql(
            "(({status} = 'granted') IS TRUE AND {refused})", status=self.status, refused=refused
        )

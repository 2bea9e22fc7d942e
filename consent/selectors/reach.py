"""Whether a person may be contacted: the one place where it is asked, set-based.

`REACH` gives for each person one line: the best address on a channel, whether it is suppressed, and
the ledger entry that permits it. The gate of a campaign, reachable counts, rules and the chips on
the customer page are all made of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    JOIN identifier i ON i.profile_id = a.profile_id AND i.kind = %(kind)s AND {USABLE}{{narrow}}
    {JOIN_SOURCE}"""  # noqa: S608 - pieces of ours, here and below
_BORROWED = f"""
    SELECT {_COLUMNS}, FALSE AS proven, 0 AS trust
    FROM {{people}} a JOIN profile p ON p.id = a.profile_id
    JOIN identifier i ON i.kind = %(kind)s AND i.value = lower(btrim(p.traits->>%(kind)s))
    WHERE p.traits ? %(kind)s AND {told_by_ours("%(kind)s")} AND NOT EXISTS (
        SELECT 1 FROM identifier i WHERE i.profile_id = a.profile_id AND i.kind = %(kind)s
        AND {USABLE})"""  # noqa: S608

_LINES = """
SELECT {distinct} x.*, {suppressed} AS suppressed, {entry} AS entry_id, {status} AS status
FROM ({addresses}) x
LEFT JOIN {suppressions}
{states}
"""
# for many addresses all suppressions are read once; for few each is looked up by its digest
_ALL_SUPPRESSIONS = """(SELECT DISTINCT digest FROM suppression
           WHERE kind = %(kind)s AND level = ANY(%(levels)s)) sup ON sup.digest = x.digest"""
_SUPPRESSION_OF = """LATERAL (SELECT s.digest FROM suppression s WHERE s.kind = %(kind)s
           AND s.digest = x.digest AND s.level = ANY(%(levels)s) LIMIT 1) sup ON TRUE"""
# Of the addresses that may be used at all (`USABLE`) the best, as `BEST_FIRST` has it.
_BEST = (
    "ORDER BY x.profile_id, {suppressed}, {permitted} DESC, x.proven DESC, x.trust DESC,"
    " x.recency DESC, x.address"
)

_SUPPRESSED = "(sup.digest IS NOT NULL OR coalesce(x.deliverability, '') = 'invalid')"
_STATE = """LEFT JOIN consent_state {name} ON {name}.profile_id = x.profile_id
 AND {name}.purpose_id = %(purpose)s AND {name}.channel = %(channel)s
 AND {name}.contact_point = {point} AND {name}.topic_key = {topic}{narrow}"""


@dataclass(frozen=True)
class Query:
    """A piece of SQL with named parameters."""

    sql: str
    parameters: Mapping[str, Any]

    def positional(self) -> tuple[str, list[Any]]:
        """For RawSQL, which takes parameters by position only."""
        names: list[str] = []

        def note(found: re.Match[str]) -> str:
            names.append(found[1])
            return "%s"

        sql = re.sub(r"%\((\w+)\)s", note, self.sql)
        return sql, [self.parameters[name] for name in names]


def levels_for(purpose: Purpose) -> list[str]:
    """The levels of suppression that stop this purpose: service mail passes a complaint."""
    hard: list[str] = [Suppression.Level.ALL]
    is_marketing = purpose.purpose_class == Purpose.Class.MARKETING
    return [*hard, Suppression.Level.MARKETING] if is_marketing else hard


def reach(
    people: str,
    *,
    purpose: Purpose,
    channel: str,
    topic_id: int | None = None,
    narrow: str = "",
    borrowed: bool = True,
) -> Query:
    """One line for each of `people` who has an address on `channel`.

    `people` is a relation (a table or CTE name) with a column `profile_id`; `narrow` is a condition
    on `{}.profile_id` that says its bounds again, so that each table is read by range. Columns:
    `profile_id, address, owner_id, suppressed, entry_id, status`; `entry_id` is null where nothing
    permits. Only addresses that somebody of ours vouched for: one that may be used goes before one
    that may not, then the best of `profiles.identity.addresses`.
    """
    lines = addresses_of(people, narrow=narrow, borrowed=borrowed)
    query = judged_addresses(
        lines, purpose=purpose, channel=channel, topic_id=topic_id, narrow=narrow, best=True
    )
    columns = "profile_id, address, owner_id, suppressed, entry_id, status"
    return Query(f"SELECT {columns} FROM ({query.sql}) best", query.parameters)  # noqa: S608 - pieces of ours, values are bound


def addresses_of(people: str, *, narrow: str = "", borrowed: bool = True) -> str:
    """Every address of `people` on a channel, as `reach` takes them; `kind` is a parameter."""
    own = _OWN.format(people=people, narrow=_narrowed(narrow, "i"))
    return f"{own} UNION ALL {_BORROWED.format(people=people)}" if borrowed else own


def judged_addresses(
    addresses: str,
    *,
    purpose: Purpose,
    channel: str,
    topic_id: int | None = None,
    narrow: str = "",
    best: bool = False,
    few: bool = False,
) -> Query:
    """Every column of `addresses`, with `suppressed, entry_id, status` of that address.

    `addresses` is a SELECT with at least `profile_id, address, digest, deliverability`; `few` says
    that it has some dozens of lines.
    """
    state = _Choice(topic_id)
    permitted = f"({state.permitted} AND NOT {_SUPPRESSED})"
    sql = _LINES.format(
        distinct="DISTINCT ON (x.profile_id)" if best else "",
        addresses=addresses,
        suppressed=_SUPPRESSED,
        suppressions=_SUPPRESSION_OF if few else _ALL_SUPPRESSIONS,
        entry=f"CASE WHEN {state.permitted} THEN {state.entry} END",
        status=f"coalesce({state.status}, 'never_asked')",
        states=state.joins(narrow),
    )
    if best:
        sql += _BEST.format(suppressed=_SUPPRESSED, permitted=permitted)
    parameters = {
        "kind": contact_kind(channel),
        "purpose": purpose.pk,
        "channel": channel,
        "topic": topic_id or 0,
        "levels": levels_for(purpose),
    }
    return Query(sql, parameters)


def _narrowed(narrow: str, alias: str) -> str:
    return f" AND {narrow.format(alias)}" if narrow else ""


class _Choice:
    """Which state row answers: the one that fits best, unless a wider one was refused later."""

    def __init__(self, topic_id: int | None) -> None:
        # name -> (contact point, topic), the best fit first
        self.rows = {"sa": ("x.address", "0"), "sp": ("''", "0")}
        if topic_id:
            self.rows = {
                "ta": ("x.address", "%(topic)s"),
                "tp": ("''", "%(topic)s"),
                **self.rows,
            }

    def joins(self, narrow: str) -> str:
        return "\n".join(
            _STATE.format(name=name, point=point, topic=topic, narrow=_narrowed(narrow, name))
            for name, (point, topic) in self.rows.items()
        )

    def _first(self, column: str) -> str:
        """Of the best fitting row; rows of a state always have a status and an entry."""
        return "coalesce(" + ", ".join(f"{name}.{column}" for name in self.rows) + ")"

    @property
    def status(self) -> str:
        return self._first("status")

    @property
    def entry(self) -> str:
        return self._first("entry_id")

    @property
    def permitted(self) -> str:
        """Granted, and no wider refusal as late (a safeguard: the derivation hands them down)."""
        refused = " AND ".join(
            f"(({name}.status IN ('withdrawn', 'denied') AND {name}.at >= {self._first('at')})"
            " IS NOT TRUE)"
            for name in list(self.rows)[1:]
        )
        return f"(({self.status} = 'granted') IS TRUE AND {refused})"


def people_cte(profile_ids: Sequence[int]) -> tuple[str, dict[str, Any]]:
    """A relation of given people for `reach`, and its parameters."""
    return "(SELECT unnest(%(people)s::bigint[]) AS profile_id)", {"people": list(profile_ids)}

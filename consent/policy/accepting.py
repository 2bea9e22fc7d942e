"""Does the law of where somebody lives accept the ground that a permission rests on? As SQL.

The table is folded into constants. What every place accepts, without an end and without evidence,
is answered by the ground alone, which is what most permissions are; the person's country and the
entry's evidence are looked up only for the others, by their keys.

Soft opt-in counts by evidence where the terms say so: of the sale or the negotiation (`order_id`,
`sale`, `negotiation` or `enquiry`), that a way out was offered when the address was taken
(`opt_out_offered`), that it is about similar products of one's own (`similar_products`), and that
the address was not bought (`bought_list` refuses it). Source: Directive 2002/58/EC, article 13(2).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from config.postgres.sql import FALSE, OR, TRUE, Sql, every, sql
from consent.models import Purpose
from consent.models.ledger import Basis
from consent.policy.places import group_of
from consent.policy.resolving import PlaceGroups, policy_table
from consent.policy.terms import BASES, CONSENT, ENQUIRY, EVIDENCE, EXPIRY, SALE

_RELATION: Final = "(e.evidence ?| '{order_id,sale,negotiation,enquiry}')"
_ENQUIRED: Final = "(e.evidence ? 'enquiry' AND NOT e.evidence ?| '{order_id,sale,negotiation}')"
_EVIDENT: Final = (
    f"({_RELATION} AND e.evidence->>'opt_out_offered' = 'true'"
    " AND e.evidence->>'similar_products' = 'true'"
    " AND coalesce(e.evidence->>'bought_list', 'false') = 'false')"
)
# a scalar: an EXISTS would be hashed, which reads all of the ledger first
_LOOKED_UP = """coalesce((SELECT CASE {group} {branches} ELSE FALSE END FROM profile w
    JOIN consent_entry e ON e.profile_id = w.id AND e.id = {entry} AND e.permits
    WHERE w.id = {person}), FALSE)"""


def accepted(
    person: Sql,
    entry: Sql,
    basis: Sql,
    *,
    purpose: Purpose,
    channel: str,
    at: datetime | None = None,
) -> Sql:
    """A test on a permission that stands: `person` and `entry` are its keys, `basis` its ground.

    `at` is the moment that a ground has to hold at, now by default.
    """
    groups = policy_table().groups((BASES, EXPIRY, EVIDENCE), channel, purpose)
    free = [basis_ for basis_ in Basis.values if _is_free_everywhere(basis_, groups)]
    if len(free) == len(Basis.values):
        return TRUE
    plain = sql("{basis} = ANY({free})", basis=basis, free=free)
    moment = sql("{at}::timestamptz", at=at) if at else Sql("now()")
    tests = [_test(terms, free, moment) for _codes, terms in groups.groups]
    if all(test is FALSE for test in tests):
        return plain
    branches = Sql(" ").joined(
        sql("WHEN {n} THEN {test}", n=Sql(str(n)), test=test) for n, test in enumerate(tests)
    )
    group = group_of("w", groups.named, others=groups.others, unknown=groups.unknown)
    looked_up = sql(_LOOKED_UP, entry=entry, person=person, group=group, branches=branches)
    return sql("({plain} OR {looked_up})", plain=plain, looked_up=looked_up)


def _bases(terms: Mapping[str, Any]) -> list[str]:
    """Of a place that says nothing of them all are accepted."""
    return list(terms.get(BASES, Basis.values))


def _is_free_everywhere(basis: str, groups: PlaceGroups) -> bool:
    return all(basis in _bases(t) and not _conditions(basis, t) for _codes, t in groups.groups)


def _conditions(basis: str, terms: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What a ground has to show: (what its time counts from, months), 0 for evidence alone."""
    expiry = terms.get(EXPIRY, {})
    if basis == Basis.CONSENT:
        return [(CONSENT, expiry[CONSENT])] if CONSENT in expiry else []
    if basis != Basis.SOFT_OPT_IN:
        return []
    found = [(name, expiry[name]) for name in (SALE, ENQUIRY) if name in expiry]
    return [*found, (EVIDENCE, 0)] if terms.get(EVIDENCE) else found


def _test(terms: Mapping[str, Any], free: list[str], moment: Sql) -> Sql:
    """Over an entry `e`: one of the grounds that this place accepts and not every place does."""
    tests = [
        every([sql("e.basis = {basis}", basis=basis), *_shown(basis, terms, moment)])
        for basis in _bases(terms)
        if basis not in free
    ]
    return sql("({tests})", tests=OR.joined(tests)) if tests else FALSE


def _shown(basis: str, terms: Mapping[str, Any], moment: Sql) -> list[Sql]:
    return [_holds(name, months, moment) for name, months in _conditions(basis, terms)]


def _holds(name: str, months: int, moment: Sql) -> Sql:
    if not months:
        return Sql(_EVIDENT)
    recent = sql(
        "e.at > {moment} - make_interval(months => {months})", moment=moment, months=months
    )
    if name == CONSENT:
        return recent
    of_others = Sql(f"NOT {_ENQUIRED}" if name == ENQUIRY else _ENQUIRED)
    return sql("({of_others} OR {recent})", of_others=of_others, recent=recent)

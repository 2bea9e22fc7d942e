"""The algebra of "who" that rules compile to.

A rule's part is either a `Filter` (a test on the profile row `p`, never NULL) or `Ids` (a query for
profile ids, or everybody but those). Combining them here, and only here, is what keeps `NOT` and
`NOT IN` two-valued, and what lets the planner use semi-joins instead of nested subplans.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from config.postgres.sql import AND, FALSE, OR, TRUE, UNION, Sql, sql
from profiles.people.lineage import NOT_USABLE, usable

# nobody's data may be worked with after an erasure or while it is restricted, and who was merged is
# the survivor; the rest, test people too, count
COUNTS = Sql(usable("p"))


@dataclass(frozen=True)
class Filter:
    """A test on the profile row `p`: true or false, never NULL.

    It stays wrapped in `coalesce` in WHERE too: of a bare comparison of jsonb the planner thinks
    that one row in 200 passes; three of them it takes for one person, and nests a loop over all.
    """

    test: Sql


@dataclass(frozen=True)
class Ids:
    """Whom `query` (one column `profile_id`, no NULL, doubles allowed) finds; or the others."""

    query: Sql
    negated: bool = False
    distinct: bool = False


Part = Filter | Ids


def negate(part: Part) -> Part:
    """Everybody else."""
    if isinstance(part, Filter):
        return Filter(sql("NOT ({test})", test=part.test))
    return replace(part, negated=not part.negated)


def any_of(parts: Sequence[Part], narrowing: Sequence[Sql] = ()) -> Part:
    """At least one of `parts`; nobody without any. `narrowing`: tests for every scan of `p`."""
    if not parts:
        return Filter(FALSE)
    filters, found, others = _sorted(parts)
    if len(parts) == 1:
        return parts[0]
    if others:  # De Morgan, so that only one "everybody but" is ever computed
        return negate(all_of([negate(part) for part in parts], narrowing))
    joined = _joined(OR, filters)
    if joined and not found:
        return joined
    queries = [part.query for part in found]
    if joined:
        scan = AND.joined([*narrowing, joined.test])
        queries.append(sql("SELECT p.id AS profile_id FROM profile p WHERE {scan}", scan=scan))
    union = UNION.joined(sql("({query})", query=query) for query in queries)
    return Ids(union, distinct=True)


def all_of(parts: Sequence[Part], narrowing: Sequence[Sql] = ()) -> Part:
    """Every one of `parts`; everybody without any."""
    if not parts:
        return Filter(TRUE)
    filters, found, others = _sorted(parts)
    if len(parts) == 1:
        return parts[0]
    if filters and not found and not others:
        return _joined(AND, filters) or filters[0]
    if not found and not filters:
        return negate(any_of([negate(part) for part in parts], narrowing))
    if filters:
        driver, owner = Sql("profile p"), Sql("p.id")
        tests = [*narrowing, *(part.test for part in filters)]
    else:
        driver, owner = sql("({query}) s", query=found[0].query), Sql("s.profile_id")
        tests, found = [], found[1:]
    tests += [_exists(part, owner) for part in (*found, *others)]
    query = sql(
        "SELECT {owner} AS profile_id FROM {driver} WHERE {tests}",
        owner=owner,
        driver=driver,
        tests=AND.joined(tests),
    )
    return Ids(query, distinct=bool(filters) or _first_is_distinct(parts))


def people(part: Part, within: Sequence[int] | None = None) -> Sql:
    """The one query for the distinct ids of `part` among those who count (and `within`)."""
    if isinstance(part, Ids) and not part.negated:
        return _found(part, within)
    test = part.test if isinstance(part, Filter) else _exists(part, Sql("p.id"))
    tests = AND.joined([*_within(Sql("p.id"), within), test, COUNTS])
    return sql("SELECT p.id AS profile_id FROM profile p WHERE {tests}", tests=tests)


def _found(part: Ids, within: Sequence[int] | None) -> Sql:
    they_count = Sql(
        "NOT EXISTS (SELECT 1 FROM profile x"  # noqa: S608 - pieces of ours
        f" WHERE x.id = s.profile_id AND x.state {NOT_USABLE})"
    )
    query = sql(
        "SELECT s.profile_id FROM ({query}) s WHERE {tests}",
        query=part.query,
        # `+ 0`: parts narrow themselves; a second list on one column would be priced as its square
        tests=AND.joined([*_within(Sql("(s.profile_id + 0)"), within), they_count]),
    )
    return query if part.distinct else sql("{query} GROUP BY s.profile_id", query=query)


def _within(owner: Sql, within: Sequence[int] | None) -> list[Sql]:
    if within is None:
        return []
    return [sql("{owner} = ANY({ids}::bigint[])", owner=owner, ids=list(within))]


def _joined(word: Sql, filters: Sequence[Filter]) -> Filter | None:
    if not filters:
        return None
    test = sql("({tests})", tests=word.joined(part.test for part in filters))
    return Filter(test)


def _sorted(parts: Sequence[Part]) -> tuple[list[Filter], list[Ids], list[Ids]]:
    filters = [part for part in parts if isinstance(part, Filter)]
    found = [part for part in parts if isinstance(part, Ids) and not part.negated]
    others = [part for part in parts if isinstance(part, Ids) and part.negated]
    return filters, found, others


def _exists(part: Ids, owner: Sql) -> Sql:
    return sql(
        "{negation}EXISTS (SELECT 1 FROM ({query}) x WHERE x.profile_id = {owner})",
        negation=Sql("NOT " if part.negated else ""),
        query=part.query,
        owner=owner,
    )


def _first_is_distinct(parts: Sequence[Part]) -> bool:
    first = next(part for part in parts if isinstance(part, Ids) and not part.negated)
    return first.distinct

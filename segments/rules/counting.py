"""How often: the one way in which a count of rows becomes a part of a rule."""

from collections.abc import Sequence

from config.postgres.sql import AND, Sql, sql
from profiles.language.comparisons import Comparison
from profiles.language.counts import count_test, is_none, is_once
from profiles.language.times.clock import Clock
from segments.rules.algebra import Ids


def counted(
    query: Sql, owner: Sql, count: Comparison, clock: Clock, more: Sequence[Sql] = ()
) -> Ids:
    """Those of whom `query` (of `owner` as `profile_id`, a row for each time) finds so many.

    `more`: tests of their rows together. Where none at all satisfies, everybody but those with
    another number.
    """
    if count.holds(0):
        if is_none(count):
            return Ids(query, negated=True)
        other = sql("NOT ({test})", test=count_test(count, clock))
        return Ids(having(query, owner, [other]), negated=True, distinct=True)
    tests = [*often(count, clock), *more]
    return Ids(having(query, owner, tests), distinct=True) if tests else Ids(query)


def often(count: Comparison, clock: Clock) -> list[Sql]:
    """The tests of a count that needs one row at least: none where one is enough."""
    return [] if is_once(count) else [count_test(count, clock)]


def having(query: Sql, owner: Sql, tests: Sequence[Sql]) -> Sql:
    """Each person once, where all the tests of their rows hold."""
    grouped = sql("{query} GROUP BY {owner}", query=query, owner=owner)
    if not tests:
        return grouped
    return sql("{grouped} HAVING {tests}", grouped=grouped, tests=AND.joined(tests))

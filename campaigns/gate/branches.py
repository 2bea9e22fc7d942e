"""The gate's branches: reasons in their order, each with its test, as CASE expressions.

The reason, more of it and what shows it are asked by the same tests in the same order, so that they
are always of one branch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from campaigns.models.message import MessageReason
from config.postgres.sql import EMPTY, Sql, sql


@dataclass(frozen=True)
class Branch:
    """A reason of the gate: its test, and where more is known of it, what says so and shows it."""

    test: Sql
    reason: MessageReason
    detail: Sql = EMPTY
    said: Sql = EMPTY


def reason_of(branches: Sequence[Branch], since: Sql = EMPTY) -> Sql:
    """The first that holds, else ""; `since` are `WHEN`s after these."""
    return _case(branches, lambda one: Sql(f"'{one.reason}'"), "''", since)


def detail_of(branches: Sequence[Branch]) -> Sql:
    """More of the first that holds, else ""."""
    return _case(branches, lambda one: one.detail, "''")


def said_of(branches: Sequence[Branch]) -> Sql:
    """The row that shows the first that holds, else NULL."""
    return _case(branches, lambda one: one.said, "NULL")


def _case(
    branches: Sequence[Branch],
    value: Callable[[Branch], Sql],
    nothing: str,
    since: Sql = EMPTY,
) -> Sql:
    """No test is asked after the last that has a value; one of them at least has."""
    values = [value(one) for one in branches]
    last = max(n for n, one in enumerate(values) if one.text)
    whens = [
        sql("WHEN {test} THEN {then}", test=branch.test, then=then if then.text else Sql(nothing))
        for branch, then in zip(branches[: last + 1], values[: last + 1], strict=True)
    ]
    case = f"CASE {{whens}} {{since}} ELSE {nothing} END"
    return sql(case, whens=Sql("\n").joined(whens), since=since)

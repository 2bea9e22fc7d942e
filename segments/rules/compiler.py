"""The one compiler: a rule becomes one query for profile ids, whoever asks.

Preview, refresh, incremental update and "why?" all run what `compile_rule` returns; narrowing to
some profiles (`CompileContext.profile_ids`) narrows each part, it never changes the meaning.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from config.postgres.sql import Sql, run, sql
from segments.rules import Group, used_slugs
from segments.rules.algebra import people
from segments.rules.context import CompileContext

__all__ = ["CompileContext", "compile_rule", "count_of", "members_of", "working"]


def compile_rule(rule: Group, context: CompileContext) -> Sql:
    """A query with one column, `profile_id`: everyone in `rule`, once; nobody erased or merged."""
    context.used.read(used_slugs(rule))
    return context.statement(people(rule.compile(context), context.profile_ids))


def members_of(rule: Group, context: CompileContext) -> set[int]:
    """The ids; for tests and small sets."""
    with working(context):
        return {int(row[0]) for row in run(compile_rule(rule, context))}


def count_of(rule: Group, context: CompileContext) -> int:
    """How many people are in."""
    with working(context):
        query = sql("SELECT count(*) FROM ({query}) q", query=compile_rule(rule, context))
        return int(run(query)[0][0])


@contextmanager
def working(context: CompileContext, *, seconds: int | None = None) -> Iterator[None]:
    """A transaction with the settings of segment work; at most `seconds` a statement."""
    with transaction.atomic():
        context.tune()
        if seconds is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        yield

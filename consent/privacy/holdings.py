"""Where a person's rows are, and what an erasure does with each: one list, for all who ask.

A table that says whose its rows are (`belongs`) stands here by itself. What no declaration finds, a
row of text that has no owner or one under another's key, its app signs in at `HOLDINGS`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.postgres.sql import OR, Sql, one, run, sql
from config.workspace.registry import Registry
from config.workspace.tables.belonging import Belonging, Erased
from consent.privacy.subject import SHORTEST_INSIDE, DataSubject
from profiles.models import Profile

BATCH: Final = 5_000  # rows of one statement
_DO: Final = """
WITH done AS ({change} WHERE t.ctid = ANY(ARRAY({some})) AND {left} RETURNING 1)
SELECT count(*) FROM done
"""


@dataclass(frozen=True)
class Holding:
    """Rows of one table, `t`, and what becomes of them.

    `at_once`: in the transaction that takes the person out, since they act for them (an address, a
    place in a journey). `exception_id`: they stay by that one (`erasure.exceptions`). `emptied` is
    for `Erased.SCRUBBED`: by column the SQL of what is left.
    """

    table: str
    where: Sql
    act: Erased
    ground: Any = ""
    emptied: Mapping[str, str] = field(default_factory=dict)
    at_once: bool = False
    exception_id: int = 0

    @property
    def left(self) -> Sql:
        """A test on `t`: there is something to do."""
        if self.act is not Erased.SCRUBBED:
            return self.where
        full = OR.joined(
            Sql(f"t.{name} IS DISTINCT FROM {empty}") for name, empty in self.emptied.items()
        )
        return sql("(({where}) AND ({full}))", where=self.where, full=full)


# name -> function(subject): what the declarations do not find
HOLDINGS: Registry[Callable[[DataSubject], Iterable[Holding]]] = Registry("holdings")
# name -> function(cursor, subject), in the transaction that takes the person out: what follows from
# their rows being gone (a segment's number)
LEAVING: Registry[Callable[[Any, DataSubject], None]] = Registry("leaving")
# name -> function(subject): something of theirs is in the hands of a worker (a mail that is being
# handed over), who will write down what came of it
UNDER_WAY: Registry[Callable[[DataSubject], bool]] = Registry("under way of a person")
# name -> function(subject): files of ours that hold what is theirs are deleted; how many it were
FILES: Registry[Callable[[DataSubject], int]] = Registry("files of a person")


def holdings_of(subject: DataSubject) -> list[Holding]:
    """All of them, in the order in which they are done."""
    found = [*declared(subject)]
    for _name, more in HOLDINGS:
        found += more(subject)
    return found


def declared(subject: DataSubject) -> Iterator[Holding]:
    """The tables that say by themselves whose their rows are, in the order of their names."""
    for model in sorted(apps.get_models(), key=lambda model: model._meta.db_table):
        belongs = getattr(model, "belongs", None)
        if isinstance(belongs, Belonging) and belongs.by and model is not Profile:
            yield Holding(
                model._meta.db_table,
                OR.joined(_names(model, column, subject.ever) for column in belongs.by),
                belongs.erased,
                _(belongs.why) if belongs.why else "",
                belongs.scrubbed,
                at_once=belongs.at_once,
            )


def _names(model: type[models.Model], column: str, people: Sequence[int]) -> Sql:
    field_ = next(one for one in model._meta.concrete_fields if one.column == column)
    if isinstance(field_, ArrayField):
        return sql(f"t.{column} && {{people}}::bigint[]", people=list(people))
    return sql(f"t.{column} = ANY({{people}}::bigint[])", people=list(people))


def count(holding: Holding) -> int:
    """How many rows there are of it. One query."""
    query = sql(f"SELECT count(*) FROM {holding.table} t WHERE {{w}}", w=holding.where)  # noqa: S608
    return int(one(query)[0])


def carry_out(holding: Holding) -> int:
    """Do it to one batch; how many rows it was. As the eraser, in the caller's transaction."""
    if holding.act is Erased.KEPT:
        return 0
    # each partition is asked for the same places in it, which may be another row of the same
    some = sql(
        f"SELECT t.ctid FROM {holding.table} t WHERE {{w}} LIMIT {BATCH}",  # noqa: S608
        w=holding.left,
    )
    if holding.act is Erased.ERASED:
        change = f"DELETE FROM {holding.table} t"  # noqa: S608 - a table of ours
    else:
        values = ", ".join(f"{name} = {empty}" for name, empty in holding.emptied.items())
        change = f"UPDATE {holding.table} t SET {values}"  # noqa: S608 - as above
    rows = run(sql(_DO, change=Sql(change), some=some, left=holding.left))
    return int(rows[0][0])


def holds_a_needle(columns: Sequence[str], needles: Sequence[str]) -> Sql:
    """A test on texts: one of them has one of these in it; a short one is the whole of a value.

    `columns` are expressions of text, in which a JSON's strings stand in quotes.
    """
    inside = [text for text in needles if len(text) >= SHORTEST_INSIDE]
    whole = [text for text in needles if len(text) < SHORTEST_INSIDE]
    tests = []
    for column in columns:
        if inside:
            tests.append(
                sql(
                    # in lower case once a row, not once a needle: a tenth of the time
                    f"EXISTS (SELECT FROM (SELECT lower({column}) AS v OFFSET 0) l,"
                    " unnest({inside}::text[]) AS n(needle) WHERE strpos(l.v, n.needle) > 0)",
                    inside=inside,
                )
            )
        if whole:
            tests.append(
                sql(
                    f"(lower({column}) = ANY({{whole}}::text[]) OR EXISTS (SELECT FROM"
                    " unnest({whole}::text[]) AS n(needle)"
                    f" WHERE strpos(lower({column}), '\"' || n.needle || '\"') > 0))",
                    whole=whole,
                )
            )
    return sql("({tests})", tests=OR.joined(tests)) if tests else Sql("FALSE")

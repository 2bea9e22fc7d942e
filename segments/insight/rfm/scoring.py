"""Scores from 1 to 5 for recency, frequency and money, each by itself.

Recency is the number of whole days since the last chosen event (fewer is better), frequency how
many there were, money the sum of their values, all within a look-back; eligible is who did one in
it. A score is ceil(5 x mid-rank percentile), so that equal values share a score and, of fewer than
five different values, fewer scores are given. Source: semantics of the field (Braze, MoEngage),
mid-rank percentile as (below + equal / 2) / all.

What is kept are the cuts between scores, not the scores: the value up to which each score goes. A
person's scores then follow at once from their own events, one person or all of them alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.postgres.sql import COMMA, Sql, one, sql
from profiles.language.events import Occurrences
from profiles.language.measures import whole_days
from profiles.language.question import Question
from profiles.language.times.durations import Duration
from profiles.language.times.windows import Window
from profiles.people.lineage import usable

SCORES: Final = 5
Cuts = Sequence[float | None]  # of scores 1 to 4, the largest value that has it or less


@dataclass(frozen=True)
class RfmTerms:
    """Which event is counted, and how far one looks back, in days."""

    event: str
    days: int

    @property
    def occurrences(self) -> Occurrences:
        """The events that count."""
        return Occurrences(self.event, Window(last=Duration("days", self.days)))


@dataclass(frozen=True)
class RfmCutPoints:
    """Where each score ends; `people` is how many it was cut of."""

    terms: RfmTerms
    people: int
    recency: Cuts
    frequency: Cuts
    money: Cuts


def values_of(terms: RfmTerms, context: Question, *, having: Sql | None = None) -> Sql:
    """Of everybody eligible: `profile_id, recency, frequency, money`; larger is better in each."""
    did = terms.occurrences
    recency, frequency, money = _measures(context)
    return sql(
        "SELECT {owner} AS profile_id, {recency} AS recency, {frequency} AS frequency,"
        " {money} AS money FROM {rows} GROUP BY 1{having}",
        owner=did.owner(context),
        recency=recency,
        frequency=frequency,
        money=money,
        rows=did.rows(context),
        having=sql(" HAVING {test}", test=having) if having else Sql(""),
    )


def _measures(context: Question) -> tuple[Sql, Sql, Sql]:
    """Over the grouped rows `e`."""
    days = whole_days(context, Sql("max(e.occurred_at)"))
    return (
        sql("-({days})::float8", days=days),
        Sql("count(*)::float8"),
        Sql("coalesce(sum(e.value), 0)::float8"),
    )


def in_cells(cuts: RfmCutPoints, cells: Sequence[int], context: Question) -> Sql:
    """Who is in one of these cells: a query for `profile_id`."""
    r, f, m = (_score(value, of) for value, of in zip(_measures(context), _each(cuts), strict=True))
    test = "({r} * 100 + {f} * 10 + {m}) = ANY({cells}::int[])"
    having = sql(test, r=r, f=f, m=m, cells=list(cells))
    return sql(
        "SELECT v.profile_id FROM ({values}) v",
        values=values_of(cuts.terms, context, having=having),
    )


def scored(cuts: RfmCutPoints, context: Question) -> Sql:
    """Of everybody eligible: `profile_id, r, f, m, money`."""
    columns = [
        sql(f"{{score}} AS {name[0]}", score=_score(Sql(f"v.{name}"), of))
        for name, of in zip(_NAMES, _each(cuts), strict=True)
    ]
    return sql(
        "SELECT v.profile_id, {columns}, v.money FROM ({values}) v"
        " JOIN profile p ON p.id = v.profile_id WHERE {usable}",
        usable=Sql(usable()),
        columns=COMMA.joined(columns),
        values=values_of(cuts.terms, context),
    )


_NAMES: Final = ("recency", "frequency", "money")


def _each(cuts: RfmCutPoints) -> tuple[Cuts, Cuts, Cuts]:
    return cuts.recency, cuts.frequency, cuts.money


def _score(value: Sql, cuts: Cuts) -> Sql:
    """1 and one more for each cut that the value is above; a score that nobody had is passed."""
    passed = 1 + sum(cut is None for cut in cuts)
    above = [sql("({v} > {cut})::int", v=value, cut=cut) for cut in cuts if cut is not None]
    return sql("({all})", all=Sql(" + ").joined([Sql(str(passed)), *above]))


# (below + equal / 2) / all, of each measure; `rank` counts those below
_CUTS: Final = """
WITH v AS MATERIALIZED ({values}), s AS (SELECT {scores}, {columns} FROM v
     JOIN profile p ON p.id = v.profile_id WHERE {usable})
SELECT count(*), {cuts} FROM s
"""


def cut(terms: RfmTerms, context: Question) -> RfmCutPoints:
    """The cuts at the moment of the question; one statement. Without anybody, all are None."""
    scores = [
        f"ceil({SCORES} * (rank() OVER (ORDER BY v.{name}) - 1"
        f" + count(*) OVER (PARTITION BY v.{name}) / 2.0) / count(*) OVER ()) AS {name[0]}"
        for name in _NAMES
    ]
    cuts = [
        f"max({name}) FILTER (WHERE {name[0]} <= {score})"
        for name in _NAMES
        for score in range(1, SCORES)
    ]
    query = sql(
        _CUTS,
        values=values_of(terms, context),
        scores=Sql(", ".join(scores)),
        columns=Sql(", ".join(f"v.{name}" for name in _NAMES)),
        usable=Sql(usable()),
        cuts=Sql(", ".join(cuts)),
    )
    people, *found = one(query)
    each = [found[n : n + SCORES - 1] for n in range(0, len(found), SCORES - 1)]
    return RfmCutPoints(terms, int(people), *(tuple(one_) for one_ in each))

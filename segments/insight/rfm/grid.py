"""The RFM grid: how many people, and how much money, are in each cell and group."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from config.postgres.sql import run, sql
from config.workspace.tables.statistics import joining_by_hash
from profiles.language.question import Question
from segments.builder.preview import SECONDS
from segments.insight.rfm.cuts import cut_points, terms
from segments.insight.rfm.groups import USUAL, Groups, groups
from segments.insight.rfm.scoring import SCORES, RfmCutPoints, RfmTerms, cut, scored
from segments.rules.compiler import CompileContext, working

_COUNTS = """
SELECT s.r, s.f, s.m, count(*), coalesce(sum(s.money), 0) FROM ({scored}) s GROUP BY 1, 2, 3
"""
_MOVES = """
SELECT b.cell, a.cell, count(*) FROM ({before}) b JOIN ({after}) a USING (profile_id) GROUP BY 1, 2
"""


@dataclass(frozen=True)
class RfmGroupLine:
    """One group."""

    name: str
    people: int
    revenue: float


@dataclass(frozen=True)
class RfmGrid:
    """Those eligible at a moment. `grid[r - 1][f - 1]`: people by recency and frequency."""

    terms: RfmTerms
    at: datetime
    people: int
    lines: Sequence[RfmGroupLine]
    grid: Sequence[Sequence[int]]
    map: Groups


def rfm_grid(moment: datetime) -> RfmGrid:
    """By the cuts of the moment; where there were none yet, by those that it would have had."""
    context = CompileContext(as_of=moment)
    with working(context, seconds=SECONDS), joining_by_hash():
        cuts = _cuts(context)
        rows = run(sql(_COUNTS, scored=scored(cuts, context)))
    people: Counter[int] = Counter()
    money: Counter[int] = Counter()
    grid = [[0] * SCORES for _r in range(SCORES)]
    for r, f, m, n, total in rows:
        cell = 100 * r + 10 * f + m
        people[cell] += n
        money[cell] += total
        grid[r - 1][f - 1] += n
    chosen = groups()
    lines = [
        RfmGroupLine(
            name,
            sum(people[cell] for cell in chosen.get(name, ())),
            round(float(sum(money[cell] for cell in chosen.get(name, ()))), 2),
        )
        for name in USUAL
    ]
    return RfmGrid(cuts.terms, moment, sum(people.values()), lines, grid, chosen)


def _cuts(context: Question) -> RfmCutPoints:
    return cut_points(context) or cut(terms(), context)


def rfm_migration(start: datetime, end: datetime) -> list[tuple[str, str, int]]:
    """(group of then, group of later, people) of those eligible at both moments."""
    of = {cell: name for name, cells in groups().items() for cell in cells}
    before, after = CompileContext(as_of=start), CompileContext(as_of=end)
    cells = "SELECT s.profile_id, s.r * 100 + s.f * 10 + s.m AS cell FROM ({scored}) s"
    with working(after, seconds=SECONDS), joining_by_hash():
        query = sql(
            _MOVES,
            before=sql(cells, scored=scored(_cuts(before), before)),
            after=sql(cells, scored=scored(_cuts(after), after)),
        )
        rows = run(query)
    found: Counter[tuple[str, str]] = Counter()
    for then, now, n in rows:
        found[of[then], of[now]] += n
    return sorted(((a, b, n) for (a, b), n in found.items()), key=lambda line: (-line[2], line))

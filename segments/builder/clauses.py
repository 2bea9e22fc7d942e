"""How many each clause of a rule keeps and turns away, all in one query."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.console.words import num
from config.postgres.sql import COMMA, Sql, one, sql
from config.workspace.tables.statistics import joining_by_hash
from segments.builder.preview import ALL_PEOPLE, SECONDS
from segments.rules import Condition, Group, compiled
from segments.rules.algebra import Part, all_of, negate, people
from segments.rules.base import needed_of
from segments.rules.compiler import CompileContext, working
from segments.rules.guarded import guard_sentence


@dataclass(frozen=True)
class ClauseCount:
    """`remain` people after the clause, `leave` at it; `alone`: counted beside its neighbours.

    `unfit` have a value of another type than is asked for. `note` says of whom alone it is asked,
    and how many that leaves out.
    """

    path: str
    remain: int
    leave: int
    alone: bool
    unknown: int | None
    note: str = ""
    unfit: int | None = None


@dataclass(frozen=True)
class _Line:
    """A clause, and the tables that are counted of it."""

    part: Group | Condition
    path: str
    after: str
    before: str
    alone: bool
    missing: str  # of whom nothing is known
    unasked: str  # of whom it is not asked
    unfit: str  # of whom the value is of another type


@dataclass
class _Plan:
    context: CompileContext
    tables: list[Sql] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)

    def table(self, query: Sql) -> str:
        name = f"t{len(self.tables)}"
        self.tables.append(sql(f"{name} AS MATERIALIZED ({{query}})", query=query))
        return name

    def step(self, part: Group | Condition, before: str, *, leaves_out: bool) -> str:
        query = people(compiled(part, self.context))
        return self.table(
            sql(
                "SELECT b.profile_id FROM {before} b WHERE {negation}EXISTS "
                "(SELECT 1 FROM ({query}) x WHERE x.profile_id = b.profile_id)",
                before=Sql(before),
                negation=Sql("NOT " if leaves_out else ""),
                query=query,
            )
        )

    def unknown(self, part: Group | Condition, before: str) -> str:
        missing = part.unknown(self.context) if isinstance(part, Condition) else None
        if missing is None:
            return ""
        return self.those(before, missing)

    def unfit(self, part: Group | Condition, before: str) -> str:
        other = part.unfit(self.context) if isinstance(part, Condition) else None
        return "" if other is None else self.those(before, other)

    def unasked(self, part: Group | Condition, before: str) -> str:
        needed = needed_of(part, self.context)
        return self.those(before, negate(all_of(needed))) if needed else ""

    def those(self, before: str, part: Part) -> str:
        query = sql(
            "SELECT b.profile_id FROM {before} b WHERE EXISTS "
            "(SELECT 1 FROM ({query}) x WHERE x.profile_id = b.profile_id)",
            before=Sql(before),
            query=people(part),
        )
        return self.table(query)

    def add(self, group: Group, path: str, before: str) -> None:
        """In `all` and `none` each clause meets those whom the last one kept; in `any` all."""
        here = before
        for index, part in enumerate(group.parts):
            place = f"{path}.conditions[{index}]" if path else f"conditions[{index}]"
            after = self.step(part, here, leaves_out=group.match == "none")
            of = (self.unknown(part, here), self.unasked(part, here), self.unfit(part, here))
            alone = group.match == "any"
            self.lines.append(_Line(part, place, after, here, alone, *of))
            if isinstance(part, Group):
                self.add(part, place, here)
            if group.match != "any":
                here = after


def clause_counts(rule: Group, context: CompileContext) -> list[ClauseCount]:
    """For each clause and group below the root, in order."""
    plan = _Plan(context)
    with working(context, seconds=SECONDS), joining_by_hash():
        plan.add(rule, "", plan.table(ALL_PEOPLE))
        if not plan.lines:
            return []
        names = [table.text.partition(" ")[0] for table in plan.tables]
        counts = one(
            context.statement(
                sql(
                    "SELECT {counts}",
                    counts=COMMA.joined(
                        sql("(SELECT count(*) FROM {name})", name=Sql(name)) for name in names
                    ),
                ),
                *plan.tables,
            )
        )
    of = dict(zip(names, map(int, counts), strict=True))
    return [
        ClauseCount(
            line.path,
            of[line.after],
            of[line.before] - of[line.after],
            line.alone,
            of.get(line.missing),
            _note(line, of),
            of.get(line.unfit),
        )
        for line in plan.lines
    ]


def _note(line: _Line, of: Mapping[str, int]) -> str:
    """Of whom alone the clause is asked, in words; a query where something is guarded."""
    if not line.unasked or not isinstance(line.part, Condition):
        return ""
    n = of[line.unasked]
    notes = [guard_sentence(line.part.touches())]
    if line.part.profiles():
        notes.append(_("It was worked out about people: who objects to profiling is not counted."))
    left = ngettext("%(n)s is left out.", "%(n)s are left out.", n) % {"n": num(n)} if n else ""
    return " ".join(note for note in (*notes, left) if note)

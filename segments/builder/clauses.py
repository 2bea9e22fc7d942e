"""How many each clause of a rule keeps and turns away, all in one query."""

from dataclasses import dataclass, field

from config.postgres.sql import COMMA, Sql, one, sql
from config.workspace.tables.statistics import joining_by_hash
from segments.builder.preview import ALL_PEOPLE, SECONDS
from segments.rules import Condition, Group, compiled
from segments.rules.algebra import people
from segments.rules.compiler import CompileContext, working


@dataclass(frozen=True)
class ClauseCount:
    """`remain` people after the clause, `leave` at it; `alone`: counted beside its neighbours."""

    path: str
    remain: int
    leave: int
    alone: bool
    unknown: int | None


@dataclass
class _Plan:
    context: CompileContext
    tables: list[Sql] = field(default_factory=list)
    lines: list[tuple[str, str, str, bool, str]] = field(default_factory=list)

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
        query = sql(
            "SELECT b.profile_id FROM {before} b WHERE EXISTS "
            "(SELECT 1 FROM ({query}) x WHERE x.profile_id = b.profile_id)",
            before=Sql(before),
            query=people(missing),
        )
        return self.table(query)

    def add(self, group: Group, path: str, before: str) -> None:
        """In `all` and `none` each clause meets those whom the last one kept; in `any` all."""
        here = before
        for index, part in enumerate(group.parts):
            place = f"{path}.conditions[{index}]" if path else f"conditions[{index}]"
            after = self.step(part, here, leaves_out=group.match == "none")
            self.lines.append((place, after, here, group.match == "any", self.unknown(part, here)))
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
            path, of[after], of[before] - of[after], alone, of[missing] if missing else None
        )
        for path, after, before, alone, missing in plan.lines
    ]

"""Did, or did not do, an event: how often, when, with which properties, summing what."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.console.words import when_words
from config.postgres.sql import AND, Sql, one, sql
from profiles.language.comparisons import COUNTING, Comparison, read_comparison
from profiles.language.events import ITEM_PREFIX, Occurrences, PropertyTest, read_where, subject_of
from profiles.language.operators import shown
from profiles.language.subjects import Subject
from profiles.language.windows import Window, read_window
from profiles.language.words import joined
from profiles.personal.names import Place as FieldPlace
from profiles.selectors.masking import is_harmless
from segments.rules import Condition, Reader, register
from segments.rules.algebra import Ids, Part
from segments.rules.context import CompileContext

AGGREGATES = ("sum", "avg", "min", "max", "count_distinct")
ONCE = Comparison("gte", 1)


@dataclass(frozen=True)
class Measure:
    """An aggregate of a property over the matching events compares."""

    agg: str
    property: str
    comparison: Comparison

    def value(self, context: CompileContext, event: str) -> Sql:
        """The aggregate."""
        subject = subject_of(context, event, self.property)
        if self.agg == "count_distinct":
            place = subject.json if subject.json.text != "NULL" else subject.number
            return sql("count(DISTINCT {place})", place=place)
        return sql(f"{self.agg}({{number}})", number=subject.number)

    def test(self, context: CompileContext, event: str) -> Sql:
        """For HAVING."""
        number = Subject(number=self.value(context, event))
        return self.comparison.bare_test(number, context.clock())

    def masked(self) -> "Measure":
        """Without the operand, where the property is not known to be harmless."""
        known = is_harmless(FieldPlace.PROPERTY, self.property)
        return replace(self, comparison=self.comparison.masked(is_harmless=known))

    def describe(self) -> str:
        """In words: "total revenue is more than 250"."""
        words = {
            "sum": _("total %(property)s"),
            "avg": _("average %(property)s"),
            "min": _("lowest %(property)s"),
            "max": _("highest %(property)s"),
            "count_distinct": _("number of different %(property)s"),
        }
        return self.comparison.describe(words[self.agg] % {"property": self.property})


@register
@dataclass(frozen=True)
class EventCondition(Condition):
    """Did the event `name` so often (`count`) within `window`, as design.md section 5 has it."""

    kind = "event"
    name: str
    where: tuple[PropertyTest, ...] = ()
    window: Window = Window()
    count: Comparison = ONCE
    measure: Measure | None = None
    not_since: tuple[str, tuple[PropertyTest, ...]] | None = None

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read all fields; a count that zero satisfies goes with neither measure nor not_since."""
        reader.only("kind", "name", "where", "window", "count", "measure", "not_since")
        count = _read_count(reader)
        measure, since = _read_measure(reader), reader.mapping("not_since")
        not_since = None
        if since:
            since.only("name", "where")
            not_since = (since.text("name"), read_where(since))
        for field in ("measure", "not_since"):
            if reader.has(field) and holds_for(count, 0):
                message = _("This needs at least one event, and the count allows none.")
                reader.fail(field, "conflict", message)
        return cls(
            name=reader.text("name"),
            where=read_where(reader),
            window=read_window(reader),
            count=count,
            measure=measure,
            not_since=not_since,
        )

    @property
    def is_timed(self) -> bool:  # type: ignore[override]
        """A rolling window."""
        return self.window.is_timed or any(test.comparison.is_timed for test in self.where)

    @property
    def holds_when_unknown(self) -> bool:  # type: ignore[override]
        """Who did nothing did it zero times."""
        return holds_for(self.count, 0)

    @property
    def occurrences(self) -> Occurrences:
        """The events that count."""
        return Occurrences(self.name, self.window, self.where)

    def compile(self, context: CompileContext) -> Part:
        """Those who did; for "did not", everybody but those who did."""
        did = self.occurrences
        parts = {"owner": did.owner(context), "rows": did.rows(context)}
        plain = sql("SELECT {owner} AS profile_id FROM {rows}", **parts)
        if holds_for(self.count, 0):
            if not any(holds_for(self.count, n) for n in (1, 2)) and _is_none(self.count):
                return Ids(plain, negated=True)
            test = sql("NOT ({test})", test=_count_test(self.count, context))
            return Ids(_having(plain, did.owner(context), [test]), negated=True, distinct=True)
        tests = [] if _is_once(self.count) else [_count_test(self.count, context)]
        if self.measure:
            tests.append(self.measure.test(context, self.name))
        if self.not_since:
            return Ids(self._without_later(context, tests), distinct=True)
        if not tests:
            return Ids(plain)
        return Ids(_having(plain, did.owner(context), tests), distinct=True)

    def _without_later(self, context: CompileContext, tests: list[Sql]) -> Sql:
        """The last match of each person, and none of the other event at or after it."""
        did = self.occurrences
        other = Occurrences(self.not_since[0], Window(), self.not_since[1])  # type: ignore[index]
        lower = self.window.lower(
            context.clock()
        )  # what lies before cannot be after the last match
        latest = "SELECT {owner} AS profile_id, max(e.occurred_at) AS t FROM {rows}"
        owner = did.owner(context)
        first = sql(latest, owner=owner, rows=did.rows(context))
        later = sql(latest, owner=owner, rows=other.rows(context, lower=lower))
        return sql(
            "SELECT c.profile_id FROM ({first}) c LEFT JOIN ({later}) o USING (profile_id) "
            "WHERE o.t IS NULL OR o.t < c.t",
            first=_having(first, owner, tests),
            later=_having(later, owner, []),
        )

    def describe(self) -> str:
        """In words: "did Order Completed at least 2 times in the last 30 days, where ..."."""
        did_not = _is_none(self.count)
        words = [_("did not do") if did_not else _("did"), self.name]
        if not did_not:
            words.append(_times(self.count))
        words.append(self.window.describe())
        text = " ".join(word for word in words if word)
        if self.where:
            text += _(", where %(tests)s") % {
                "tests": joined([test.describe() for test in self.where], _("and"))
            }
        if self.measure:
            text += _(", with a %(measure)s") % {"measure": self.measure.describe()}
        if self.not_since:
            text += _(", and no %(name)s since") % {"name": self.not_since[0]}
            if self.not_since[1]:
                tests = joined([test.describe() for test in self.not_since[1]], _("and"))
                text += _(" (where %(tests)s)") % {"tests": tests}
        return text

    def depends_on(self) -> set[str]:
        """Both events."""
        names = {f"event:{self.name}"}
        return names | ({f"event:{self.not_since[0]}"} if self.not_since else set())

    def reads(self) -> set[tuple[FieldPlace, str]]:
        """Properties that are compared or summed."""
        tests = (*self.where, *(self.not_since[1] if self.not_since else ()))
        names = {test.property for test in tests}
        if self.measure:
            names.add(self.measure.property)
        return {(FieldPlace.PROPERTY, name) for name in names}

    def masked(self) -> Self:
        """Without the operands of properties that are not known to be harmless."""
        since = self.not_since
        return replace(
            self,
            where=tuple(test.masked() for test in self.where),
            measure=self.measure and self.measure.masked(),
            not_since=since and (since[0], tuple(test.masked() for test in since[1])),
        )

    def found(self, context: CompileContext, profile_id: int) -> str:
        """How often, when last, and what it sums to."""
        measured = self.measure.value(context, self.name) if self.measure else Sql("NULL")
        query = sql(
            "SELECT count(*), max(e.occurred_at), {measured} FROM {rows}",
            measured=measured,
            rows=self.occurrences.rows(context),
        )
        count, last, total = one(query)
        if not count:
            return _("%(name)s never") % {"name": self.name}
        times = ngettext("%(name)s once", "%(name)s %(n)s times", int(count)) % {
            "name": self.name,
            "n": shown(count),
        }
        text = _("%(times)s; last on %(day)s") % {
            "times": times,
            "day": when_words(last),
        }
        if self.measure and total is not None:
            text += f"; {self.measure.property}: {shown(round(float(total), 2))}"
        return text


def holds_for(count: Comparison, n: int) -> bool:
    """Whether a count of `n` satisfies the comparison."""
    value: Any = count.value
    tests: dict[str, Callable[[], bool]] = {
        "eq": lambda: n == value,
        "ne": lambda: n != value,
        "gt": lambda: n > value,
        "gte": lambda: n >= value,
        "lt": lambda: n < value,
        "lte": lambda: n <= value,
        "between": lambda: value[0] <= n <= value[1],
        "in": lambda: n in value,
        "not_in": lambda: n not in value,
    }
    return tests[count.op]()


def _is_none(count: Comparison) -> bool:
    return (count.op, count.value) in (("eq", 0), ("lt", 1), ("lte", 0), ("between", (0, 0)))


def _is_once(count: Comparison) -> bool:
    return (count.op, count.value) in (("gte", 1), ("gt", 0))


def _count_test(count: Comparison, context: CompileContext) -> Sql:
    return count.bare_test(Subject(number=Sql("count(*)")), context.clock())


def _having(query: Sql, owner: Sql, tests: list[Sql]) -> Sql:
    grouped = sql("{query} GROUP BY {owner}", query=query, owner=owner)
    if not tests:
        return grouped
    return sql("{grouped} HAVING {tests}", grouped=grouped, tests=AND.joined(tests))


def _times(count: Comparison) -> str:
    if count.op in COUNTING:
        n = int(count.value)
        forms = {
            "gte": ngettext("at least %(n)s time", "at least %(n)s times", n),
            "gt": ngettext("more than %(n)s time", "more than %(n)s times", n),
            "lte": ngettext("at most %(n)s time", "at most %(n)s times", n),
            "lt": ngettext("less than %(n)s time", "less than %(n)s times", n),
            "eq": ngettext("exactly %(n)s time", "exactly %(n)s times", n),
            "ne": ngettext("other than %(n)s time", "other than %(n)s times", n),
        }
        return "" if _is_once(count) else forms[count.op] % {"n": shown(n)}
    return count.describe(_("as often as"))


def _read_count(reader: Reader) -> Comparison:
    inner = reader.mapping("count")
    if inner is None:
        return ONCE
    inner.only("op", "value")
    before = len(reader.problems)
    found = read_comparison(inner, "number")
    if len(reader.problems) > before:
        return ONCE
    values = found.value if isinstance(found.value, tuple) else (found.value,)
    if found.value is None:
        inner.fail("op", "operator_type", _("A count is always known."))
    elif any(value != int(value) or value < 0 for value in values):
        inner.fail("value", "type", _("A count is a whole number from 0."))
    else:
        return found
    return ONCE


def _read_measure(reader: Reader) -> Measure | None:
    inner = reader.mapping("measure")
    if inner is None:
        return None
    inner.only("agg", "property", "op", "value")
    agg, name = inner.choice("agg", AGGREGATES), inner.text("property")
    if name.startswith(ITEM_PREFIX):
        inner.fail("property", "unknown_field", _("Products cannot be summed."))
    return Measure(agg, name, read_comparison(inner, "number"))

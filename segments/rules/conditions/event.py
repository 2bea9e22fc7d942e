"""Did, or did not do, an event: how often, when, with which properties, summing what."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from config.console.words import when_words
from config.postgres.sql import AND, OR, Sql, one, sql
from profiles.language import schemas
from profiles.language.comparisons import Comparison
from profiles.language.counts import (
    ONCE,
    is_none,
    read_count,
    times,
)
from profiles.language.events import (
    ITEM_PREFIX,
    Occurrences,
    PropertyTest,
    event_rows,
    not_a_number,
    owner_of,
    read_where,
)
from profiles.language.measures import AGGREGATES, Measure, read_measure
from profiles.language.operators import NUMBER, shown
from profiles.language.reading.reader import Reader
from profiles.language.times.windows import Window, read_window
from profiles.language.words import joined
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown
from segments.rules.algebra import Ids, Part
from segments.rules.base import Condition, earliest, register
from segments.rules.clause import (
    DID,
    EVENT,
    Clause,
    Spec,
    choose,
    compare,
    count,
    mode,
    optional,
    pick,
    property_words,
    several,
    text,
    window,
)
from segments.rules.context import CompileContext
from segments.rules.counting import counted, having, often

WHICH: Final = ("first", "last")
FIRST: Final = WHICH[0]


@register
@dataclass(frozen=True)
class EventCondition(Condition):
    """Did the event `name` so often (`count`) within `window`?

    With `which`, it is the first (or the last) event of this name ever that is asked: whether it
    lies in `window` and passes `where`.
    """

    kind = "event"
    name: str
    where: tuple[PropertyTest, ...] = ()
    window: Window = Window()
    count: Comparison = ONCE
    measure: Measure | None = None
    not_since: tuple[str, tuple[PropertyTest, ...]] | None = None
    which: str = ""

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read all fields; a count that zero satisfies goes with neither measure nor not_since."""
        reader.only("kind", "name", "where", "window", "count", "measure", "not_since", "which")
        count = read_count(reader)
        measure, since = read_measure(reader), reader.mapping("not_since")
        not_since = None
        if since:
            since.only("name", "where")
            not_since = (since.text("name"), read_where(since))
        for field in ("measure", "not_since"):
            if reader.has(field) and count.holds(0):
                message = _("This needs at least one event, and the count allows none.")
                reader.fail(field, "conflict", message)
        window = read_window(reader)
        which = reader.choice("which", WHICH) if reader.has("which") else ""
        for field in ("count", "measure", "not_since"):
            if which and reader.has(field):
                reader.fail(field, "conflict", _("There is one first and one last event."))
        if which and window.since_entry:
            message = _("The first or last ever does not go with “since entering”.")
            reader.fail("window", "conflict", message)
        return cls(
            name=reader.text("name"),
            where=read_where(reader),
            window=window,
            count=count,
            measure=measure,
            not_since=not_since,
            which=which,
        )

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like."""
        name = schemas.TEXT | {"example": "Order Completed"}
        aggregate = {"agg": {"type": "string", "enum": list(AGGREGATES)}, "property": schemas.TEXT}
        measured = aggregate | schemas.comparison(NUMBER)
        return schemas.strict(
            {
                "name": name,
                "where": schemas.where(),
                "window": schemas.WINDOW,
                "count": schemas.count(),
                "measure": schemas.strict(measured, "agg", "property", "op", "value"),
                "not_since": schemas.strict({"name": name, "where": schemas.where()}, "name"),
                "which": {"type": "string", "enum": list(WHICH)},
            },
            "name",
            example={"name": "Order Completed", "window": {"last": {"days": 30}}},
        )

    @classmethod
    def clause(cls) -> Clause:
        """ "did Order Completed at least 2 times in the last 30 days, where category is shoes"."""
        never = {"count": {"op": "eq", "value": 0}}
        first, last = ({"which": which} for which in WHICH)
        often = ["count", "measure", "not_since"]
        alone: list[dict[str, Any]] = [never, first, last]
        return Clause(
            label=_("event"),
            intent=DID,
            also=_("action, behaviour"),
            order=10,
            offers="events",
            free=True,
            focus="count",
            start={"kind": cls.kind, "name": "$value", "window": {"last": {"days": 30}}},
            parts=[
                mode(
                    "did",
                    {"label": _("did"), "drop": ["count", "which"]},
                    {"label": _("did not do"), "set": never, "drop": [*often[1:], "which"]},
                    {"label": _("did for the first time"), "set": first, "drop": often},
                    {"label": _("did for the last time"), "set": last, "drop": often},
                ),
                pick("name", "events", name="name", look=EVENT, free=True),
                count("count", unless=alone),
                window("window"),
                several(
                    "where",
                    ", " + _("where"),
                    property_words(),
                    prefix="w",
                    add=_("where"),
                    start={"property": "", "op": "eq", "value": ""},
                ),
                _measure_words(alone),
                _since_words(alone),
            ],
        )

    def due_at(self, now: datetime) -> datetime | None:
        """A rolling window, or a property that compares with now."""
        of_tests = (test.comparison.due_at(now) for test in self.where)
        return earliest((self.window.due_at(now), *of_tests))

    @property
    def holds_when_unknown(self) -> bool:  # type: ignore[override]
        """Who did nothing did it zero times."""
        return self.count.holds(0)

    @property
    def occurrences(self) -> Occurrences:
        """The events that count."""
        return Occurrences(self.name, self.window, self.where)

    def compile(self, context: CompileContext) -> Part:
        """Those who did; for "did not", everybody but those who did."""
        did = self.occurrences
        if self.which:
            return Ids(sql("SELECT o.profile_id FROM {one}", one=self._one(context)), distinct=True)
        parts = {"owner": did.owner(context), "rows": did.rows(context)}
        plain = sql("SELECT {owner} AS profile_id FROM {rows}", **parts)
        more = [self.measure.test(context, self.name)] if self.measure else []
        if self.not_since:
            tests = [*often(self.count, context.clock()), *more]
            return Ids(self._without_later(context, tests), distinct=True)
        return counted(plain, did.owner(context), self.count, context.clock(), more)

    def _one(self, context: CompileContext) -> Sql:
        """`... o WHERE ...`: the first or the last event of each (`t` is when), if it counts."""
        owner, clock = owner_of(context), context.clock()
        tests = [sql("e.name = {name}", name=self.name)]
        tests.append(sql("e.occurred_at < {moment}", moment=context.moment))
        rows = event_rows(context, tests, Window())
        if self.where:
            fits = AND.joined(test.test(context, self.name) for test in self.where)
            way = "" if self.which == FIRST else " DESC"
            each = sql(
                "SELECT DISTINCT ON ({owner}) {owner} AS profile_id, e.occurred_at AS t,"
                " ({fits}) AS fits FROM {rows} ORDER BY {owner}, {order}",
                owner=owner,
                fits=fits,
                rows=rows,
                order=Sql(f"e.occurred_at{way}, e.id{way}"),
            )
            kept = [Sql("o.fits")]
        else:
            each = sql(
                "SELECT {owner} AS profile_id, {which}(e.occurred_at) AS t FROM {rows} GROUP BY 1",
                owner=owner,
                which=Sql("min" if self.which == FIRST else "max"),
                rows=rows,
            )
            kept = []
        kept.append(sql("o.t < {end}", end=self.window.upper(clock)))
        if lower := self.window.lower(clock):
            kept.append(sql("o.t >= {lower}", lower=lower))
        return sql("({each}) o WHERE {kept}", each=each, kept=AND.joined(kept))

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
            first=having(first, owner, tests),
            later=having(later, owner, []),
        )

    def describe(self) -> str:
        """In words: "did Order Completed at least 2 times in the last 30 days, where ..."."""
        did_not = is_none(self.count)
        words = [_("did not do") if did_not else _("did"), self.name]
        if not did_not:
            words.append(times(self.count))
        if self.which:
            words.append(_("for the first time") if self.which == FIRST else _("for the last time"))
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

    def properties_read(self) -> set[tuple[str, str]]:
        """Those that are compared or summed."""
        names = {test.property for test in self.where}
        names |= {self.measure.property} if self.measure else set()
        since, tests = self.not_since or ("", ())
        return {(self.name, name) for name in names} | {(since, test.property) for test in tests}

    @classmethod
    def refers_to(cls, data: Mapping[str, Any]) -> set[tuple[str, str]]:
        """The events."""
        since = data.get("not_since")
        names = [data.get("name"), since.get("name") if isinstance(since, Mapping) else None]
        return {("event", name) for name in names if isinstance(name, str)}

    def touches(self) -> set[tuple[FieldPlace, str]]:
        """That somebody did it may say much by itself."""
        names = {self.name, *([self.not_since[0]] if self.not_since else [])}
        return self.reads() | {(FieldPlace.EVENT, name) for name in names}

    def unfit(self, context: CompileContext) -> Part | None:
        """Who did it with a property that is there and no number, where a number is asked for."""
        names = [test.property for test in self.where if test.comparison.asks_number]
        names += [self.measure.property] if self.measure else []
        names = [name for name in names if not name.startswith(ITEM_PREFIX)]
        if not names:
            return None
        did = Occurrences(self.name, self.window)
        rows = did.rows(context)
        tests = [not_a_number(context, self.name, name) for name in names]
        query = "SELECT {owner} AS profile_id FROM {rows} AND ({tests})"
        return Ids(sql(query, owner=did.owner(context), rows=rows, tests=OR.joined(tests)))

    def masked(self, shown: Shown) -> Self:
        """Without the operands of properties that the reader may not see."""
        since = self.not_since
        return replace(
            self,
            where=tuple(test.masked(shown) for test in self.where),
            measure=self.measure and self.measure.masked(shown),
            not_since=since and (since[0], tuple(test.masked(shown) for test in since[1])),
        )

    def found(self, context: CompileContext, profile_id: int) -> str:
        """How often, when last, and what it sums to; of the first or last event, when it was."""
        if self.which:
            (when,) = one(sql("SELECT max(o.t) FROM {one}", one=self._one(context)))
            if when is None:
                return _("%(name)s not then") % {"name": self.name}
            return _("%(name)s on %(day)s") % {"name": self.name, "day": when_words(when)}
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


def _measure_words(unless: list[dict[str, Any]]) -> Spec:
    aggregates = {
        "sum": _("total"),
        "avg": _("average"),
        "min": _("lowest"),
        "max": _("highest"),
        "count_distinct": _("number of different"),
    }
    parts = [
        text(", " + _("with a")),
        choose("agg", aggregates, name="agg"),
        pick("property", "properties", name="mp", free=True, ask={"event": "..name"}),
        compare(type_=NUMBER, prefix="m"),
    ]
    start = {"agg": "sum", "property": "revenue", "op": "gt", "value": 100}
    return optional("measure", parts, add=_("sum or average"), start=start, unless=unless)


def _since_words(unless: list[dict[str, Any]]) -> Spec:
    parts = [
        text(", " + _("and no")),
        pick("name", "events", name="since", look=EVENT, free=True),
        text(pgettext("and no ... since", "since")),
    ]
    later = [several("where", _("where"), property_words(), prefix="s")]
    return optional(
        "not_since",
        parts,
        name="since",
        after=later,
        add=_("and not since"),
        start={"name": ""},
        unless=unless,
    )

"""Did these events in this order: within a time, without others between, about the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.console.words import when_words
from config.postgres.sql import AND, COMMA, EMPTY, FALSE, OR, UNION_ALL, Sql, every, one, sql
from profiles.language import schemas
from profiles.language.events import (
    PropertyTest,
    about_what,
    event_rows,
    owner_of,
    read_property,
    read_where,
)
from profiles.language.reading.reader import Reader
from profiles.language.times.durations import Duration, read_duration
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
    optional,
    pick,
    property_words,
    several,
    span,
    text,
    window,
)
from segments.rules.context import CompileContext

MOST_STEPS: Final = 10
MOST_WITHOUT: Final = 10
AFTER: Final = 99  # any step
# what stands before an event: all of the same moment that come before it, or what was earlier
_BEFORE: Final = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
_EARLIER: Final = "RANGE BETWEEN UNBOUNDED PRECEDING AND '1 microsecond'::interval PRECEDING"
_LAST_OUT: Final = "max(t) FILTER (WHERE x) OVER w AS out"
_NEXT_OUT: Final = "min(t) FILTER (WHERE x) OVER w AS out"  # in the order of time backwards


@dataclass(frozen=True)
class Step:
    """An event of the sequence; `same`: the property that says what it is about, "" for that of
    the sequence.
    """

    name: str
    where: tuple[PropertyTest, ...] = ()
    same: str = ""

    def test(self, context: CompileContext) -> Sql:
        """On the row `e` of any event: it is one of these."""
        tests = [test.test(context, self.name) for test in self.where]
        return every([sql("e.name = {name}", name=self.name), *tests])

    def describe(self) -> str:
        """In words: "Cart Added (where category is shoes)"."""
        if not self.where:
            return self.name
        tests = joined([test.describe() for test in self.where], _("and"))
        return self.name + _(" (where %(tests)s)") % {"tests": tests}

    def masked(self, shown: Shown) -> "Step":
        """Without the operands that the reader may not see."""
        return replace(self, where=tuple(test.masked(shown) for test in self.where))


@register
@dataclass(frozen=True)
class SequenceCondition(Condition):
    """Did `steps`, one after the other, the last at most `within` after the first, and none of
    `without` between them; all of them about the same value of the property `same`, if it is said.

    Others may lie between. What happened at the same moment may stand in either order; one event is
    one step. With a single step, none of `without` came after it: within that time, which has to be
    over, or until the question. The steps lie in `window`.
    """

    kind = "sequence"
    steps: tuple[Step, ...]
    within: Duration | None = None
    without: tuple[Step, ...] = ()
    same: str = ""
    window: Window = Window()

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read all fields; a single step needs `without`."""
        reader.only("kind", "steps", "within", "without", "same", "window")
        same = _read_same(reader)
        steps, without = (_read_steps(reader, name, same) for name in ("steps", "without"))
        _refuse_many(reader, "steps", len(steps), MOST_STEPS)
        _refuse_many(reader, "without", len(without), MOST_WITHOUT)
        if "steps" not in reader.data or (isinstance(reader.data["steps"], list) and not steps):
            reader.fail("steps", "required", _("This is needed."))
        elif len(steps) == 1 and not without:
            message = _("Say a second step, or what they did not do after it.")
            reader.fail("steps", "conflict", message)
        within = read_duration(reader, "within") if reader.has("within") else None
        return cls(steps, within, without, same, read_window(reader))

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like."""
        name = schemas.TEXT | {"example": "Cart Added"}
        step = schemas.strict(
            {"name": name, "where": schemas.where(), "same": schemas.TEXT}, "name"
        )
        steps = {"type": "array", "items": step}
        return schemas.strict(
            {
                "steps": steps | {"minItems": 1, "maxItems": MOST_STEPS},
                "within": schemas.DURATION,
                "without": steps | {"maxItems": MOST_WITHOUT},
                "same": {"type": "string", "example": "product_id"},
                "window": schemas.WINDOW,
            },
            "steps",
            example={
                "steps": [{"name": "Product Viewed"}, {"name": "Order Completed"}],
                "within": {"days": 7},
                "window": {"last": {"days": 30}},
            },
        )

    @classmethod
    def clause(cls) -> Clause:
        """ "did Product Viewed, then Order Completed, within 7 days, in the last 30 days"."""
        start = {"steps": [{"name": ""}, {"name": ""}], "within": {"days": 7}}
        return Clause(
            label=_("events in order"),
            intent=DID,
            also=_("sequence, then, after, funnel, abandoned"),
            order=20,
            focus="s0name",
            start={"kind": cls.kind, "window": {"last": {"days": 30}}} | start,
            parts=[
                several(
                    "steps",
                    _("did"),
                    _step_words(),
                    prefix="s",
                    between=pgettext("a step and the next", ", then"),
                    least=1,
                    add=pgettext("one more step", "then"),
                    start={"name": ""},
                ),
                several(
                    "without",
                    ", " + _("without"),
                    _step_words(),
                    prefix="n",
                    between=_("or"),
                    add=_("without"),
                    start={"name": ""},
                ),
                optional(
                    "within",
                    [text(", " + _("within")), span("within", name="within")],
                    own=True,
                    add=_("within a time"),
                    start={"days": 7},
                ),
                optional(
                    "same",
                    [
                        text(", " + _("about the same")),
                        pick("same", "properties", name="same", free=True),
                    ],
                    own=True,
                    add=_("about the same thing"),
                    start="",
                ),
                text(","),
                window("window"),
            ],
        )

    def due_at(self, now: datetime) -> datetime | None:
        """A rolling window, a property that compares with now, and a time that has to be over."""
        of_tests = (test.comparison.due_at(now) for step in self._all for test in step.where)
        passing = now if len(self.steps) == 1 and self.within else None
        return earliest((self.window.due_at(now), passing, *of_tests))

    @property
    def _all(self) -> tuple[Step, ...]:
        return (*self.steps, *self.without)

    def compile(self, context: CompileContext) -> Part:
        """Whoever has a last step with the others before it."""
        return Ids(sql("SELECT s.profile_id FROM {ends}", ends=self._ends(context)))

    def _ends(self, context: CompileContext) -> Sql:
        """`... s WHERE ...`: the last steps (`t` is when) that end a sequence.

        Each step carries the latest possible start, so that the shortest way decides: one sort, and
        exact for `within` and `without`.
        """
        if len(self.steps) == 1:
            return self._alone(context)
        rows = self._rows(context)
        for n in range(2, len(self.steps) + 1):
            start = "t" if n == 2 else f"s{n - 1}"  # noqa: PLR2004 - a step and the one before it
            carried = f"max({start}) FILTER (WHERE m{n - 1}) OVER w AS s{n}"
            rows = self._carrying(carried, rows, "t, k", _BEFORE)
        last = len(self.steps)
        tests = [Sql(f"s.m{last}"), Sql(f"s.s{last} IS NOT NULL")]
        if self.within:
            back = self.within.moved(Sql("s.t"), context.clock().home, "-")
            tests.append(sql(f"s.s{last} >= {{back}}", back=back))
        if self.without:
            rows = self._carrying(_LAST_OUT, rows, "t", _EARLIER)
            tests.append(Sql(f"(s.out IS NULL OR s.out <= s.s{last})"))
        return sql("{rows} WHERE {tests}", rows=rows, tests=AND.joined(tests))

    def _alone(self, context: CompileContext) -> Sql:
        """A single step, and the next of what must not come after it."""
        rows = self._carrying(_NEXT_OUT, self._rows(context), "t DESC", _EARLIER)
        tests = [Sql("s.m1"), sql("s.t < {end}", end=self.window.upper(context.clock()))]
        if self.within:
            until = self.within.moved(Sql("s.t"), context.clock().home)
            tests.append(sql("{until} <= {now}", until=until, now=context.moment))
            tests.append(sql("(s.out IS NULL OR s.out > {until})", until=until))
        else:
            tests.append(Sql("s.out IS NULL"))
        return sql("{rows} WHERE {tests}", rows=rows, tests=AND.joined(tests))

    def _carrying(self, column: str, rows: Sql, order: str, frame: str) -> Sql:
        """With one more column, carried along a person's events before each (by `order`), of each
        thing that they are about.
        """
        parts = "profile_id, about" if self.same else "profile_id"
        return sql(
            "(SELECT *, {column} FROM {rows}"
            " WINDOW w AS (PARTITION BY {parts} ORDER BY {order} {frame})) s",
            column=Sql(column),
            rows=rows,
            parts=Sql(parts),
            order=Sql(order),
            frame=Sql(frame),
        )

    def _rows(self, context: CompileContext) -> Sql:
        """Relation `s`: profile_id, t, k (the order at one moment), m1, m2, ... (which step it may
        be), x (what must not be), and about what, where that matters.
        """
        if not self.same:
            return sql("({rows}) s", rows=self._events(context, self._all, ""))
        about = dict.fromkeys((step.name, step.same or self.same) for step in self._all)
        queries = [
            self._events(context, [step for step in self._all if step.name == name], same)
            for name, same in about
        ]
        return sql("({rows}) s", rows=UNION_ALL.joined(queries))

    def _events(self, context: CompileContext, among: Sequence[Step], same: str) -> Sql:
        """The events of `among`; with `same`, once for each thing that they are about."""
        flags = [self._flag(context, step, same) for step in self.steps]
        out = [self._flag(context, step, same) for step in self.without] or [FALSE]
        names = sorted({step.name for step in among})
        tests = [sql("e.name = ANY({names}::text[])", names=names), *self._times(context)]
        about, join = about_what(context, same) if same else (EMPTY, EMPTY)
        if same:
            tests.append(sql("{about} IS NOT NULL", about=about))
        return sql(
            "SELECT {owner} AS profile_id, e.occurred_at AS t, {rank} AS k, {flags}, ({out}) AS x"
            "{about} FROM {rows}",
            owner=owner_of(context),
            rank=_rank(self.steps, flags),
            flags=COMMA.joined(
                sql(f"{{flag}} AS m{n}", flag=flag) for n, flag in enumerate(flags, start=1)
            ),
            out=OR.joined(out),
            about=sql(", {about} AS about", about=about) if same else EMPTY,
            rows=event_rows(context, tests, self.window, join=join),
        )

    def _flag(self, context: CompileContext, step: Step, same: str) -> Sql:
        """Whether the event is this step, where its events are about `same`."""
        if self.same and (step.same or self.same) != same:
            return FALSE
        return step.test(context)

    def _times(self, context: CompileContext) -> list[Sql]:
        """What must not come after a single step counts until the moment of the question."""
        first, end = self.window.lower(context.clock()), self.window.upper(context.clock())
        end = context.moment if len(self.steps) == 1 else end
        tests = [sql("e.occurred_at < {end}", end=end)]
        return [*tests, sql("e.occurred_at >= {first}", first=first)] if first else tests

    def describe(self) -> str:
        """In words: "did Product Viewed, then Order Completed, within 7 days, in the last 30"."""
        then = pgettext("a step and the next", ", then") + " "
        words = [" ".join((_("did"), then.join(step.describe() for step in self.steps)))]
        if self.without:
            names = joined([step.describe() for step in self.without], _("or"))
            between = len(self.steps) > 1
            form = _("without %(names)s in between") if between else _("without %(names)s after it")
            words.append(form % {"names": names})
        if self.within:
            words.append(_("within %(duration)s") % {"duration": self.within.describe()})
        if self.same:
            words.append(_("about the same %(property)s") % {"property": self.same})
        words.append(self.window.describe())
        return ", ".join(word for word in words if word)

    def depends_on(self) -> set[str]:
        """All its events."""
        return {f"event:{step.name}" for step in self._all}

    def reads(self) -> set[tuple[FieldPlace, str]]:
        """Properties that are compared."""
        names = {test.property for step in self._all for test in step.where}
        if self.same:
            names |= {step.same or self.same for step in self._all}
        return {(FieldPlace.PROPERTY, name) for name in names}

    def properties_read(self) -> set[tuple[str, str]]:
        """Those that are compared, or say what a step is about."""
        same = {(step.name, step.same or self.same) for step in self._all if self.same}
        return same | {(step.name, test.property) for step in self._all for test in step.where}

    @classmethod
    def refers_to(cls, data: Mapping[str, Any]) -> set[tuple[str, str]]:
        """The events."""
        steps = [step for part in ("steps", "without") for step in _listed(data.get(part))]
        names = [step.get("name") for step in steps if isinstance(step, Mapping)]
        return {("event", name) for name in names if isinstance(name, str)}

    def touches(self) -> set[tuple[FieldPlace, str]]:
        """That somebody did them may say much by itself."""
        return self.reads() | {(FieldPlace.EVENT, step.name) for step in self._all}

    def masked(self, shown: Shown) -> Self:
        """Without the operands of properties that the reader may not see."""
        steps, without = (
            tuple(step.masked(shown) for step in part) for part in (self.steps, self.without)
        )
        return replace(self, steps=steps, without=without)

    def found(self, context: CompileContext, profile_id: int) -> str:
        """When it was last done to its end."""
        (last,) = one(sql("SELECT max(s.t) FROM {ends}", ends=self._ends(context)))
        if last is None:
            return _("never in this order")
        return _("last on %(day)s") % {"day": when_words(last)}


def _read_steps(reader: Reader, field: str, same: str) -> tuple[Step, ...]:
    steps = []
    for item in reader.items(field):
        item.only("name", "where", "same")
        own = _read_same(item)
        if own and not same:
            message = _("Say first what all of them are about, under “same” of the condition.")
            item.fail("same", "conflict", message)
        steps.append(Step(item.text("name"), read_where(item), own))
    return tuple(steps)


def _read_same(reader: Reader) -> str:
    return read_property(reader, "same")[0] if reader.data.get("same") else ""


def _refuse_many(reader: Reader, field: str, n: int, most: int) -> None:
    if n > most:
        reader.fail(field, "range", _("There are at most %(n)d of these.") % {"n": most})


def _rank(steps: Sequence[Step], flags: Sequence[Sql]) -> Sql:
    """The order of events of one moment: the earliest step that each may be, then the latest one;
    what is no step comes last.
    """
    whens = [sql(f"WHEN {{flag}} THEN {n}", flag=flag) for n, flag in enumerate(flags, start=1)]
    first = sql(f"CASE {{whens}} ELSE {AFTER} END", whens=Sql(" ").joined(whens))
    if len({step.name for step in steps}) == len(steps):
        return first  # no event may be two of them
    last = sql(f"CASE {{whens}} ELSE {AFTER} END", whens=Sql(" ").joined(whens[::-1]))
    return sql(f"({{first}}) * {AFTER + 1} + {{last}}", first=first, last=last)


def _step_words() -> list[Spec]:
    """An event, what its properties are, and by which of them it is about the same thing."""
    return [
        pick("name", "events", name="name", look=EVENT, free=True),
        several(
            "where",
            _("where"),
            property_words(),
            prefix="w",
            add=_("where"),
            start={"property": "", "op": "eq", "value": ""},
        ),
        optional(
            "same",
            [text(_("by its")), pick("same", "properties", name="by", free=True, ask=_OWN_EVENT)],
            own=True,
            add=_("by another property"),
            start="",
            needs="same",
        ),
    ]


_OWN_EVENT: Final = {"event": "name"}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

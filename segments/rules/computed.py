"""Computed traits: a definition is read here, and compiled to what it is of each person.

A rule that asks by one works it out of the events at its own moment, so that every answer (now, of
a past day, of one person) is right by itself; `segments.members.values` keeps it for mails, the
customer page and exports.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.postgres.sql import Sql, sql
from config.workspace.work.once import OnceARequest
from profiles.language.comparisons import Comparison
from profiles.language.events import ITEM_PREFIX, Occurrences, read_property, read_where
from profiles.language.measures import (
    COUNT,
    DAYS_SINCE,
    DECIMALS,
    EVERY_AGGREGATE,
    FROM_NOUGHT,
    HOUR,
    LAST,
    MONEY_DECIMALS,
    OF_EITHER,
    OF_EVENTS,
    RATIO,
    SHARE,
    WEEKDAY,
    Aggregate,
)
from profiles.language.operators import NUMBER, TIME
from profiles.language.question import Question
from profiles.language.reading.reader import Notes, Reader, RuleError
from profiles.language.reading.references import Lookup
from profiles.language.subjects import Subject, json_value, number_subject, time_subject
from profiles.language.times.windows import read_window
from profiles.language.words import joined
from profiles.personal.names import FieldPlace
from profiles.personal.tags import is_score
from profiles.selectors.masking import Shown
from segments.models import ComputedTrait
from segments.rules.algebra import Ids
from segments.rules.guarded import guards

FIELDS: Final = ("event", "where", "window", "measure")


@dataclass(frozen=True)
class ComputedDefinition:
    """What a person's events `did` come to.

    `is_ready`: whether its values are stored as it says now; rules need none.
    """

    did: Occurrences
    aggregate: Aggregate
    is_ready: bool = field(default=True, compare=False)

    @property
    def nought(self) -> int | None:
        """What it is of those who did nothing: 0 of what tells how much, else nothing."""
        return 0 if self.aggregate.agg in FROM_NOUGHT else None

    @property
    def stored(self) -> "ComputedDefinition":
        """What is stored of it: of the days since something, when that was, which stays true."""
        if self.aggregate.agg != DAYS_SINCE:
            return self
        return ComputedDefinition(self.did, Aggregate(LAST))

    def value_of(self, stored: Any, now: datetime) -> Any:
        """What it is at a moment, of what was stored; `stored` None: of those who did nothing."""
        if stored is None:
            return self.nought
        if self.aggregate.agg != DAYS_SINCE:
            return stored
        return (now - datetime.fromisoformat(stored)) // timedelta(days=1)

    def values(self, context: Question) -> Sql:
        """Of everybody who did it: `profile_id`, `v`, and `first_at`, when the first that counts
        was.
        """
        value = self.aggregate.value(context, self.did.name)
        if self.aggregate.type_ == NUMBER:
            # what is stored, shown and compared is the same number: 0.1 + 0.2 is 0.3
            decimals = MONEY_DECIMALS if self._is_money(context) else DECIMALS
            value = sql(f"trim_scale(round(({{value}})::numeric, {decimals}))", value=value)
        return sql(
            "SELECT {owner} AS profile_id, {value} AS v, min(e.occurred_at) AS first_at"
            " FROM {rows} GROUP BY 1",
            owner=self.did.owner(context),
            value=value,
            rows=self.did.rows(context, join=self.aggregate.join(context)),
        )

    def _is_money(self, context: Question) -> bool:
        """Whether it is an amount in workspace currency."""
        known = context.definition(self.did.name)
        is_amount = self.aggregate.agg in ("sum", "avg", "min", "max")
        return bool(
            known and is_amount and known.is_money and known.value_property == self.aggregate.of
        )

    def comparing(self, comparison: Comparison, context: Question) -> Ids:
        """Those of whom it compares so."""
        test = comparison.test(self._subject(context), context.clock())
        holds = self.holds_without(comparison)
        return Ids(
            sql(
                "SELECT c.profile_id FROM ({values}) c WHERE {denied}{test}",
                values=self.values(context),
                denied=Sql("NOT " if holds else ""),
                test=test,
            ),
            negated=holds,
            distinct=True,
        )

    def holds_without(self, comparison: Comparison) -> bool:
        """Whether it compares so of those who did nothing."""
        if self.nought is None:
            return comparison.holds_when_missing
        if comparison.op in ("is_set", "is_not_set"):
            return comparison.op == "is_set"
        if comparison.asks_number:
            return comparison.holds(self.nought)
        return comparison.holds_when_missing

    def _subject(self, context: Question) -> Subject:
        if self.nought is not None:
            return number_subject(f"coalesce(c.v, {self.nought})")
        if self.aggregate.type_ == NUMBER:
            return number_subject("c.v")
        if self.aggregate.type_ == TIME:
            return time_subject("c.v")
        return json_value(Sql("c.v"), context.zone.key)

    def reads(self) -> set[tuple[FieldPlace, str]]:
        """Properties that are compared, or that it is made of."""
        names = {test.property for test in self.did.where} | self.aggregate.reads()
        return {(FieldPlace.PROPERTY, name) for name in names}

    def touches(self) -> set[tuple[FieldPlace, str]]:
        """That somebody did it may say much by itself."""
        return self.reads() | {(FieldPlace.EVENT, self.did.name)}

    def due_at(self, now: datetime) -> datetime | None:
        """From when on time alone may change it; None where it never does."""
        passing = now if self.aggregate.agg == DAYS_SINCE else None
        of_tests = self.tests_due_at(now)
        return min(filter(None, (passing, self.did.window.due_at(now), of_tests)), default=None)

    def tests_due_at(self, now: datetime) -> datetime | None:
        """The same of its tests alone, which may come true of anybody: "ends in the next day"."""
        tests = (*self.did.where, *self.aggregate.where)
        return min(filter(None, (test.comparison.due_at(now) for test in tests)), default=None)

    def announced_by(self) -> set[str]:
        """What announces a change to it, as `profile_change.names` writes it."""
        own_clock = self.aggregate.agg in (HOUR, WEEKDAY)
        return {f"event:{self.did.name}", *(["profile:time_zone"] if own_clock else [])}

    def describe(self) -> str:
        """In words: "total revenue of Order Completed in the last 90 days"."""
        words = pgettext("total revenue of Order Completed", "%(measure)s of %(event)s") % {
            "measure": self.aggregate.describe(),
            "event": self.did.name,
        }
        words = " ".join(filter(None, (words, self.did.window.describe())))
        if not self.did.where:
            return words
        tests = joined([test.describe() for test in self.did.where], _("and"))
        return words + _(", where %(tests)s") % {"tests": tests}

    def masked(self, shown: Shown) -> "ComputedDefinition":
        """Without the operands that this reader may not see."""
        where = tuple(test.masked(shown) for test in self.did.where)
        counted = tuple(test.masked(shown) for test in self.aggregate.where)
        return ComputedDefinition(
            replace(self.did, where=where), replace(self.aggregate, where=counted)
        )


def read_computed(data: Any, *, is_new: bool = True) -> ComputedDefinition:
    """A definition out of its JSON: event, where, window, measure. Raises RuleError.

    One query for what is written in patterns; none of what is not new.
    """
    notes = Notes()
    reader = Reader(data if isinstance(data, Mapping) else {}, "", notes)
    reader.only(*FIELDS)
    event, where, window = reader.text("event"), read_where(reader), read_window(reader)
    inner = reader.mapping("measure")
    aggregate = _read_aggregate(inner) if inner else Aggregate(COUNT)
    if is_new:
        notes.look_up()
    if notes.problems:
        raise RuleError(notes.problems)
    return ComputedDefinition(Occurrences(event, window, where), aggregate)


def _read_aggregate(reader: Reader) -> Aggregate:
    reader.only("agg", "property", "per", "where")
    agg = reader.choice("agg", EVERY_AGGREGATE)
    _only_of(reader, "per", agg == RATIO)
    _only_of(reader, "where", agg == SHARE)
    _only_of(reader, "property", agg not in OF_EVENTS)
    if agg == SHARE:
        where = read_where(reader)
        if not where:
            reader.fail("where", "required", _("This is needed."))
        return Aggregate(agg, where=where)
    if agg in OF_EVENTS or not agg or (agg in OF_EITHER and not reader.has("property")):
        return Aggregate(agg or COUNT)
    name, _type = read_property(reader, "property")
    per = reader.text("per") if agg == RATIO else ""
    for place, said in (("property", name), ("per", per)):
        if agg == RATIO and said.startswith(ITEM_PREFIX):
            reader.fail(place, "conflict", _("A ratio is of two properties of the event itself."))
    return Aggregate(agg, name, per)


def _only_of(reader: Reader, field: str, is_right: bool) -> None:
    if reader.has(field) and not is_right:
        reader.fail(field, "conflict", _("This does not go with what is to be worked out."))


def touched_by(definition: ComputedDefinition, name: str) -> set[tuple[FieldPlace, str]]:
    """What the computed trait of this name is worked out of, and what is said of itself."""
    return definition.touches() | {(FieldPlace.TRAIT, name)}


def is_asked_of_some(definition: ComputedDefinition, name: str) -> bool:
    """Whether it is worked out of those alone who permitted it, or did not object."""
    touched = touched_by(definition, name)
    return bool(guards(touched)) or any(is_score(place, of) for place, of in touched)


def is_shown(definition: ComputedDefinition, shown: Shown) -> bool:
    """Whether this reader may see all that it is worked out of."""
    return all(shown.may_ask(place, name) for place, name in definition.touches())


def depended_on(definition: ComputedDefinition, name: str) -> list[str]:
    """What announces a change to it, as `profile_change.names` writes it."""
    asks = is_asked_of_some(definition, name)
    return sorted(definition.announced_by() | ({"consent"} if asks else set()))


def definitions(names: Collection[str] | None = None) -> dict[str, ComputedDefinition]:
    """Those that there are, of these names or all; what cannot be read any more is left out. At
    most one query a request.
    """
    known = _definitions.get()
    if names is None:
        return dict(known)
    return {name: known[name] for name in names if name in known}


def _read_all() -> dict[str, ComputedDefinition]:
    found = {}
    rows = ComputedTrait.objects.values_list("name", "definition", "refreshed_at")
    for name, data, refreshed_at in rows:
        try:
            definition = read_computed(data, is_new=False)
        except RuleError:
            continue
        found[name] = replace(definition, is_ready=refreshed_at is not None)
    return found


_definitions: Final = OnceARequest(_read_all)


def forget_definitions() -> None:
    """Read them anew next time: one was changed."""
    _definitions.forget()


# what a field may name instead of a trait that came in
COMPUTED: Final = Lookup("computed", definitions)

"""Reading events for rules: whose they are, which count, and where a property is kept.

Slots and the value column are used where the event's definition has them ready; the rest is read
from `properties`. Events of an absorbed profile count for the survivor (`alias_pending`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from config.postgres.sql import AND, EMPTY, Sql, run, sql
from profiles.language.comparisons import Comparison, read_comparison
from profiles.language.operators.base import AMOUNT, RANGE, SEVERAL
from profiles.language.question import Question
from profiles.language.reading.reader import Reader, is_number
from profiles.language.spelling import ValueRows, spelled
from profiles.language.subjects import Subject, json_subject, number_subject
from profiles.language.times.windows import Window
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown

SLOTS = ("k1", "k2")
# of products[], kept as rows of `event_item`
ITEM_COLUMNS = {
    "product_id": "text",
    "name": "text",
    "category": "text",
    "quantity": "number",
    "price": "number",
}
ITEM_PREFIX = "products."


_ITS_ITEMS = "i.profile_id = e.profile_id AND i.occurred_at = e.occurred_at AND i.event_id = e.id"
ITEMS = Sql(f" JOIN event_item i ON {_ITS_ITEMS}")  # the products of the events `e`


@dataclass(frozen=True)
class PropertyTest:
    """A property of the event compares."""

    property: str
    comparison: Comparison

    def test(self, context: Question, event: str) -> Sql:
        """The test on the row `e`."""
        if self.property.startswith(ITEM_PREFIX):
            return self._item_test(context)
        subject = subject_of(context, event, self.property, self.comparison)
        # a column has an index and statistics; of jsonb see segments.rules.algebra.Filter
        ask = self.comparison.bare_test if subject.is_column else self.comparison.test
        return ask(subject, context.clock())

    def describe(self) -> str:
        """In words: "category is shoes"."""
        return self.comparison.describe(self.property)

    def masked(self, shown: Shown) -> "PropertyTest":
        """Without the operand, where the reader may not see the property."""
        is_shown = shown.may_ask(FieldPlace.PROPERTY, self.property)
        return replace(self, comparison=self.comparison.masked(shown, is_shown=is_shown))

    def _item_test(self, context: Question) -> Sql:
        return sql(
            "EXISTS (SELECT 1 FROM event_item i WHERE {own} AND {test})",
            own=Sql(_ITS_ITEMS),
            test=self.comparison.test(item_subject(context, self.property), context.clock()),
        )


def read_where(reader: Reader) -> tuple[PropertyTest, ...]:
    """The list under `where`; problems go to the reader."""
    return tuple(_read_test(item) for item in reader.items("where"))


def _read_test(reader: Reader) -> PropertyTest:
    reader.only("property", "op", "value")
    name, type_ = read_property(reader, "property")
    return PropertyTest(name, read_comparison(reader, type_))


def read_property(reader: Reader, field: str) -> tuple[str, str]:
    """The name of a property and its type; of `products.*` those alone that are kept."""
    name = reader.text(field)
    if not name.startswith(ITEM_PREFIX):
        return name, "json"
    type_ = ITEM_COLUMNS.get(name.removeprefix(ITEM_PREFIX))
    if type_ is None:
        known = ", ".join(f"{ITEM_PREFIX}{column}" for column in ITEM_COLUMNS)
        message = _("“%(name)s” is not known; known are %(known)s.")
        reader.fail(field, "unknown_field", message % {"name": name, "known": known})
    return name, type_ or "json"


def subject_of(
    context: Question, event: str, name: str, comparison: Comparison | None = None
) -> Subject:
    """Where to read a property: the value column, a slot or `properties`."""
    context.read(FieldPlace.PROPERTY, name)
    known = context.definition(event)
    if known and name == known.value_property and _is_numeric(comparison):
        return number_subject("e.value", known.value_sign)
    slot = known.slots.get(name, {}) if known else {}
    if comparison and slot.get("ready") and slot.get("slot") in SLOTS and _asks_texts(comparison):
        subject = Subject(text=Sql(f"e.{slot['slot']}"))
    else:
        is_number = known is not None and name in known.numbers
        subject = json_subject("e.properties", name, context.zone.key, is_number=is_number)
    tests = [sql("e.name = {event}", event=event)]
    if context.profile_ids is not None:
        tests.append(sql("e.profile_id = ANY({ids}::bigint[])", ids=context.event_profile_ids))
    return spelled(subject, name, context, ValueRows(sql("event e WHERE {t}", t=AND.joined(tests))))


def item_subject(context: Question, name: str) -> Subject:
    """Where to read `products.*`, on the row `i`."""
    context.read(FieldPlace.PROPERTY, name)
    column = name.removeprefix(ITEM_PREFIX)
    place = _item_place(column)
    if ITEM_COLUMNS[column] == "number":
        return number_subject(place)
    return Subject(text=Sql(place), exists=Sql(f"{place} <> ''"))


def not_a_number(context: Question, event: str, name: str) -> Sql:
    """A test on the row `e`: the property is there and no number."""
    subject = subject_of(context, event, name)
    there = json_subject("e.properties", name, context.zone.key).exists
    return sql("coalesce({there} AND {number} IS NULL, FALSE)", there=there, number=subject.number)


def about_what(context: Question, name: str) -> tuple[Sql, Sql]:
    """What an event is about, as text (NULL for nothing): the property's value, and a join that it
    needs. Of `products.*` an event is about each of its products.
    """
    context.read(FieldPlace.PROPERTY, name)
    if not name.startswith(ITEM_PREFIX):
        value = json_subject("e.properties", name, context.zone.key).text
        return sql("nullif({value}, '')", value=value), EMPTY
    place = _item_place(name.removeprefix(ITEM_PREFIX))
    return Sql(f"nullif({place}::text, '')"), ITEMS


def _item_place(column: str) -> str:
    return "i.product_name" if column == "name" else f"i.{column}"


def _is_numeric(comparison: Comparison | None) -> bool:
    if comparison is None or comparison.operator.widget in (AMOUNT, RANGE):
        return True
    return comparison.op in ("eq", "ne") and is_number(comparison.value)


def _asks_texts(comparison: Comparison) -> bool:
    values = comparison.value if comparison.operator.widget == SEVERAL else [comparison.value]
    asked = ("eq", "in", "eq_ignore_case", "in_ignore_case")
    return comparison.op in asked and all(isinstance(value, str) for value in values)


@dataclass(frozen=True)
class Occurrences:
    """The events `name` in `window` that pass `where`, as FROM and WHERE over the row `e`."""

    name: str
    window: Window
    where: tuple[PropertyTest, ...] = ()

    def owner(self, context: Question) -> Sql:
        """Whose event it is."""
        return owner_of(context)

    def rows(self, context: Question, *, lower: Sql | None = None, join: Sql = EMPTY) -> Sql:
        """`event e ... WHERE ...`; `lower` stands in for the window's first moment; `join`: more,
        over `e`.
        """
        tests = [sql("e.name = {name}", name=self.name)]
        tests += [test.test(context, self.name) for test in self.where]
        first = lower or self.window.lower(context.clock())
        if first:
            tests.append(sql("e.occurred_at >= {first}", first=first))
        tests.append(sql("e.occurred_at < {end}", end=self.window.upper(context.clock())))
        return event_rows(context, tests, self.window, join=join)


def owner_of(context: Question) -> Sql:
    """Whose the event `e` is."""
    return Sql("coalesce(a.survivor_id, e.profile_id)" if context.has_aliases else "e.profile_id")


def event_rows(
    context: Question, tests: Sequence[Sql], window: Window, *, join: Sql = EMPTY
) -> Sql:
    """`event e ... WHERE ...` of those who are asked about; `window` says since when, where that is
    their entry. `join`: more, over `e`.
    """
    tests, owner = list(tests), owner_of(context)
    if context.profile_ids is not None:
        tests.append(sql("e.profile_id = ANY({ids}::bigint[])", ids=context.event_profile_ids))
        if context.has_aliases:
            tests += context.narrowing(owner)
    aliases = " LEFT JOIN alias_pending a ON a.profile_id = e.profile_id"
    return sql(
        "event e{aliases}{entries}{join} WHERE {tests}",
        join=join,
        aliases=Sql(aliases if context.has_aliases else ""),
        entries=since_entry(window, context, owner, Sql("e.occurred_at")),
        tests=AND.joined(tests),
    )


def since_entry(window: Window, context: Question, owner: Sql, at: Sql) -> Sql:
    """A join that leaves what happened (`at`) to `owner` since they entered; "" for other windows.

    Nobody entered where no campaign asks.
    """
    if not window.since_entry:
        return Sql("")
    entered = context.entered or Sql(
        "SELECT NULL::bigint AS profile_id, NULL::timestamptz AS entered_at WHERE FALSE"
    )
    return sql(
        " JOIN ({entered}) n ON n.profile_id = {owner} AND {at} >= n.entered_at",
        entered=entered,
        owner=owner,
        at=at,
    )


def matching(
    name: str, where: Sequence[PropertyTest], events: Sequence[tuple[int, datetime, int]]
) -> set[int]:
    """Which stored `events` (profile, time, id) of this name pass `where`: their ids. One query."""
    profiles, times, ids = (list(column) for column in zip(*events, strict=True))
    context = Question(as_of=timezone.now(), profile_ids=profiles)
    tests = [test.test(context, name) for test in where]
    rows = run(
        sql(
            "SELECT e.id FROM unnest({profiles}::bigint[], {times}::timestamptz[], {ids}::bigint[])"
            " AS g(profile_id, at, id) JOIN event e ON e.profile_id = g.profile_id"
            " AND e.occurred_at = g.at AND e.id = g.id WHERE {tests}",
            profiles=profiles,
            times=times,
            ids=ids,
            tests=AND.joined(tests),
        )
    )
    return {int(row[0]) for row in rows}

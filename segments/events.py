"""Reading events for rules: whose they are, which count, and where a property is kept.

Slots and the value column are used where the event's definition has them ready; the rest is read
from `properties`. Events of an absorbed profile count for the survivor (`alias_pending`).
"""

from dataclasses import dataclass

from segments.comparisons import ORDER, Comparison
from segments.context import CompileContext
from segments.durations import Window
from segments.sql import AND, Sql, sql
from segments.subjects import Subject, json_subject, number_subject

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
NO_DAY = Sql("NULL::date")


@dataclass(frozen=True)
class PropertyTest:
    """A property of the event compares."""

    property: str
    comparison: Comparison

    def test(self, context: CompileContext, event: str) -> Sql:
        """The test on the row `e`."""
        if self.property.startswith(ITEM_PREFIX):
            return self._item_test(context)
        subject = subject_of(context, event, self.property, self.comparison)
        # a column's own test can use its index and statistics; of jsonb see segments.sql.Filter
        ask = self.comparison.bare_test if subject.is_column else self.comparison.test
        return ask(subject, context.as_of, _utc_day(context))

    def describe(self) -> str:
        """In words: "category is shoes"."""
        return self.comparison.describe(self.property)

    def _item_test(self, context: CompileContext) -> Sql:
        column = self.property.removeprefix(ITEM_PREFIX)
        place = "i.product_name" if column == "name" else f"i.{column}"
        if ITEM_COLUMNS[column] == "number":
            subject = number_subject(place)
        else:
            subject = Subject(text=Sql(place), exists=Sql(f"{place} <> ''"))
        return sql(
            "EXISTS (SELECT 1 FROM event_item i WHERE i.profile_id = e.profile_id "
            "AND i.occurred_at = e.occurred_at AND i.event_id = e.id AND {test})",
            test=self.comparison.test(subject, context.as_of, _utc_day(context)),
        )


def subject_of(
    context: CompileContext, event: str, name: str, comparison: Comparison | None = None
) -> Subject:
    """Where to read a property: the value column, a slot or `properties`."""
    known = context.definition(event)
    if known is None:
        return json_subject("e.properties", name)
    is_numeric = (
        comparison is None
        or comparison.op in ORDER
        or (comparison.op in ("eq", "ne") and isinstance(comparison.value, int | float))
    )
    if name == known.value_property and is_numeric:
        return number_subject("e.value", known.value_sign)
    slot = known.slots.get(name, {})
    if comparison and slot.get("ready") and slot.get("slot") in SLOTS and _asks_texts(comparison):
        return Subject(text=Sql(f"e.{slot['slot']}"))
    return json_subject("e.properties", name)


def _asks_texts(comparison: Comparison) -> bool:
    values = comparison.value if comparison.op == "in" else [comparison.value]
    return comparison.op in ("eq", "in") and all(isinstance(value, str) for value in values)


@dataclass(frozen=True)
class Occurrences:
    """The events `name` in `window` that pass `where`, as FROM and WHERE over the row `e`."""

    name: str
    window: Window
    where: tuple[PropertyTest, ...] = ()

    def owner(self, context: CompileContext) -> Sql:
        """Whose event it is."""
        return Sql(
            "coalesce(a.survivor_id, e.profile_id)" if context.has_aliases else "e.profile_id"
        )

    def rows(self, context: CompileContext, *, lower: Sql | None = None) -> Sql:
        """`event e ... WHERE ...`; `lower` stands in for the window's first moment."""
        tests = [sql("e.name = {name}", name=self.name)]
        tests += [test.test(context, self.name) for test in self.where]
        first = lower or self.window.lower(context.as_of)
        if first:
            tests.append(sql("e.occurred_at >= {first}", first=first))
        tests.append(sql("e.occurred_at < {end}", end=self.window.upper(context.as_of)))
        owner = self.owner(context)
        if context.profile_ids is not None:
            tests.append(sql("e.profile_id = ANY({ids}::bigint[])", ids=context.event_profile_ids))
            if context.has_aliases:
                tests += context.narrowing(owner)
        return sql(
            "event e{aliases}{entries} WHERE {tests}",
            aliases=Sql(
                " LEFT JOIN alias_pending a ON a.profile_id = e.profile_id"
                if context.has_aliases
                else ""
            ),
            entries=self._entries(context, owner),
            tests=AND.joined(tests),
        )

    def _entries(self, context: CompileContext, owner: Sql) -> Sql:
        if not self.window.since_entry:
            return Sql("")
        entered = context.entered or Sql(
            "SELECT NULL::bigint AS profile_id, NULL::timestamptz AS entered_at WHERE FALSE"
        )
        return sql(
            " JOIN ({entered}) n ON n.profile_id = {owner} AND e.occurred_at >= n.entered_at",
            entered=entered,
            owner=owner,
        )


def _utc_day(context: CompileContext) -> Sql:
    return sql("({as_of} AT TIME ZONE 'UTC')::date", as_of=context.moment)

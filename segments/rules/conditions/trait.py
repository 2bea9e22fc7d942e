"""A trait, a computed trait or a column of the profile compares."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from django.utils.translation import gettext as _

from config.postgres.sql import run, sql
from config.postgres.wire import loads
from profiles.language import schemas
from profiles.language.columns import COLUMNS, PREFIX, column_label
from profiles.language.comparisons import read_comparison
from profiles.language.operators import JSON
from profiles.language.reading.references import FoundNames
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown
from segments.rules import Reader, register
from segments.rules.algebra import Ids, Part
from segments.rules.base import earliest
from segments.rules.clause import IS, NAME, Clause, compare, pick
from segments.rules.computed import COMPUTED, ComputedDefinition, is_shown
from segments.rules.context import CompileContext
from segments.rules.field_condition import FieldCondition


@register
@dataclass(frozen=True)
class TraitCondition(FieldCondition):
    """Does the trait or column compare so? A computed trait goes before one that came in."""

    kind = "trait"
    computed: ComputedDefinition | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read field, op and value."""
        reader.only("kind", "field", "op", "value")
        name = reader.text("field")
        column, type_ = name.removeprefix(PREFIX), JSON
        if name and not name.startswith(PREFIX):
            reader.refer("field", COMPUTED, name)
        if name.startswith(PREFIX):
            if column in COLUMNS:
                type_ = COLUMNS[column]
            else:
                known = ", ".join(f"{PREFIX}{name}" for name in COLUMNS)
                message = _("“%(field)s” is not known; known are %(known)s.")
                reader.fail("field", "unknown_field", message % {"field": name, "known": known})
        return cls(name, read_comparison(reader, type_))

    @classmethod
    def refers_to(cls, data: Mapping[str, Any]) -> set[tuple[str, str]]:
        """The trait, which may be a computed one."""
        name = data.get("field")
        if not isinstance(name, str) or name.startswith(PREFIX):
            return set()
        return {("trait", name)}

    def named(self, found: FoundNames) -> Self:
        """With its definition, where it is computed."""
        return replace(self, computed=found.thing(COMPUTED, self.field))

    def due_at(self, now: datetime) -> datetime | None:
        """Of the comparison, and of what it is computed of."""
        own = super().due_at(now)
        return earliest((own, self.computed.due_at(now))) if self.computed else own

    @property
    def holds_when_unknown(self) -> bool:  # type: ignore[override]
        """As the operator says; of what tells how much, as it is of nought."""
        if self.computed is None:
            return super().holds_when_unknown
        return self.computed.holds_without(self.comparison)

    def compile(self, context: CompileContext) -> Part:
        """A test on the profile row, or a query over the events."""
        if self.computed is None:
            return super().compile(context)
        context.read(FieldPlace.TRAIT, self.field)
        return self.computed.comparing(self.comparison, context)

    def depends_on(self) -> set[str]:
        """The field, and the event that it is computed of."""
        return super().depends_on() | (self.computed.announced_by() if self.computed else set())

    def reads(self) -> set[tuple[FieldPlace, str]]:
        """The field, and what it is computed of."""
        return super().reads() | (self.computed.reads() if self.computed else set())

    def masked(self, shown: Shown) -> Self:
        """Without the operand, where the reader may not see all that it is computed of."""
        if self.computed is None or is_shown(self.computed, shown):
            return super().masked(shown)
        return replace(self, comparison=self.comparison.masked(shown, is_shown=False))

    def touches(self) -> set[tuple[FieldPlace, str]]:
        """That somebody did it may say much by itself."""
        return super().reads() | (self.computed.touches() if self.computed else set())

    def unknown(self, context: CompileContext) -> Part | None:
        """Those without a value, where that means no."""
        if self.computed is None:
            return super().unknown(context)
        if self.computed.nought is not None or self.comparison.holds_when_missing:
            return None
        query = "SELECT c.profile_id FROM ({values}) c WHERE c.v IS NOT NULL"
        return Ids(sql(query, values=self.computed.values(context)), negated=True, distinct=True)

    def unfit(self, context: CompileContext) -> Part | None:
        """Those whose value is there and no number, where a number is asked for."""
        return None if self.computed else super().unfit(context)

    def found(self, context: CompileContext, profile_id: int) -> str:
        """The value as it is."""
        if self.computed is None:
            return super().found(context, profile_id)
        query = sql("SELECT to_jsonb(c.v) FROM ({v}) c", v=self.computed.values(context))
        rows = run(query)
        value = rows[0][0] if rows else None
        return self.said(loads(value) if value is not None else self.computed.nought)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like."""
        name = schemas.TEXT | {"description": "A trait, or `profile.COLUMN`.", "example": "plan"}
        example = {"field": "plan", "op": "eq", "value": "pro"}
        fields = {"field": name} | schemas.comparison()
        return schemas.strict(fields, "field", "op", example=example)

    @classmethod
    def clause(cls) -> Clause:
        """ "plan is pro"."""
        known = {f"{PREFIX}{name}": [column_label(name), of] for name, of in COLUMNS.items()}
        return Clause(
            label=_("trait"),
            intent=IS,
            also=_("attribute, property, field"),
            order=20,
            offers="traits",
            free=True,
            focus="value",
            start={"kind": cls.kind, "field": "$value", "op": "eq", "value": ""},
            parts=[
                pick("field", "traits", name="field", look=NAME, free=True, known=known),
                compare(typed_by="field", source="values", ask={"field": "field"}),
            ],
        )

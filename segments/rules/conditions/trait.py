"""A trait, a computed trait or a column of the profile compares."""

from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _

from profiles.language import schemas
from profiles.language.columns import COLUMNS, PREFIX, column_label
from profiles.language.comparisons import read_comparison
from profiles.language.operators import JSON
from segments.rules import Reader, register
from segments.rules.clause import IS, NAME, Clause, compare, pick
from segments.rules.field_condition import FieldCondition


@register
@dataclass(frozen=True)
class TraitCondition(FieldCondition):
    """Does the trait or column compare so?"""

    kind = "trait"

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read field, op and value."""
        reader.only("kind", "field", "op", "value")
        field = reader.text("field")
        column, type_ = field.removeprefix(PREFIX), JSON
        if field.startswith(PREFIX):
            if column in COLUMNS:
                type_ = COLUMNS[column]
            else:
                known = ", ".join(f"{PREFIX}{name}" for name in COLUMNS)
                message = _("“%(field)s” is not known; known are %(known)s.")
                reader.fail("field", "unknown_field", message % {"field": field, "known": known})
        return cls(field, read_comparison(reader, type_))

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like."""
        field = schemas.TEXT | {"description": "A trait, or `profile.COLUMN`.", "example": "plan"}
        example = {"field": "plan", "op": "eq", "value": "pro"}
        fields = {"field": field} | schemas.comparison()
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

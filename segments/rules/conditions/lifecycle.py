"""The lead or lifecycle stage, which is a column of the profile under a name of its own."""

from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _

from config.console.words import capitalised
from profiles.language import schemas
from profiles.language.columns import LIFECYCLE, PREFIX, column_label
from profiles.language.comparisons import read_comparison
from profiles.language.operators import TEXT
from profiles.language.reading.reader import Reader
from segments.rules.base import register
from segments.rules.clause import IS, Clause, compare, text
from segments.rules.field_condition import FieldCondition


@register
@dataclass(frozen=True)
class LifecycleCondition(FieldCondition):
    """Is the stage so? The same as the trait `profile.lifecycle`."""

    kind = "lifecycle"

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read op and value."""
        reader.only("kind", "op", "value")
        return cls(f"{PREFIX}{LIFECYCLE}", read_comparison(reader, TEXT))

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like."""
        example = {"op": "in", "value": ["lead", "customer"]}
        return schemas.strict(schemas.comparison(TEXT), "op", example=example)

    @classmethod
    def clause(cls) -> Clause:
        """ "lifecycle stage is lead"."""
        asked = {"field": f"{PREFIX}{LIFECYCLE}"}
        return Clause(
            label=column_label(LIFECYCLE),
            intent=IS,
            also=_("lead, prospect, customer, status"),
            order=25,
            focus="value",
            start={"kind": cls.kind, "op": "eq", "value": ""},
            parts=[
                text(capitalised(column_label(LIFECYCLE))),
                compare(type_=TEXT, source="values", given=asked),
            ],
        )

"""What the kinds that compare a field of the profile share: a trait, or a column of it."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from django.utils.translation import gettext as _

from config.console.words import when_words
from config.postgres.sql import AND, Sql, sql
from config.workspace.zones import database_zones
from profiles.language.columns import ALWAYS, BUCKET, COLUMNS, PREFIX, SEEN, column_label
from profiles.language.comparisons import Comparison
from profiles.language.operators import shown
from profiles.language.spelling import ValueRows, spelled
from profiles.language.subjects import (
    WAY,
    Subject,
    json_subject,
    number_subject,
    text_subject,
    time_subject,
    value_at,
)
from profiles.models import Profile
from profiles.personal.names import FieldPlace
from profiles.selectors.masking import Shown
from segments.rules.algebra import COUNTS, Filter, Part
from segments.rules.base import Condition
from segments.rules.context import CompileContext


@dataclass(frozen=True)
class FieldCondition(Condition):
    """Does `field` compare so? `profile.country` is a column, anything else a trait by its name;
    `address.city` is a value within one.
    """

    field: str
    comparison: Comparison

    @property
    def column(self) -> str:
        """The profile's column; empty for a trait."""
        return self.field.removeprefix(PREFIX) if self.field.startswith(PREFIX) else ""

    def due_at(self, now: datetime) -> datetime | None:
        """Relative times; and at once of what nobody announces, when someone was seen."""
        return now if self.column in SEEN else self.comparison.due_at(now)

    @property
    def holds_when_unknown(self) -> bool:  # type: ignore[override]
        """As the operator says; every profile was seen at some time."""
        return self.column not in ALWAYS and self.comparison.holds_when_missing

    def compile(self, context: CompileContext) -> Part:
        """A test on the profile row."""
        own = _own_zone(context) if self.comparison.op == "anniversary_in" else None
        return Filter(self.comparison.test(self._subject(context), context.clock(own)))

    def describe(self) -> str:
        """In words: "plan is pro"."""
        return self.comparison.describe(self.label)

    @property
    def label(self) -> str:
        """What one calls the field."""
        return column_label(self.column) if self.column else self.field

    def depends_on(self) -> set[str]:
        """The one field; of one within an object, that too."""
        if self.column:
            return {f"profile:{self.column}"}
        return {f"trait:{name}" for name in (self.field, self.field.partition(WAY)[0])}

    def reads(self) -> set[tuple[FieldPlace, str]]:
        """The one field."""
        return {(FieldPlace.TRAIT, self.field)}

    def masked(self, shown: Shown) -> Self:
        """Without the operand, where the reader may not see the field."""
        is_shown = shown.may_ask(FieldPlace.TRAIT, self.field)
        return replace(self, comparison=self.comparison.masked(shown, is_shown=is_shown))

    def unknown(self, context: CompileContext) -> Part | None:
        """Those without the value, where that means no."""
        if self.column in ALWAYS or self.comparison.holds_when_missing:
            return None
        missing = Comparison("is_not_set")
        return Filter(missing.test(self._subject(context), context.clock()))

    def found(self, context: CompileContext, profile_id: int) -> str:
        """The value as it is."""
        profile = Profile.objects.only("traits", *COLUMNS).get(pk=profile_id)
        if not self.column:
            return self.said(value_at(profile.traits, self.field))
        value = getattr(profile, self.column)
        words = when_words(value) if self.column in SEEN else value
        return self.said(None if words == "" else words)

    def said(self, value: Any) -> str:
        """The value in words, or that there is none."""
        if value is None:
            return _("%(label)s is not known") % {"label": self.label}
        words = value if isinstance(value, str | int | float) else json.dumps(value)
        return _("%(label)s is %(value)s") % {"label": self.label, "value": shown(words)[:200]}

    def unfit(self, context: CompileContext) -> Part | None:
        """Those whose value is there and no number, where a number is asked for."""
        if self.column or not self.comparison.asks_number:
            return None
        subject = self._subject(context)
        test = "coalesce({exists} AND {number} IS NULL, FALSE)"
        return Filter(sql(test, exists=subject.exists, number=subject.number))

    def _subject(self, context: CompileContext) -> Subject:
        context.read(FieldPlace.TRAIT, self.field)
        if self.column in SEEN:
            return time_subject(f"p.{self.column}")
        if self.column == BUCKET:
            return number_subject("p.bucket")
        if self.column:
            subject = text_subject(f"p.{self.column}")
        else:
            asked = self.comparison.asks_number
            is_number = asked and self.field in context.number_traits
            subject = json_subject("p.traits", self.field, context.zone.key, is_number=is_number)
        here = AND.joined([COUNTS, *context.narrowing(Sql("p.id"))])
        place = ValueRows(sql("profile p WHERE {here}", here=here), owner=Sql("p.id"))
        return spelled(subject, self.column or self.field, context, place)


def _own_zone(context: CompileContext) -> Sql:
    """The person's own zone where the database knows it, else the workspace's."""
    return sql(
        "(CASE WHEN p.time_zone = ANY({zones}::text[]) THEN p.time_zone ELSE {home} END)",
        zones=sorted(database_zones()),
        home=context.zone.key,
    )

"""Filters of the people list that a rule can say: each is compiled by the one compiler.

So the list, a segment that is made of it and "why?" mean the same by the same choice.
"""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from profiles.language.reading.reader import RuleError
from profiles.models import Profile, TraitName
from profiles.personal.names import FieldPlace
from profiles.selectors.filters import PEOPLE_FILTERS, Narrowing, PeopleFilter, Text, Unfit, Values
from profiles.selectors.masking import Shown
from segments.builder.preview import context_at
from segments.models import Segment
from segments.rules import parse_rule
from segments.rules.clause import SOURCES
from segments.rules.compiler import compile_rule
from segments.rules.personal import refuse_personal

MOST = 200
DAYS = (7, 30, 90, 365)
# what one asks of a trait here; the builder has all that there is
OPERATORS: dict[str, Text] = {
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
    "contains": gettext_lazy("contains"),
    "more": gettext_lazy("is more than"),
    "less": gettext_lazy("is less than"),
    "known": gettext_lazy("is known"),
    "unknown": gettext_lazy("is not known"),
}
BARE = {"known": "is_set", "unknown": "is_not_set"}
NUMBERS = {"more": "gt", "less": "lt"}
Rule = Callable[[Values], Mapping[str, Any]]


def _by_rule(people: QuerySet[Profile], condition: Mapping[str, Any], shown: Shown) -> Narrowing:
    """Raises Unfit, with the words of what is wrong with it."""
    try:
        rule = parse_rule({"match": "all", "conditions": [condition]})
        refuse_personal(rule, shown)
    except RuleError as error:
        raise Unfit(str(error)) from error
    query = compile_rule(rule, context_at(None))
    return people.filter(pk__in=query.raw()), rule.describe()


def _narrowed(rule: Rule) -> Callable[[QuerySet[Profile], Values, Shown], Narrowing]:
    return lambda people, values, shown: _by_rule(people, rule(values), shown)


def _in_segment(people: QuerySet[Profile], values: Values, _shown: Shown) -> Narrowing:
    """Who is stored as in it: what every screen counts."""
    segment = Segment.objects.filter(slug=values["segment"], archived_at=None).first()
    if segment is None:
        raise Unfit
    members = "SELECT profile_id FROM membership WHERE segment_id = %s AND left_at IS NULL"
    return people.filter(pk__in=RawSQL(members, [segment.pk])), segment.name  # noqa: S611 - bound


def _segments(_user: Any, _shown: Shown) -> Sequence[tuple[str, Text]]:
    rows = Segment.objects.filter(archived_at=None).order_by("name")
    return list(rows.values_list("slug", "name")[:MOST])


def _of_column(column: str) -> Callable[[Any, Shown], Sequence[tuple[str, Text]]]:
    """The values that people seen lately have, the most frequent first."""

    def choices(user: Any, shown: Shown) -> Sequence[tuple[str, Text]]:
        if not shown.may_ask(FieldPlace.TRAIT, f"profile.{column}"):
            return []
        source = SOURCES.get("values")
        found = source(user, {"field": f"profile.{column}"}).items if source else []
        return [(str(item.value), item.label) for item in found]

    return choices


def _column_rule(column: str, name: str) -> Rule:
    field = f"profile.{column}"
    return lambda values: {"kind": "trait", "field": field, "op": "eq", "value": values[name]}


def _seen_rule(values: Values) -> Mapping[str, Any]:
    given = str(values["seen"])
    if given.lstrip("-") not in map(str, DAYS):
        raise Unfit
    days = {"days": int(given.lstrip("-"))}
    lately = {"kind": "trait", "field": "profile.last_seen", "op": "in_last", "value": days}
    return {"match": "none", "conditions": [lately]} if given.startswith("-") else lately


def _seen(_user: Any, _shown: Shown) -> Sequence[tuple[str, Text]]:
    return [
        *(
            (str(n), ngettext("in the last day", "in the last %(n)d days", n) % {"n": n})
            for n in DAYS
        ),
        *(
            (f"-{n}", ngettext("not in the last day", "not in the last %(n)d days", n) % {"n": n})
            for n in DAYS
        ),
    ]


def _trait_rule(values: Values) -> Mapping[str, Any]:
    """Texts whatever their case; a number or a yes is meant as such too."""
    op, text = str(values.get("op") or "is"), str(values.get("value") or "")
    field: dict[str, Any] = {"kind": "trait", "field": str(values["trait"])}
    if op in BARE:
        return {**field, "op": BARE[op]}
    if not text:
        raise Unfit(_("Say what the trait is compared with."))
    if op in NUMBERS:
        number = _number(text)
        if number is None:
            raise Unfit(_("“%(text)s” is no number.") % {"text": text})
        return {**field, "op": NUMBERS[op], "value": number}
    if op == "contains":
        return {**field, "op": "contains", "value": text}
    if op not in OPERATORS:
        raise Unfit
    same = [{**field, "op": "eq_ignore_case", "value": text}]
    number = _number(text)
    same += [{**field, "op": "eq", "value": number}] if number is not None else []
    if text.lower() in ("true", "false"):
        same.append({**field, "op": "eq", "value": text.lower() == "true"})
    if op == "is" and len(same) == 1:
        return same[0]
    return {"match": "any" if op == "is" else "none", "conditions": same}


def _number(text: str) -> int | float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    if not isfinite(number):
        return None
    return int(number) if number.is_integer() else number


def _traits(_user: Any, shown: Shown) -> Sequence[tuple[str, Text]]:
    """Names that came in, of which this reader may ask."""
    rows = TraitName.objects.filter(is_hidden=False).order_by("-is_proven", "name")
    return [
        (name, name)
        for name in rows.values_list("name", flat=True)[:MOST]
        if shown.may_ask(FieldPlace.TRAIT, name) and not shown.hides_in(name)
    ]


def _add(name: str, order: int, label: Text, rule: Rule, choices: Any, **more: Any) -> None:
    PEOPLE_FILTERS.register(name, order=order)(
        PeopleFilter(label, _narrowed(rule), choices, rule=rule, **more)
    )


PEOPLE_FILTERS.register("segment", order=20)(
    PeopleFilter(
        gettext_lazy("In segment"),
        _in_segment,
        _segments,
        rule=lambda values: {"kind": "segment", "slug": values["segment"]},
        right="segments.view",
    )
)
_add(
    "country", 30, gettext_lazy("Country"), _column_rule("country", "country"),
    _of_column("country"),
)  # fmt: skip
_add(
    "stage", 40, gettext_lazy("Stage"), _column_rule("lifecycle", "stage"), _of_column("lifecycle")
)
_add("seen", 50, gettext_lazy("Seen"), _seen_rule, _seen)
_add(
    "trait",
    80,
    gettext_lazy("Trait"),
    _trait_rule,
    _traits,
    also=("op", "value"),
    operators=OPERATORS,
)

"""Comparing a value: the operators of design.md section 5, on traits, columns and properties.

Every test is two-valued: a missing value satisfies `ne`, `not_in`, `not_contains` and `is_not_set`
and nothing else. Types are strict: 5 is not "5". `eq` and `in` compare texts as they are; letter
case says nothing to `..._ignore_case` and to parts of texts. Contact points compare by their normal
form and codes (country, currency, language) in any case, whatever the operator: segments.spelling.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from config.console.words import when_words
from config.postgres.sql import FALSE, OR, Sql, sql
from config.workspace.zones import begins, ends, read_when
from profiles.ingest.messages import text_of
from profiles.selectors.masking import DOTS as HIDDEN
from profiles.selectors.masking import mask_text
from segments.context import Clock
from segments.durations import Duration
from segments.operands import READERS
from segments.reading import Reader, is_number
from segments.rules import joined
from segments.subjects import Subject

EQUALITY = ("eq", "ne", "in", "not_in")
ANY_CASE = ("eq_ignore_case", "ne_ignore_case", "in_ignore_case", "not_in_ignore_case")
ORDER = ("gt", "gte", "lt", "lte", "between")
TEXT = ("contains", "not_contains", "starts_with", "ends_with", "matches")
TIME = ("before", "after", "in_last", "in_next", "anniversary_in")
PRESENCE = ("is_set", "is_not_set")
TRUTH = ("is_true", "is_false")
SEVERAL = ("in", "not_in", "in_ignore_case", "not_in_ignore_case")
OPERATORS = (*EQUALITY, *ANY_CASE, *ORDER, *TEXT, *PRESENCE, *TRUTH, *TIME)
NEEDS_NO_VALUE = (*PRESENCE, *TRUTH)
OPPOSITES = {
    "ne": "eq",
    "not_in": "in",
    "ne_ignore_case": "eq_ignore_case",
    "not_in_ignore_case": "in_ignore_case",
    "not_contains": "contains",
    "is_not_set": "is_set",
}
ORDER_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
# what a subject of a type can be asked
OPERATORS_OF = {
    "json": OPERATORS,
    "text": (*EQUALITY, *ANY_CASE, *TEXT, *PRESENCE),
    "number": (*EQUALITY, *ORDER, *PRESENCE),
    "time": ("between", *PRESENCE, *TIME),
}


@dataclass(frozen=True)
class Comparison:
    """An operator and its operand, checked. `type` is the subject's: json, text, number, time."""

    op: str
    value: Any = None

    @property
    def is_timed(self) -> bool:
        """Whether the answer changes as time goes by."""
        return self.op in ("in_last", "in_next", "anniversary_in")

    @property
    def holds_when_missing(self) -> bool:
        """Whether someone without the value is in."""
        return self.op in OPPOSITES

    def test(self, subject: Subject, clock: Clock) -> Sql:
        """The two-valued test."""
        opposite = OPPOSITES.get(self.op)
        if opposite:
            return sql("NOT {test}", test=Comparison(opposite, self.value).test(subject, clock))
        if self.op == "is_set":
            return sql("coalesce({exists}, FALSE)", exists=subject.exists)
        return sql("coalesce({test}, FALSE)", test=_TESTS[self.op](self, subject, clock))

    def bare_test(self, subject: Subject, clock: Clock) -> Sql:
        """As `test`, but may be NULL for false: for a column's index, and in HAVING."""
        if self.op in OPPOSITES:
            return self.test(subject, clock)
        if self.op == "is_set":
            return subject.exists
        return _TESTS[self.op](self, subject, clock)

    def masked(self, *, is_harmless: bool) -> "Comparison":
        """For a reader without personal data: no operand, or one in which nothing looks personal.

        It can be described and nothing else.
        """
        if self.op in NEEDS_NO_VALUE or isinstance(self.value, Duration):
            return self
        if not is_harmless:
            return Comparison(self.op, HIDDEN)
        if isinstance(self.value, list | tuple):
            return Comparison(self.op, type(self.value)(map(_harmless, self.value)))
        return Comparison(self.op, _harmless(self.value))

    def describe(self, label: str) -> str:
        """In words, with the value's name first: "plan is pro"."""
        return f"{label} {_WORDS[self.op]()}{self._operand()}"

    def _operand(self) -> str:
        if self.op in NEEDS_NO_VALUE:
            return ""
        if self.value == HIDDEN:
            return f" {HIDDEN}"
        if self.op == "between":
            low, high = map(shown, self.value)
            return " " + _("%(low)s and %(high)s") % {"low": low, "high": high}
        if self.op in SEVERAL:
            words = [shown(value) for value in self.value[:5]]
            more = len(self.value) - len(words)
            if more > 0:
                words.append(_("%(n)d more") % {"n": more})
            return " " + joined(words, _("and") if more > 0 else _("or"))
        if isinstance(self.value, Duration):
            return " " + self.value.describe()
        return " " + shown(self.value)


def _harmless(value: Any) -> Any:
    return mask_text(value) if isinstance(value, str) else value


def read_comparison(
    reader: Reader, type_: str = "json", *, op: str = "op", value: str = "value"
) -> Comparison:
    """The comparison in `reader`'s object; problems go there."""
    operator = reader.choice(op, OPERATORS_OF[type_])
    if not operator:
        if isinstance(reader.data.get(op), str) and reader.data[op] in OPERATORS:
            reader.problems.pop()
            message = _("“%(op)s” does not fit; here: %(known)s.")
            known = ", ".join(OPERATORS_OF[type_])
            reader.fail(op, "operator_type", message % {"op": reader.data[op], "known": known})
        elif isinstance(reader.data.get(op), str) and reader.data[op]:
            last = reader.problems.pop()
            reader.fail(op, "unknown_operator", last.message)
        return Comparison("is_set")
    if operator in NEEDS_NO_VALUE:
        if reader.has(value):
            reader.fail(value, "not_allowed", _("“%(op)s” takes no value.") % {"op": operator})
        return Comparison(operator)
    if value not in reader.data:
        reader.fail(value, "required", _("This is needed."))
        return Comparison("is_set")
    return Comparison(operator, READERS[operator](reader, value, type_))


# --- tests --------------------------------------------------------------------------------------

Test = Callable[[Comparison, Subject, Clock], Sql]


def _looks_typed(value: str) -> bool:
    """Whether a JSON value that is no text could read the same: 5, true, [1], {"a": 1}."""
    text = value.strip()
    return text in ("true", "false") or text[:1] in tuple("-0123456789[{")


def _equals(subject: Subject, values: list[Any]) -> Sql:
    if subject.spelling and subject.spelling.reads_numbers:
        values = [text_of(value) if is_number(value) else value for value in values]
    texts = [value for value in values if isinstance(value, str)]
    truths = [value for value in values if isinstance(value, bool)]
    numbers = [value for value in values if is_number(value)]
    tests = _equal_texts(subject, texts)
    if numbers:
        tests.append(_among(subject.number, numbers, "numeric"))
    tests += [_is_truth(subject, truth) for truth in dict.fromkeys(truths)]
    return tests[0] if len(tests) == 1 else sql("({tests})", tests=OR.joined(tests))


def _equal_texts(subject: Subject, texts: list[str]) -> list[Sql]:
    if subject.spelling:
        return [subject.spelling.among(texts)] if texts else []
    plain = texts if subject.exact_text else [each for each in texts if not _looks_typed(each)]
    typed = [] if subject.exact_text else [each for each in texts if _looks_typed(each)]
    tests = [_among(subject.text, plain, "text")] if plain else []
    if typed:
        tests.append(
            sql(
                "(jsonb_typeof({json}) = 'string' AND {same})",
                json=subject.json,
                same=_among(subject.text, typed, "text"),
            )
        )
    return tests


def _among(place: Sql, values: list[Any], type_: str) -> Sql:
    if len(values) == 1:
        return sql("{place} = {value}", place=place, value=values[0])
    return sql(f"{{place}} = ANY({{values}}::{type_}[])", place=place, values=values)


def _is_truth(subject: Subject, truth: bool) -> Sql:
    return sql(f"{{json}} = '{'true' if truth else 'false'}'::jsonb", json=subject.json)


def _order(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    value = _bound(it.value)
    return sql(f"{{number}} {ORDER_SIGNS[it.op]} {{value}}", number=subject.number, value=value)


def _bound(value: float) -> int | Decimal:
    """Beside a numeric a double would make it one, and a sum of it may be beyond a double."""
    return value if isinstance(value, int) else Decimal(repr(value))


def _between(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    low, high = it.value
    if is_number(low):
        return sql(
            "{number} BETWEEN {low} AND {high}",
            number=subject.number,
            low=_bound(low),
            high=_bound(high),
        )
    sign = "<" if is_day(high) else "<="
    return sql(
        f"({{time}} >= {{low}}::timestamptz AND {{time}} {sign} {{high}}::timestamptz)",
        time=subject.time,
        low=_begin(low, clock),
        high=_end(high, clock),
    )


def _begin(value: str, clock: Clock) -> datetime:
    return begins(_when(value), clock.home_zone)


def _end(value: str, clock: Clock) -> datetime:
    return ends(_when(value), clock.home_zone)


def _when(value: str) -> date | datetime:
    when = read_when(value)
    if when is None:  # read_comparison refuses what is none
        raise ValueError(value)
    return when


def is_day(value: str) -> bool:
    """Whether it is a date without a time."""
    return not isinstance(read_when(value), datetime)


def _contains(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    """A part of a text, or an element of a list."""
    inside = _part("position({value} IN {text}) > 0", it, subject)
    if subject.exact_text:
        return inside
    if not isinstance(it.value, str):
        inside = FALSE
    return sql(
        "CASE WHEN jsonb_typeof({json}) = 'array' THEN {json} @> jsonb_build_array({value}{cast})"
        " ELSE {inside} END",
        json=subject.json,
        inside=inside,
        value=it.value,
        cast=_cast(it.value),
    )


def _cast(value: Any) -> Sql:
    if isinstance(value, bool):
        return Sql("::boolean")
    return Sql("::text") if isinstance(value, str) else Sql("::numeric")


def _part(template: str, it: Comparison, subject: Subject) -> Sql:
    """`template` over {text} and {value}, both in the form in which the subject's texts compare."""
    return subject.any_case.test(
        lambda text, value: sql(template, text=text, value=value), str(it.value)
    )


def _starts(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    return _part("starts_with({text}, {value})", it, subject)


def _ends(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    return _part("right({text}, length({value})) = {value}", it, subject)


def _matches(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    return sql("{text} ~ {value}", text=subject.only_text, value=it.value)


def _before(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    return sql("{time} < {value}::timestamptz", time=subject.time, value=_begin(it.value, clock))


def _after(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    sign = ">=" if is_day(it.value) else ">"  # after a day: from the next day on
    value = _end(it.value, clock)
    return sql(f"{{time}} {sign} {{value}}::timestamptz", time=subject.time, value=value)


def _in_last(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    return sql(
        "({time} >= {first} AND {time} <= {as_of}::timestamptz)",
        time=subject.time,
        as_of=clock.as_of,
        first=it.value.before(clock),
    )


def _in_next(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    return sql(
        "({time} >= {as_of}::timestamptz AND {time} <= {last})",
        time=subject.time,
        as_of=clock.as_of,
        last=it.value.after(clock),
    )


def _anniversary(it: Comparison, subject: Subject, clock: Clock) -> Sql:
    return sql(
        "rapport_anniversary({day}, {today}) <= {today} + {span}",
        day=subject.day_in(clock.own),
        today=clock.today,
        span=it.value.interval,
    )


_TESTS: dict[str, Test] = {
    "eq": lambda it, subject, clock: _equals(subject, [it.value]),
    "in": lambda it, subject, clock: _equals(subject, list(it.value)),
    "eq_ignore_case": lambda it, subject, clock: subject.any_case.among([it.value]),
    "in_ignore_case": lambda it, subject, clock: subject.any_case.among(list(it.value)),
    **dict.fromkeys(ORDER_SIGNS, _order),
    "between": _between,
    "contains": _contains,
    "starts_with": _starts,
    "ends_with": _ends,
    "matches": _matches,
    "is_true": lambda it, subject, clock: _is_truth(subject, True),
    "is_false": lambda it, subject, clock: _is_truth(subject, False),
    "before": _before,
    "after": _after,
    "in_last": _in_last,
    "in_next": _in_next,
    "anniversary_in": _anniversary,
}

# --- words --------------------------------------------------------------------------------------

_WORDS: dict[str, Callable[[], str]] = {
    "eq": lambda: _("is"),
    "ne": lambda: _("is not"),
    "in": lambda: _("is one of"),
    "not_in": lambda: _("is none of"),
    "eq_ignore_case": lambda: _("is (in any case)"),
    "ne_ignore_case": lambda: _("is not (in any case)"),
    "in_ignore_case": lambda: _("is one of (in any case)"),
    "not_in_ignore_case": lambda: _("is none of (in any case)"),
    "gt": lambda: _("is more than"),
    "gte": lambda: _("is at least"),
    "lt": lambda: _("is less than"),
    "lte": lambda: _("is at most"),
    "between": lambda: _("is between"),
    "contains": lambda: _("contains"),
    "not_contains": lambda: _("does not contain"),
    "starts_with": lambda: _("begins with"),
    "ends_with": lambda: _("ends with"),
    "matches": lambda: _("matches"),
    "is_set": lambda: _("is known"),
    "is_not_set": lambda: _("is not known"),
    "is_true": lambda: _("is true"),
    "is_false": lambda: _("is false"),
    "before": lambda: _("is before"),
    "after": lambda: _("is after"),
    "in_last": lambda: _("was in the last"),
    "in_next": lambda: _("is in the next"),
    "anniversary_in": lambda: _("has its anniversary within"),
}


def operator_words(op: str) -> str:
    """An operator in words."""
    return _WORDS[op]()


def shown(value: Any) -> str:
    """An operand as one would write it."""
    if isinstance(value, bool):
        return _("true") if value else _("false")
    if is_number(value):
        return str(number_format(value, use_l10n=True, force_grouping=True))
    when = read_when(value)
    return str(value) if when is None else when_words(when)

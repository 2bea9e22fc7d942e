"""Comparing a value: the operators of design.md section 5, on traits, columns and properties.

Every test is two-valued: a missing value satisfies `ne`, `not_in`, `not_contains` and `is_not_set`
and nothing else. Types are strict: 5 is not "5". Texts are compared as they are, case and all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from segments import patterns
from segments.durations import Duration, read_duration
from segments.reading import Reader, is_day, is_number, moment_of, text_problem
from segments.rules import joined
from segments.sql import FALSE, OR, Sql, sql
from segments.subjects import Subject

EQUALITY = ("eq", "ne", "in", "not_in")
ORDER = ("gt", "gte", "lt", "lte", "between")
TEXT = ("contains", "not_contains", "starts_with", "ends_with", "matches")
TIME = ("before", "after", "in_last", "in_next", "anniversary_in")
PRESENCE = ("is_set", "is_not_set")
TRUTH = ("is_true", "is_false")
OPERATORS = (*EQUALITY, *ORDER, *TEXT, *PRESENCE, *TRUTH, *TIME)
NEEDS_NO_VALUE = (*PRESENCE, *TRUTH)
HOLD_WHEN_MISSING = ("ne", "not_in", "not_contains", "is_not_set")
OPPOSITES = {"ne": "eq", "not_in": "in", "not_contains": "contains", "is_not_set": "is_set"}
ORDER_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
DAYS = ("days", "weeks", "months")
MOST_VALUES = 10_000
# what a subject of a type can be asked
OPERATORS_OF = {
    "json": OPERATORS,
    "text": (*EQUALITY, *TEXT, *PRESENCE),
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
        return self.op in HOLD_WHEN_MISSING

    def test(self, subject: Subject, as_of: datetime, today: Sql) -> Sql:
        """The two-valued test. `today` is the person's own day, for anniversaries."""
        opposite = OPPOSITES.get(self.op)
        if opposite:
            return sql(
                "NOT {test}", test=Comparison(opposite, self.value).test(subject, as_of, today)
            )
        if self.op == "is_set":
            return sql("coalesce({exists}, FALSE)", exists=subject.exists)
        return sql("coalesce({test}, FALSE)", test=_TESTS[self.op](self, subject, as_of, today))

    def bare_test(self, subject: Subject, as_of: datetime, today: Sql) -> Sql:
        """As `test`, but may be NULL for false: for a column's index, and in HAVING."""
        if self.op in OPPOSITES:
            return self.test(subject, as_of, today)
        if self.op == "is_set":
            return subject.exists
        return _TESTS[self.op](self, subject, as_of, today)

    def describe(self, label: str) -> str:
        """In words, with the value's name first: "plan is pro"."""
        return f"{label} {_WORDS[self.op]()}{self._operand()}"

    def _operand(self) -> str:
        if self.op in NEEDS_NO_VALUE:
            return ""
        if self.op == "between":
            low, high = map(shown, self.value)
            return " " + _("%(low)s and %(high)s") % {"low": low, "high": high}
        if self.op in ("in", "not_in"):
            words = [shown(value) for value in self.value[:5]]
            more = len(self.value) - len(words)
            if more > 0:
                words.append(_("%(n)d more") % {"n": more})
            return " " + joined(words, _("and") if more > 0 else _("or"))
        if isinstance(self.value, Duration):
            return " " + self.value.describe()
        return " " + shown(self.value)


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
    return Comparison(operator, _READERS[operator](reader, value, type_))


# --- reading operands ---------------------------------------------------------------------------


def _scalar_problem(value: Any, type_: str) -> str:
    if isinstance(value, str):
        if type_ == "number":
            return _("This must be a number.")
        return text_problem(value)
    if type_ == "text":
        return _("This must be a text.")
    if isinstance(value, bool):
        return _("This must be a number.") if type_ == "number" else ""
    return "" if is_number(value) else _("This must be a text, a number, true or false.")


def _read_scalar(reader: Reader, name: str, type_: str) -> Any:
    problem = _scalar_problem(reader.data[name], type_)
    if problem:
        reader.fail(name, "type", problem)
    return reader.data[name]


def _read_list(reader: Reader, name: str, type_: str) -> Any:
    values = reader.data[name]
    if not isinstance(values, list) or not values:
        reader.fail(name, "type", _("This must be a list with at least one value."))
        return ()
    if len(values) > MOST_VALUES:
        reader.fail(name, "range", _("At most %(n)d values.") % {"n": MOST_VALUES})
        return ()
    for index, value in enumerate(values):
        if problem := _scalar_problem(value, type_):
            reader.fail(f"{name}[{index}]", "type", problem)
    return tuple(values)


def _read_number(reader: Reader, name: str, type_: str) -> Any:
    if not is_number(reader.data[name]):
        reader.fail(name, "type", _("This must be a number."))
    return reader.data[name]


def _read_text(reader: Reader, name: str, type_: str) -> Any:
    return reader.text(name)


def _read_part(reader: Reader, name: str, type_: str) -> Any:
    value = reader.data[name]
    if type_ == "json" and (is_number(value) or isinstance(value, bool)):
        return value
    return reader.text(name)


def _read_pattern(reader: Reader, name: str, type_: str) -> Any:
    value = reader.text(name)
    if value and (problem := patterns.problem(value)):
        reader.fail(name, "pattern", problem)
    return value


def _read_range(reader: Reader, name: str, type_: str) -> Any:
    value = reader.data[name]
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - low and high
        reader.fail(name, "type", _("This must be a list of the lowest and the highest."))
        return (0, 0)
    numbers = all(is_number(each) for each in value)
    times = all(moment_of(each) for each in value)
    if (type_ == "number" and not numbers) or (type_ == "time" and not times):
        numbers = times = False
    if not numbers and not times:
        for index, each in enumerate(value):
            fits = (is_number(each) and type_ != "time") or (moment_of(each) and type_ != "number")
            if not fits or index == 1:
                reader.fail(f"{name}[{index}]", "type", _("This must be two numbers or two dates."))
        return (0, 0)
    low, high = value
    if (moment_of(low) or low) > (moment_of(high) or high):
        reader.fail(name, "range", _("The first is greater than the second."))
    return tuple(value)


def _read_moment(reader: Reader, name: str, type_: str) -> Any:
    reader.moment(name)
    return reader.data[name]


def _read_span(reader: Reader, name: str, type_: str) -> Any:
    return read_duration(reader, name)


def _read_days(reader: Reader, name: str, type_: str) -> Any:
    return read_duration(reader, name, least=0, units=DAYS)


_READERS: dict[str, Callable[[Reader, str, str], Any]] = {
    **dict.fromkeys(("eq", "ne"), _read_scalar),
    **dict.fromkeys(("in", "not_in"), _read_list),
    **dict.fromkeys(ORDER_SIGNS, _read_number),
    **dict.fromkeys(("contains", "not_contains"), _read_part),
    **dict.fromkeys(("starts_with", "ends_with"), _read_text),
    **dict.fromkeys(("before", "after"), _read_moment),
    **dict.fromkeys(("in_last", "in_next"), _read_span),
    "matches": _read_pattern,
    "between": _read_range,
    "anniversary_in": _read_days,
}

# --- tests --------------------------------------------------------------------------------------

Test = Callable[[Comparison, Subject, datetime, Sql], Sql]


def _looks_typed(value: str) -> bool:
    """Whether a JSON value that is no text could read the same: 5, true, [1], {"a": 1}."""
    text = value.strip()
    return text in ("true", "false") or text[:1] in tuple("-0123456789[{")


def _equals(subject: Subject, values: list[Any]) -> Sql:
    tests = []
    texts = [value for value in values if isinstance(value, str)]
    truths = [value for value in values if isinstance(value, bool)]
    numbers = [value for value in values if is_number(value)]
    plain = texts if subject.exact_text else [each for each in texts if not _looks_typed(each)]
    typed = [] if subject.exact_text else [each for each in texts if _looks_typed(each)]
    if plain:
        tests.append(_among(subject.text, plain, "text"))
    if typed:
        tests.append(
            sql(
                "(jsonb_typeof({json}) = 'string' AND {same})",
                json=subject.json,
                same=_among(subject.text, typed, "text"),
            )
        )
    if numbers:
        tests.append(_among(subject.number, numbers, "numeric"))
    tests += [_is_truth(subject, truth) for truth in dict.fromkeys(truths)]
    return tests[0] if len(tests) == 1 else sql("({tests})", tests=OR.joined(tests))


def _among(place: Sql, values: list[Any], type_: str) -> Sql:
    if len(values) == 1:
        return sql("{place} = {value}", place=place, value=values[0])
    return sql(f"{{place}} = ANY({{values}}::{type_}[])", place=place, values=values)


def _is_truth(subject: Subject, truth: bool) -> Sql:
    return sql(f"{{json}} = '{'true' if truth else 'false'}'::jsonb", json=subject.json)


def _order(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    return sql(f"{{number}} {ORDER_SIGNS[it.op]} {{value}}", number=subject.number, value=it.value)


def _between(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    low, high = it.value
    if is_number(low):
        return sql("{number} BETWEEN {low} AND {high}", number=subject.number, low=low, high=high)
    sign = "<" if is_day(high) else "<="
    return sql(
        f"({{time}} >= {{low}}::timestamptz AND {{time}} {sign} {{high}}::timestamptz)",
        time=subject.time,
        low=moment_of(low),
        high=moment_of(high, ends_day=True),
    )


def _contains(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    inside = sql("position({value} IN {text}) > 0", value=str(it.value), text=subject.text)
    if subject.exact_text:
        return inside
    if not isinstance(it.value, str):
        inside = FALSE
    return sql(
        "CASE jsonb_typeof({json}) WHEN 'string' THEN {inside} "
        "WHEN 'array' THEN {json} @> jsonb_build_array({value}{cast}) END",
        json=subject.json,
        inside=inside,
        value=it.value,
        cast=_cast(it.value),
    )


def _cast(value: Any) -> Sql:
    if isinstance(value, bool):
        return Sql("::boolean")
    return Sql("::text") if isinstance(value, str) else Sql("::numeric")


def _only_text(subject: Subject, test: Sql) -> Sql:
    if subject.exact_text:
        return test
    return sql(
        "CASE WHEN jsonb_typeof({json}) = 'string' THEN {test} END", json=subject.json, test=test
    )


def _starts(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    return _only_text(
        subject, sql("starts_with({text}, {value})", text=subject.text, value=it.value)
    )


def _ends(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    test = sql("right({text}, {n}) = {value}", text=subject.text, n=len(it.value), value=it.value)
    return _only_text(subject, test)


def _matches(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    return _only_text(subject, sql("{text} ~ {value}", text=subject.text, value=it.value))


def _before(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    return sql("{time} < {value}::timestamptz", time=subject.time, value=moment_of(it.value))


def _after(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    sign = ">=" if is_day(it.value) else ">"  # after a day: from the next day on
    value = moment_of(it.value, ends_day=True)
    return sql(f"{{time}} {sign} {{value}}::timestamptz", time=subject.time, value=value)


def _in_last(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    return sql(
        "({time} >= {as_of}::timestamptz - {span} AND {time} <= {as_of}::timestamptz)",
        time=subject.time,
        as_of=as_of,
        span=it.value.interval,
    )


def _in_next(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    return sql(
        "({time} >= {as_of}::timestamptz AND {time} <= {as_of}::timestamptz + {span})",
        time=subject.time,
        as_of=as_of,
        span=it.value.interval,
    )


def _anniversary(it: Comparison, subject: Subject, as_of: datetime, today: Sql) -> Sql:
    return sql(
        "rapport_anniversary(({time} AT TIME ZONE 'UTC')::date, {today}) <= {today} + {span}",
        time=subject.time,
        today=today,
        span=it.value.interval,
    )


_TESTS: dict[str, Test] = {
    "eq": lambda it, subject, as_of, today: _equals(subject, [it.value]),
    "in": lambda it, subject, as_of, today: _equals(subject, list(it.value)),
    **dict.fromkeys(ORDER_SIGNS, _order),
    "between": _between,
    "contains": _contains,
    "starts_with": _starts,
    "ends_with": _ends,
    "matches": _matches,
    "is_true": lambda it, subject, as_of, today: _is_truth(subject, True),
    "is_false": lambda it, subject, as_of, today: _is_truth(subject, False),
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
    moment = moment_of(value)
    if moment is None:
        return str(value)
    return date_format(moment, "DATE_FORMAT" if is_day(value) else "DATETIME_FORMAT")


def day_before(moment: datetime) -> datetime:
    """The day before, for words about ends."""
    return moment - timedelta(days=1)

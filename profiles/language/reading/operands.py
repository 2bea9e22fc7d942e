"""Reading what a comparison compares with: each operator's operand, checked."""

from typing import Any

from django.utils.translation import gettext as _

from config.workspace.zones import UTC, begins, read_when
from profiles.language.reading import patterns
from profiles.language.reading.reader import Reader, is_number, text_problem

MOST_VALUES = 10_000


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


def read_scalar(reader: Reader, name: str, type_: str) -> Any:
    """A text, number or truth, as a subject of the type has them."""
    problem = _scalar_problem(reader.data[name], type_)
    if problem:
        reader.fail(name, "type", problem)
    return reader.data[name]


def read_list(reader: Reader, name: str, type_: str) -> Any:
    """Some of these, as a tuple."""
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


def read_texts(reader: Reader, name: str) -> Any:
    """A list of texts."""
    return read_list(reader, name, "text")


def read_number(reader: Reader, name: str) -> Any:
    """A number."""
    if not is_number(reader.data[name]):
        reader.fail(name, "type", _("This must be a number."))
    return reader.data[name]


def read_part(reader: Reader, name: str, type_: str) -> Any:
    """A text; of a JSON value, which may be a list, also a number or a truth."""
    value = reader.data[name]
    if type_ == "json" and (is_number(value) or isinstance(value, bool)):
        return value
    return reader.text(name)


def read_pattern(reader: Reader, name: str) -> str:
    """A pattern that PostgreSQL matches in linear time; whether it is one is asked later."""
    value = reader.text(name)
    if value and (problem := patterns.problem(value)):
        reader.fail(name, "pattern", problem)
    elif value:
        reader.refer(name, patterns.PATTERNS, value)
    return value


def read_range(reader: Reader, name: str, type_: str) -> Any:
    """The lowest and the highest: two numbers or two moments."""
    value = reader.data[name]
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - low and high
        reader.fail(name, "type", _("This must be a list of the lowest and the highest."))
        return (0, 0)
    numbers = all(is_number(each) for each in value)
    times = all(read_when(each) for each in value)
    if (type_ == "number" and not numbers) or (type_ == "time" and not times):
        numbers = times = False
    if not numbers and not times:
        for index, each in enumerate(value):
            fits = (is_number(each) and type_ != "time") or (read_when(each) and type_ != "number")
            if not fits or index == 1:
                reader.fail(f"{name}[{index}]", "type", _("This must be two numbers or two dates."))
        return (0, 0)
    low, high = value
    if (low > high) if numbers else _is_after(low, high):
        reader.fail(name, "range", _("The first is greater than the second."))
    return tuple(value)


def _is_after(low: str, high: str) -> bool:
    first, last = read_when(low), read_when(high)
    return bool(first and last) and begins(first, UTC) > begins(last, UTC)  # type: ignore[arg-type]

"""The rule language in plain Python, as docs/segments.md says it: the measure of compiled SQL.

A person is {"traits": {...}, "events": [(name, moment, properties)]}. Kinds that lean on other
tables (segment, consent) are not here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from profiles.identifiers.comparing import EMAIL, comparable, spelling_of

UTC = ZoneInfo("UTC")
Person = Mapping[str, Any]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read(value: Any) -> tuple[datetime, datetime] | None:
    """The first moment of a text that says a day or a time, and the first after it; days in UTC."""
    if not isinstance(value, str):
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            start = datetime.combine(date.fromisoformat(value), time(), UTC)
            return start, start + timedelta(days=1)
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at, at


def span(duration: Mapping[str, int]) -> timedelta:
    ((unit, amount),) = duration.items()
    return timedelta(**{unit: amount})


def same(value: Any, operand: Any, name: str) -> bool:
    if spelling_of(name) == EMAIL and isinstance(value, str) and isinstance(operand, str):
        return comparable(EMAIL, value) == comparable(EMAIL, operand)
    if is_number(value) and is_number(operand):
        return bool(value == operand)
    return type(value) is type(operand) and bool(value == operand)


def folded(value: Any, name: str) -> str:
    text = str(value).lower()
    return text.strip() if spelling_of(name) == EMAIL else text


def part(holds: Callable[[str, str], bool]) -> Callable[[Any, Any, str, datetime], bool]:
    def test(value: Any, operand: Any, name: str, now: datetime) -> bool:
        return isinstance(value, str) and holds(folded(value, name), folded(operand, name))

    return test


def contains(value: Any, operand: Any, name: str, now: datetime) -> bool:
    if isinstance(value, list):
        return any(same(each, operand, "") for each in value)
    inside = isinstance(value, str) and isinstance(operand, str)
    return inside and folded(operand, name) in folded(value, name)


def between(value: Any, operand: Any, name: str, now: datetime) -> bool:
    low, high = operand
    if is_number(low):
        return is_number(value) and low <= value <= high
    when, first, last = read(value), read(low), read(high)
    if not when or not first or not last:
        return False
    return first[0] <= when[0] and (when[0] < last[1] or when[0] == last[0])


def number(holds: Callable[[float, float], bool]) -> Callable[[Any, Any, str, datetime], bool]:
    return lambda value, operand, _name, _now: is_number(value) and holds(value, operand)


def in_last(value: Any, operand: Any, name: str, now: datetime) -> bool:
    when = read(value)
    return bool(when) and now - span(operand) <= when[0] <= now


def in_next(value: Any, operand: Any, name: str, now: datetime) -> bool:
    when = read(value)
    return bool(when) and now <= when[0] <= now + span(operand)


def before(value: Any, operand: Any, name: str, now: datetime) -> bool:
    when = read(value)
    return bool(when) and when[0] < read(operand)[0]


def after(value: Any, operand: Any, name: str, now: datetime) -> bool:
    when, (first, end) = read(value), read(operand)
    return bool(when) and (when[0] > first if first == end else when[0] >= end)


def any_case(value: Any, operand: Any, name: str, now: datetime) -> bool:
    if spelling_of(name) == EMAIL:
        return same(value, operand, name)
    return isinstance(value, str) and value.lower() == operand.lower()


HOLDS: dict[str, Callable[[Any, Any, str, datetime], bool]] = {
    "eq": lambda value, operand, name, _now: same(value, operand, name),
    "in": lambda value, operand, name, _now: any(same(value, each, name) for each in operand),
    "eq_ignore_case": any_case,
    "in_ignore_case": lambda v, operand, n, now: any(any_case(v, each, n, now) for each in operand),
    "gt": number(lambda a, b: a > b),
    "gte": number(lambda a, b: a >= b),
    "lt": number(lambda a, b: a < b),
    "lte": number(lambda a, b: a <= b),
    "between": between,
    "contains": contains,
    "starts_with": part(str.startswith),
    "ends_with": part(str.endswith),
    "is_set": lambda value, *_rest: value is not None,
    "is_true": lambda value, *_rest: value is True,
    "is_false": lambda value, *_rest: value is False,
    "before": before,
    "after": after,
    "in_last": in_last,
    "in_next": in_next,
}
DENIES = {
    "ne": "eq",
    "not_in": "in",
    "ne_ignore_case": "eq_ignore_case",
    "not_in_ignore_case": "in_ignore_case",
    "not_contains": "contains",
    "is_not_set": "is_set",
}


def compares(value: Any, op: str, operand: Any, name: str, now: datetime) -> bool:
    """Whether a value (None where it is missing) compares so."""
    if op in DENIES:
        return not compares(value, DENIES[op], operand, name, now)
    return HOLDS[op](value, operand, name, now)


def passes(
    properties: Mapping[str, Any], where: Sequence[Mapping[str, Any]], now: datetime
) -> bool:
    """Whether an event's properties pass every test."""
    return all(
        compares(properties.get(t["property"]), t["op"], t.get("value"), t["property"], now)
        for t in where
    )


def matches(person: Person, condition: Mapping[str, Any], now: datetime) -> list[Any]:
    """The events that count, as (moment, properties)."""
    last = (condition.get("window") or {}).get("last")
    return [
        (at, properties)
        for name, at, properties in person["events"]
        if name == condition["name"]
        and at < now
        and (last is None or at >= now - span(last))
        and passes(properties, condition.get("where", []), now)
    ]


def did_at_the_end(person: Person, condition: Mapping[str, Any], now: datetime) -> bool:
    """Whether the first, or the last, event of the name ever is one that counts."""
    rows = [
        (at, n)
        for n, (name, at, _properties) in enumerate(person["events"])
        if name == condition["name"] and at < now
    ]
    if not rows:
        return False
    _at, n = min(rows) if condition["which"] == "first" else max(rows)
    return bool(matches({"events": [person["events"][n]]}, condition, now))


def did(person: Person, condition: Mapping[str, Any], now: datetime) -> bool:
    if "which" in condition:
        return did_at_the_end(person, condition, now)
    found = matches(person, condition, now)
    count = condition.get("count", {"op": "gte", "value": 1})
    if not compares(len(found), count["op"], count["value"], "", now):
        return False
    if measure := condition.get("measure"):
        values = [properties.get(measure["property"]) for _at, properties in found]
        numbers = [value for value in values if is_number(value)]
        aggregate = {"sum": sum, "min": min, "max": max}[measure["agg"]]
        total = aggregate(numbers) if numbers else None
        if not compares(total, measure["op"], measure["value"], "", now):
            return False
    if since := condition.get("not_since"):
        later = matches(person, since, now)
        return not any(at >= max(at for at, _p in found) for at, _p in later)
    return True


def about(properties: Mapping[str, Any], name: str) -> list[str]:
    """What an event is about, as texts."""
    if name.startswith("products."):
        of_each = [product.get(name[9:]) for product in properties.get("products", ())]
        return [str(value) for value in of_each if value not in (None, "")]
    value = properties.get(name)
    return [] if value in (None, "") else [str(value)]


def followed(person: Person, condition: Mapping[str, Any], now: datetime) -> bool:
    """Whether they did a sequence; every way of choosing its events is tried."""
    same, window = condition.get("same"), condition.get("window")
    steps, without = condition["steps"], condition.get("without", [])
    longest = span(condition["within"]) if "within" in condition else None
    if same:
        things = {
            thing
            for step in steps
            for _at, properties in matches(person, step, now)
            for thing in about(properties, step.get("same", same))
        }
    else:
        things = {None}

    def found(step: Mapping[str, Any], thing: Any, within: Any = window) -> list[int]:
        rows = matches(person, dict(step) | {"window": within or {}}, now)
        own = step.get("same", same)
        return [
            (at, id(properties))
            for at, properties in rows
            if thing is None or thing in about(properties, own)
        ]

    def is_free(start: datetime, end: datetime, thing: Any) -> bool:
        return not any(start < at < end for each in without for at, _id in found(each, thing))

    for thing in things:
        if len(steps) == 1:
            for at, _id in found(steps[0], thing):
                end = at + longest if longest else now
                later = [x for each in without for x, _id in found(each, thing)]
                if end <= now and not any(at < x <= end for x in later):
                    return True
            continue
        ways = [[one] for one in found(steps[0], thing)]
        for step in steps[1:]:
            ways = [
                [*way, one]
                for way in ways
                for one in found(step, thing)
                if one[0] >= way[-1][0] and one not in way
            ]
        for way in ways:
            start, end = way[0][0], way[-1][0]
            if (longest is None or end - start <= longest) and is_free(start, end, thing):
                return True
    return False


def holds(person: Person, rule: Mapping[str, Any], now: datetime) -> bool:
    """Whether the person is in."""
    if "match" in rule:
        parts = [holds(person, each, now) for each in rule["conditions"]]
        answers = {"all": all(parts), "any": any(parts), "none": not any(parts)}
        return answers[rule["match"]]
    if rule["kind"] == "event":
        return did(person, rule, now)
    if rule["kind"] == "sequence":
        return followed(person, rule, now)
    field = rule["field"]
    return compares(person["traits"].get(field), rule["op"], rule.get("value"), field, now)

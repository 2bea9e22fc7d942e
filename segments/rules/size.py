"""How large a rule may be: counted before anything of it is read, compiled or asked.

A rule costs by its parts: each condition is a part of one statement that the planner has to think
through, each value is bound and compared. What is larger is refused with the path where it is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from profiles.language.reading.reader import RuleError, RuleProblem

MOST_CONDITIONS = 200
MOST_GROUPS = 200
MOST_TESTS = 500  # of properties, in the `where` of all conditions
MOST_VALUES = 20_000  # texts, numbers, lists and objects in all; a list has 10,000 at most
MOST_CHARACTERS = 1_000_000
DEEPEST = 12  # groups in one another
LONGEST_PATH = 500  # characters; names of fields may be long
DEEPEST_JSON = 2 * DEEPEST + 10  # a group is an object in a list; then `not_since.where[].value`
# of the segments that a rule uses, and those that they use, each counted once
MOST_LEVELS = 10
MOST_IN_ALL = 1_000


@dataclass(frozen=True)
class Limit:
    """So many at most, and how that is said."""

    most: int
    words: str


def _limits() -> dict[str, Limit]:
    return {
        "conditions": Limit(MOST_CONDITIONS, _("A rule has at most %(n)d conditions.")),
        "groups": Limit(MOST_GROUPS, _("A rule has at most %(n)d groups.")),
        "tests": Limit(MOST_TESTS, _("A rule compares at most %(n)d properties of events.")),
        "values": Limit(MOST_VALUES, _("A rule has at most %(n)d values.")),
        "characters": Limit(MOST_CHARACTERS, _("A rule has at most %(n)d characters.")),
    }


def refuse_oversize(rule: Any) -> None:
    """Count a rule as it was sent; asks no database. Raises RuleError with the first excess."""
    limits = _limits()
    counts: Counter[str] = Counter()
    for path, value, depth in _walk(rule):
        if depth > DEEPEST_JSON:
            _refuse(path, _("This is nested more than %(n)d deep."), DEEPEST_JSON)
        for name, n in _weights(path, value):
            counts[name] += n
            if counts[name] > limits[name].most:
                where = "conditions" if name in ("conditions", "groups") else path
                _refuse(where, limits[name].words, limits[name].most)


def refuse_nesting(way: Sequence[str], conditions: int, path: str = "conditions") -> None:
    """Of the segments that a rule uses: `way`, one by one, and their conditions in all.

    Raises RuleError.
    """
    if len(way) > MOST_LEVELS:
        words = _("Segments use one another at most %(n)d deep, and this is deeper: %(way)s.")
        _refuse(path, words, MOST_LEVELS, way=" → ".join(way))
    if conditions > MOST_IN_ALL:
        words = _(
            "A rule and the segments that it uses have at most %(n)d conditions in all; "
            "these have %(found)d."
        )
        _refuse(path, words, MOST_IN_ALL, found=conditions)


def conditions_in(rule: Any) -> int:
    """How many conditions a rule has that was checked before."""
    return sum(isinstance(value, Mapping) and "kind" in value for _path, value, _ in _walk(rule))


def _walk(rule: Any) -> Iterator[tuple[str, Any, int]]:
    """Every value with its path and depth, in the order of the rule; no recursion."""
    stack: list[tuple[str, Any, int]] = [("", rule, 0)]
    while stack:
        path, value, depth = stack.pop()
        yield path, value, depth
        if depth > DEEPEST_JSON:
            continue
        if isinstance(value, Mapping):
            inner = [(f"{path}.{k}" if path else str(k), v, depth + 1) for k, v in value.items()]
            stack += reversed(inner)
        elif isinstance(value, list):
            stack += [
                (f"{path}[{index}]", value[index], depth + 1)
                for index in range(min(len(value), MOST_VALUES) - 1, -1, -1)
            ]


def _weights(path: str, value: Any) -> Iterator[tuple[str, int]]:
    yield "values", 1
    if isinstance(value, str):
        yield "characters", len(value)
    elif isinstance(value, list) and path.endswith("where"):
        yield "tests", len(value)
    elif isinstance(value, Mapping):
        yield "characters", sum(len(str(name)) for name in value)
        if "match" in value:
            yield "groups", 1
        elif "kind" in value:
            yield "conditions", 1


def _refuse(path: str, words: str, most: int, **more: Any) -> None:
    raise RuleError([RuleProblem(path[-LONGEST_PATH:], "range", words % {"n": most, **more})])

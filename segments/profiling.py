"""Whether rules are built on profiling, themselves or by the segments that they name."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from segments.models import Segment
from segments.rules import RuleError, read_rule, used_slugs, walk


def is_profiling(rules: Iterable[Any]) -> bool:
    """Of rules as they are stored. A query for each level of segments that they name."""
    seen: set[str] = set()
    asked = list(rules)
    while asked:
        slugs: set[str] = set()
        for data in asked:
            try:
                rule, _notes = read_rule(data, has_entry=True)
            except RuleError:  # such a one finds nobody
                continue
            if any(condition.profiles() for _path, condition in walk(rule)):
                return True
            slugs |= {*used_slugs(rule)}
        slugs -= seen
        seen |= slugs
        rows = Segment.objects.filter(slug__in=slugs).values_list("rule", flat=True)
        asked = list(rows) if slugs else []
    return False


def is_built_on_profiling(entry: Iterable[Any], steps: Any) -> bool:
    """Of a campaign: by the rules of its segment, if it is there, or by one on its ways."""
    return is_profiling([*entry, *_rules_within(steps)])


def _rules_within(data: Any) -> Iterator[Any]:
    """The rules that stand anywhere in stored data, as in the steps of a campaign."""
    if isinstance(data, Mapping):
        if {"match", "conditions"} <= data.keys():
            yield data
            return
        data = data.values()
    elif not isinstance(data, list | tuple):
        return
    for one in data:
        yield from _rules_within(one)

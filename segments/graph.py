"""Who uses whom among segments: circles and depth, each segment looked at once."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from profiles.changes import keys_of
from profiles.language.reading.reader import RuleError, RuleProblem
from segments.models import Segment
from segments.rules import SEGMENT, Group, used_slugs, walk
from segments.rules.size import conditions_in, refuse_nesting

Graph = Mapping[str, Iterable[str]]


def refuse_nesting_of(rule: Group, slug: str = "") -> None:
    """Refuse a rule whose segments come back to `slug`, lie too deep or hold too much in all.

    Two queries; none where it uses no segment. Raises RuleError with the place of the condition.
    """
    uses = used_slugs(rule)
    if not uses:
        return
    graph = {
        name: keys_of(SEGMENT, names)
        for name, names in Segment.objects.filter(archived_at=None).values_list(
            "slug", "depends_on"
        )
    }
    graph[slug] = uses
    below = _reached(graph, slug)
    if slug and slug in below:
        raise _cycle(rule, [*_way_to(below, below[slug] or slug), slug])
    deepest = longest_way(graph, slug)
    above = longest_way(_reversed(graph), slug) if slug else [slug]
    way = [name for name in (*above[::-1], *deepest[1:]) if name]
    rules = Segment.objects.filter(slug__in=below.keys() - {slug}).values_list("rule", flat=True)
    own = sum(1 for _found in walk(rule))
    refuse_nesting(way, own + sum(map(conditions_in, rules)), _place_of(rule, deepest[1]))


def longest_way(graph: Graph, start: str) -> list[str]:
    """The longest chain of uses from `start`, itself included; where there is a circle, some way.

    Each segment and each use is looked at once; no recursion.
    """
    depth: dict[str, int] = {}
    after: dict[str, str] = {}
    stack = [(start, iter(graph.get(start, ())))]
    opened = {start}
    while stack:
        here, rest = stack[-1]
        other = next(rest, None)
        if other is None:
            stack.pop()
            known = [each for each in graph.get(here, ()) if each in depth]
            best = max(known, key=lambda each: depth[each], default="")
            depth[here] = 1 + depth.get(best, 0)
            if best:
                after[here] = best
        elif other not in opened:
            opened.add(other)
            stack.append((other, iter(graph.get(other, ()))))
    way = [start]
    while way[-1] in after:
        way.append(after[way[-1]])
    return way


def _reached(graph: Graph, start: str) -> dict[str, str]:
    """All that are used from `start` on, each with one that uses it; breadth first."""
    found: dict[str, str] = {}
    waiting = [start]
    for here in waiting:
        for other in graph.get(here, ()):
            if other not in found:
                found[other] = here
                if other != start:
                    waiting.append(other)
    return found


def _way_to(reached: Mapping[str, str], last: str) -> list[str]:
    """From the start to `last`."""
    way, seen = [last], {last}
    while reached.get(way[-1]) is not None and reached[way[-1]] not in seen:
        way.append(reached[way[-1]])
        seen.add(way[-1])
    return way[::-1]


def _reversed(graph: Graph) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for name, used in graph.items():
        for other in used:
            users.setdefault(other, []).append(name)
    return users


def _cycle(rule: Group, way: list[str]) -> RuleError:
    message = _("The segments would refer to each other: %(way)s.")
    place = _place_of(rule, way[1])
    return RuleError([RuleProblem(place, "cycle", message % {"way": " → ".join(way)})])


def _place_of(rule: Group, slug: str) -> str:
    for path, condition in walk(rule):
        if f"{SEGMENT}{slug}" in condition.depends_on():
            return f"{path}.slug"
    return "conditions"

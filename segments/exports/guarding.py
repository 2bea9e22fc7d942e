"""Which purposes a file may serve: those that people permitted, of what is guarded besides.

Who is in a segment by a rule over special-category data says that data of everybody in it. So a
file is made of such people for the purpose alone that the data may be read for.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from profiles.language.reading.reader import RuleError, RuleProblem
from segments.models import Segment
from segments.rules import Group, parse_rule, used_slugs, walk
from segments.rules.guarded import guards


def purposes_of(rule: Group, seen: set[str] | None = None) -> set[str]:
    """For which purposes what it reads may be read, of the segments that it uses too; empty where
    nothing is guarded.
    """
    seen = set() if seen is None else seen
    found = {said.purpose for _p, one in walk(rule) for _n, said in guards(one.touches())}
    slugs = [slug for slug in used_slugs(rule) if slug not in seen]
    seen |= set(slugs)
    for segment in Segment.objects.filter(slug__in=slugs):
        found |= purposes_of_segment(segment, seen)
    return found


def purposes_of_segment(segment: Segment, seen: set[str] | None = None) -> set[str]:
    """The same of a segment; of a list, and of what cannot be read any more, nothing."""
    try:
        rule = parse_rule(segment.rule) if segment.kind == Segment.Kind.DYNAMIC else None
    except RuleError:
        return set()
    return purposes_of(rule, seen) if rule is not None else set()


def refuse_other_purpose(path: str, purposes: Iterable[str], purpose: str) -> None:
    """Raise RuleError where people of a rule are wanted for what they did not permit."""
    if set(purposes) - {purpose}:
        message = _(
            "Who is meant is known by data that the law guards besides: a file of them is made for"
            " the one purpose alone that people permit it for."
        )
        raise RuleError([RuleProblem(path, "guarded", message)])

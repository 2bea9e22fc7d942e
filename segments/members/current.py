"""Who of some people is in a segment at this very moment, whatever still waits to be evaluated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from config.postgres.sql import ids_of, run, sql
from profiles.changes import ANYTHING, keys_of
from segments.models import Segment
from segments.rules import SEGMENT, parse_rule
from segments.rules.compiler import CompileContext, members_of
from segments.rules.conditions.segment import is_counted

_WAITING = """
SELECT DISTINCT g.id FROM profile_change c, unnest(c.profile_ids) AS g(id)
WHERE (c.names && {names}::text[]) AND c.profile_ids && {ids}::bigint[]
  AND g.id = ANY({ids}::bigint[])
"""


@dataclass(frozen=True)
class Current:
    """A segment to ask of; made once for many questions. `names`: the changes that can touch it."""

    segment: Segment
    names: frozenset[str]
    is_nested: bool

    def by_rule(self, profile_ids: Sequence[int], now: datetime) -> tuple[list[int], list[int]]:
        """Those of whom the stored members may be out of date: in by the rule, and out by it.

        Of all others the stored members are right. One query, and the rule's where it is asked.
        Raises RuleError.
        """
        asked = self._behind(profile_ids)
        if not asked:
            return [], []
        # the stored members of the segments that it refers to may be behind as well
        context = CompileContext(as_of=now, profile_ids=asked, is_now=not self.is_nested)
        inside = members_of(parse_rule(self.segment.rule), context)
        return sorted(inside), sorted(set(asked) - inside)

    def _behind(self, profile_ids: Sequence[int]) -> list[int]:
        if self.segment.kind == Segment.Kind.STATIC:
            return []
        if not is_counted(self.segment):
            return list(profile_ids)
        names = [*self.names, ANYTHING]
        return ids_of(run(sql(_WAITING, names=names, ids=list(profile_ids))))


def current(segment: Segment) -> Current:
    """One query for each level of segments that refer to others."""
    names, slugs = set(segment.depends_on), keys_of(SEGMENT, segment.depends_on)
    is_nested = bool(slugs)
    while slugs:
        rows = Segment.objects.filter(slug__in=slugs).values_list("depends_on", flat=True)
        found = {name for depends_on in rows for name in depends_on}
        slugs = keys_of(SEGMENT, found - names)
        names |= found
    return Current(segment, frozenset(names), is_nested)

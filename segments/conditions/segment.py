"""Is in another segment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _

from config.console.words import day_words
from segments.context import CompileContext
from segments.models import Membership, Segment
from segments.rules import Condition, Reader, RuleError, RuleProblem, parse_rule, register
from segments.sql import FALSE, Filter, Ids, Part, people, sql


@register
@dataclass(frozen=True)
class SegmentCondition(Condition):
    """In the segment `slug`: its stored members; or its rule, while those are not ready.

    Stored members are what the same rule compiled to at its last refresh, and a change of them is
    announced to the segments that ask. While a segment was never counted since its rule was saved,
    and for questions about another moment, its rule is compiled into this one.
    """

    kind = "segment"
    slug: str

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the slug; the segment must be there."""
        reader.only("kind", "slug")
        slug = reader.text("slug")
        if slug and not Segment.objects.filter(slug=slug, archived_at=None).exists():
            message = _("There is no segment “%(slug)s”.") % {"slug": slug}
            reader.fail("slug", "unknown_segment", message)
        return cls(slug)

    def compile(self, context: CompileContext) -> Part:
        """Who is in."""
        segment = Segment.objects.filter(slug=self.slug).first()
        if segment is None:
            return Filter(FALSE)
        is_list = segment.kind == Segment.Kind.STATIC
        if is_list or (context.is_now and is_counted(segment)):
            return self._stored(segment, context)
        if self.slug in context.inlined:
            way = " → ".join((*context.inlined, self.slug))
            message = _("The segments refer to each other: %(way)s.") % {"way": way}
            raise RuleError([RuleProblem("slug", "cycle", message)])
        before, context.inlined = context.inlined, (*context.inlined, self.slug)
        try:
            part = parse_rule(segment.rule).compile(context)
        finally:
            context.inlined = before
        return (
            part
            if isinstance(part, Filter)
            else Ids(people(part, context.profile_ids), distinct=True)
        )

    def describe(self) -> str:
        """In words, by the segment's name."""
        name = Segment.objects.filter(slug=self.slug).values_list("name", flat=True).first()
        return _("in the segment “%(name)s”") % {"name": name or self.slug}

    @classmethod
    def refers_to(cls, data: Mapping[str, Any]) -> set[tuple[str, str]]:
        """That segment."""
        slug = data.get("slug")
        return {("segment", slug)} if isinstance(slug, str) else set()

    def depends_on(self) -> set[str]:
        """That segment's members."""
        return {f"segment:{self.slug}"}

    def found(self, context: CompileContext, profile_id: int) -> str:
        """Since when, or that they are not."""
        rows = Membership.objects.filter(
            profile_id=profile_id, segment__slug=self.slug, left_at=None
        )
        entered = rows.values_list("entered_at", flat=True).first()
        if entered is None:
            return _("not in it")
        return _("in it since %(day)s") % {"day": day_words(entered)}

    def _stored(self, segment: Segment, context: CompileContext) -> Part:
        tests = [sql("m.segment_id = {id}", id=segment.pk)]
        if context.is_now:
            tests.append(sql("m.left_at IS NULL"))
        else:
            tests.append(
                sql(
                    "m.entered_at <= {at} AND (m.left_at IS NULL OR m.left_at > {at})",
                    at=context.moment,
                )
            )
        tests += context.narrowing(sql("m.profile_id"))
        query = sql(
            "SELECT m.profile_id FROM membership m WHERE {tests}", tests=sql(" AND ").joined(tests)
        )
        return Ids(query, distinct=context.is_now)


def is_counted(segment: Segment) -> bool:
    """Whether the stored members are those of the rule as it stands now."""
    return segment.refreshed_at is not None and segment.counted_version == segment.version

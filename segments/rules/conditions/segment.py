"""Is in another segment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.utils.translation import gettext as _

from config.console.words import day_words
from config.postgres.sql import FALSE, Sql, sql
from profiles.language import schemas
from profiles.language.reading.references import FoundNames, Lookup
from segments.models import Membership, Segment
from segments.rules import (
    SEGMENT,
    Condition,
    Reader,
    RuleError,
    RuleProblem,
    parse_rule,
    register,
    used_slugs,
)
from segments.rules.algebra import Filter, Ids, Part, people
from segments.rules.clause import IS_IN, NAME, Clause, pick, text
from segments.rules.context import CompileContext
from segments.rules.size import conditions_in, refuse_nesting


def _names_of(slugs: Collection[str]) -> dict[str, str]:
    rows = Segment.objects.filter(slug__in=slugs, archived_at=None)
    return dict(rows.values_list("slug", "name"))


SEGMENTS = Lookup(
    "unknown_segment",
    _names_of,
    lambda slug: _("There is no segment “%(slug)s”.") % {"slug": slug},
)


@register
@dataclass(frozen=True)
class SegmentCondition(Condition):
    """In the segment `slug`: its stored members; or its rule, while those are not ready.

    Stored members are what the same rule compiled to at its last refresh, and a change of them is
    announced to the segments that ask. While a segment was never counted since its rule was saved,
    and for questions about another moment, its rule is compiled into this one: once a statement,
    however many of its segments ask.
    """

    kind = "segment"
    slug: str
    name: str = field(default="", compare=False)

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        """Read the slug; the segment must be there."""
        reader.only("kind", "slug")
        slug = reader.text("slug")
        if slug:
            reader.refer("slug", SEGMENTS, slug)
        return cls(slug)

    def named(self, found: FoundNames) -> Self:
        """With the segment's name."""
        return replace(self, name=found.label(SEGMENTS, self.slug))

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """What its JSON looks like."""
        return schemas.strict({"slug": schemas.TEXT}, "slug", example={"slug": "buyers"})

    @classmethod
    def clause(cls) -> Clause:
        """ "are in the segment Buyers"."""
        return Clause(
            label=_("segment"),
            intent=IS_IN,
            also=_("list, audience"),
            order=30,
            offers="segments",
            start={"kind": cls.kind, "slug": "$value"},
            parts=[
                text(_("are in the segment")),
                pick("slug", "segments", name="slug", look=NAME, named=True),
            ],
        )

    def compile(self, context: CompileContext) -> Part:
        """Who is in."""
        segment = context.used.get(self.slug)
        if segment is None:
            return Filter(FALSE)
        is_list = segment.kind == Segment.Kind.STATIC
        if is_list or (context.is_now and is_counted(segment)):
            return self._stored(segment, context)
        if self.slug not in context.used.names:
            compile_used(segment, context)
        table = Sql(context.used.names[self.slug])
        return Ids(sql("SELECT {t}.profile_id FROM {t}", t=table), distinct=True)

    def describe(self) -> str:
        """In words, by the segment's name."""
        return _("are in the segment “%(name)s”") % {"name": self.name or self.slug}

    @classmethod
    def refers_to(cls, data: Mapping[str, Any]) -> set[tuple[str, str]]:
        """That segment."""
        slug = data.get("slug")
        return {("segment", slug)} if isinstance(slug, str) else set()

    def depends_on(self) -> set[str]:
        """That segment's members."""
        return {SEGMENT + self.slug}

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


def compile_used(segment: Segment, context: CompileContext) -> None:
    """Compile a segment's rule as a table of the statement.

    Raises RuleError where the segments that use one another go round in a circle, lie too deep or
    have too many conditions in all: they were saved before that was counted.
    """
    used = context.used
    if segment.slug in used.way:
        way = " → ".join((*used.way, segment.slug))
        message = _("The segments refer to each other: %(way)s.") % {"way": way}
        raise RuleError([RuleProblem("slug", "cycle", message)])
    used.way.append(segment.slug)
    used.conditions += conditions_in(segment.rule)
    refuse_nesting(used.way, used.conditions)
    rule = parse_rule(segment.rule)
    used.read(used_slugs(rule))
    query = people(rule.compile(context), context.profile_ids)
    used.way.pop()
    used.keep(segment.slug, query)


def is_counted(segment: Segment) -> bool:
    """Whether the stored members are those of the rule as it stands now."""
    return segment.refreshed_at is not None and segment.counted_version == segment.version

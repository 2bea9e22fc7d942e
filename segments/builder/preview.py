"""What a rule would give, before it is saved: how many, whom, how reachable, what changes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from config.postgres.sql import Sql, one, run, sql
from config.workspace.tables.statistics import joining_by_hash
from consent.reach import reachable_counts
from profiles.models import Profile
from profiles.people.lineage import NOT_USABLE
from segments.models import Membership, Segment
from segments.rules import Group
from segments.rules.algebra import COUNTS
from segments.rules.compiler import CompileContext, compile_rule, working

SAMPLE = 5
SECONDS = 15  # the longest that one question about a rule may take

EVERYBODY = Sql(
    "SELECT (SELECT count(*) FROM profile)"  # noqa: S608 - pieces of ours
    f" - (SELECT count(*) FROM profile WHERE state {NOT_USABLE})"
)
HOW_MANY = (
    "WITH found AS MATERIALIZED ({query}), n AS (SELECT count(*) AS n FROM found) "
    "SELECT n.n, ARRAY(SELECT profile_id FROM found "
    "OFFSET floor(random() * greatest(n.n - {some} + 1, 1))::bigint LIMIT {some}) FROM n"
)


@dataclass(frozen=True)
class Preview:
    """The answer to "who would that be?"."""

    count: int
    total: int
    sample: list[Profile]
    sentence: str
    took_ms: float
    reachable: dict[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Of everybody, from 0 to 1."""
        return self.count / self.total if self.total else 0.0


def context_at(as_of: datetime | None) -> CompileContext:
    """For now, or for another moment."""
    return CompileContext(as_of=as_of or timezone.now(), is_now=as_of is None)


def preview(rule: Group, as_of: datetime | None = None, *, with_reach: bool = True) -> Preview:
    """Count, share, five people and reachability; nothing is stored."""
    context = context_at(as_of)
    started = time.perf_counter()
    with working(context, seconds=SECONDS):
        query = compile_rule(rule, context)
        count, ids = one(sql(HOW_MANY, query=query, some=SAMPLE))
        took = (time.perf_counter() - started) * 1000
        (total,) = one(EVERYBODY)
        reachable = reach_of(query) if with_reach else {}
    people = list(Profile.objects.filter(pk__in=ids))
    return Preview(
        int(count),
        int(total),
        people,
        sentence(rule),
        round(took, 1),
        reachable,
    )


def reach_of(query: Sql) -> dict[str, int]:
    """How many of them may get marketing, by channel; asked where it is always asked."""
    return reachable_counts(Profile.objects.filter(id__in=query.raw()))


def sentence(rule: Group) -> str:
    """The whole rule in words, for one who reads it first."""
    return rule.describe()


def difference(rule: Group, segment: Segment) -> tuple[int, int]:
    """(adds, drops) of saving `rule`, against the members as they are stored."""
    context = context_at(None)
    with working(context, seconds=SECONDS):
        query = sql(
            "WITH found AS MATERIALIZED ({query}) SELECT count(*), count(*) FILTER "
            "(WHERE NOT EXISTS (SELECT 1 FROM membership m WHERE m.segment_id = {segment}"
            " AND m.profile_id = found.profile_id AND m.left_at IS NULL)) FROM found",
            query=compile_rule(rule, context),
            segment=segment.pk,
        )
        count, adds = one(query)
        saved = Membership.objects.filter(segment=segment, left_at=None).count()
    return int(adds), saved - (int(count) - int(adds))


def moved_by(rule: Group, segment: Segment, *, adds: bool, most: int) -> list[Profile]:
    """Some of those whom saving `rule` would add, or drop, by id."""
    context = context_at(None)
    with working(context, seconds=SECONDS):
        query = sql(
            "WITH found AS MATERIALIZED ({query}), inside AS (SELECT m.profile_id FROM membership m"
            " WHERE m.segment_id = {segment} AND m.left_at IS NULL)"
            " SELECT a.profile_id FROM {these} a WHERE NOT EXISTS (SELECT 1 FROM {those} b"
            " WHERE b.profile_id = a.profile_id) ORDER BY 1 LIMIT {most}",
            these=Sql("found" if adds else "inside"),
            those=Sql("inside" if adds else "found"),
            query=compile_rule(rule, context),
            segment=segment.pk,
            most=most,
        )
        ids = [int(row[0]) for row in run(query)]
    return list(Profile.objects.filter(pk__in=ids).order_by("pk"))


def overlap(rule: Group, segments: Sequence[Segment]) -> dict[int, int]:
    """How many of the rule's people are in each of `segments`; one query."""
    context = context_at(None)
    with working(context, seconds=SECONDS), joining_by_hash():
        query = sql(
            "WITH found AS MATERIALIZED ({query}) SELECT m.segment_id, count(*) FROM membership m "
            "JOIN found USING (profile_id) WHERE m.segment_id = ANY({ids}::bigint[]) "
            "AND m.left_at IS NULL GROUP BY 1",
            query=compile_rule(rule, context),
            ids=[segment.pk for segment in segments],
        )
        return dict(run(query))


def everybody() -> int:
    """How many people there are; who was erased or merged into another is none."""
    return int(one(EVERYBODY)[0])


ALL_PEOPLE = sql("SELECT p.id AS profile_id FROM profile p WHERE {counts}", counts=COUNTS)

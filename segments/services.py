"""Making and changing segments: one function, one change, in one transaction, with its audit."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from config.postgres.sql import Sql, ids_of, run, sql
from config.workspace import audit
from config.workspace.lifecycle.copies import name_of_copy
from config.workspace.lifecycle.revisions import refuse_stale
from config.workspace.lifecycle.usage import hold
from config.workspace.models import User
from config.workspace.work.due import wake
from profiles.changes import NEW_PERSON
from profiles.language.reading.reader import RuleError, RuleProblem, text_problem
from profiles.people.lineage import living, today
from profiles.selectors.masking import EVERYTHING, Shown
from segments.graph import refuse_nesting_of
from segments.insight.rfm.cuts import RFM, terms
from segments.members.listed import find_people
from segments.members.locks import lock_members
from segments.members.stored import MembershipMoves, note_sizes, tell
from segments.models import Segment, SegmentVersion
from segments.rules import Group, parse_rule, references_in, walk
from segments.rules.guarded import refuse_guarded
from segments.rules.personal import refuse_personal
from segments.rules.size import refuse_oversize

SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
LONGEST_SLUG, LONGEST_NAME = 80, 300


@transaction.atomic
def create_segment(
    *,
    slug: str,
    name: str,
    kind: str = "dynamic",
    rule: Any = None,
    description: str = "",
    shown: Shown = EVERYTHING,
    user: User | None = None,
) -> Segment:
    """A new segment; its members are counted by the work that it wakes. Raises RuleError."""
    problems = [*_slug_problems(slug), *_name_problems(name), *_kind_problems(kind)]
    parsed = None
    try:
        refuse_oversize(rule)
        hold(references_in(rule))  # what it refers to cannot be archived before it is saved
        own = slug if isinstance(slug, str) else ""  # refused above
        parsed = read_rule(rule, kind=kind, slug=own, shown=shown)
    except RuleError as error:
        problems += error.problems
    if problems:
        raise RuleError(problems)
    segment = Segment(
        slug=slug, name=name, kind=kind, description=description, created_by=user, version=0
    )
    if parsed is None:
        now = timezone.now()
        segment.version = 1
        segment.status, segment.refreshed_at = Segment.Status.FRESH, now
        segment.counted_version = 1
        segment.save()
    else:
        _take_rule(segment, rule, parsed, user)
    audit.record("create", "segment", slug, fields=["slug", "name", "kind", "rule"])
    return segment


@transaction.atomic
def update_segment(
    segment: Segment,
    *,
    name: str | None = None,
    rule: Any = None,
    description: str | None = None,
    shown: Shown = EVERYTHING,
    user: User | None = None,
    revision: int | None = None,
) -> Segment:
    """Change what is given; a changed rule is a new version.

    `revision` is the one that the change builds on, where whoever asks has seen one. Raises
    RuleError, Stale.
    """
    refuse_oversize(rule)
    hold([("segment", segment.slug), *references_in(rule)])
    segment = Segment.objects.get(pk=segment.pk)
    problems = _name_problems(name) if name is not None else []
    parsed = None
    try:
        if rule is not None:
            parsed = read_rule(rule, kind=segment.kind, slug=segment.slug, shown=shown)
    except RuleError as error:
        problems += error.problems
    if problems:
        raise RuleError(problems)
    changed = []
    if name is not None and name != segment.name:
        segment.name = name
        changed.append("name")
    if description is not None and description != segment.description:
        segment.description = description
        changed.append("description")
    if parsed is not None and rule != segment.rule:
        changed.append("rule")
    if not changed:
        return segment
    refuse_stale(segment.revision, revision)
    segment.revision += 1
    if parsed is not None and "rule" in changed:
        _take_rule(segment, rule, parsed, user)
    else:
        segment.save(update_fields=[*changed, "revision", "updated_at"])
    detail = {"revision": segment.revision}
    audit.record("update", "segment", segment.slug, fields=changed, detail=detail)
    return segment


@transaction.atomic
def duplicate(segment: Segment, *, shown: Shown = EVERYTHING, user: User | None = None) -> Segment:
    """The same under a name of its own; of a list, with whoever is in now. Raises RuleError."""
    name = name_of_copy(
        segment.name,
        lambda name: Segment.objects.filter(name=name).exists(),
        longest=LONGEST_NAME,
    )
    is_list = segment.kind == Segment.Kind.STATIC
    copy = create_segment(
        slug=free_slug(name),
        name=name,
        kind=segment.kind,
        rule=None if is_list else segment.rule,
        description=segment.description,
        shown=shown,
        user=user,
    )
    if is_list:
        inside = "SELECT profile_id FROM membership WHERE segment_id = {pk} AND left_at IS NULL"
        add_people(copy, sql(inside, pk=segment.pk))
    return copy


def request_refresh(segment: Segment) -> None:
    """Ask for the segment to be counted anew, soon."""
    Segment.objects.filter(pk=segment.pk).update(
        refresh_requested_at=timezone.now(), status=Segment.Status.REFRESHING
    )
    wake("segments")


@dataclass(frozen=True)
class ListChange:
    """How many came in or went, and which references nobody is known by."""

    changed: int
    unknown: list[str]


@transaction.atomic
def add_members(
    segment: Segment, people: Sequence[str], *, shown: Shown = EVERYTHING
) -> ListChange:
    """Put people into a static segment, by id or `kind:value`."""
    found, unknown = find_people(people, shown=shown)
    lock_members([segment.pk])
    segment.refresh_from_db()
    now = timezone.now()
    query = sql(
        "INSERT INTO membership (segment_id, profile_id, entered_at, identifier_id) "
        "SELECT {segment}, n.id, {at}::timestamptz, n.identifier_id "
        "FROM unnest({ids}::bigint[], {identifiers}::bigint[]) AS n(id, identifier_id) "
        "WHERE NOT EXISTS (SELECT 1 FROM membership m WHERE m.segment_id = {segment} "
        "AND m.profile_id = n.id AND m.left_at IS NULL) ORDER BY n.id "
        "ON CONFLICT DO NOTHING RETURNING profile_id",
        segment=segment.pk,
        at=now,
        ids=sorted(found),
        identifiers=[found[number] for number in sorted(found)],
    )
    entered = _returned(query)
    _note_list_change(segment, MembershipMoves(entered, []), "add_members")
    return ListChange(len(entered), unknown)


@transaction.atomic
def add_people(segment: Segment, people: Sql) -> int:
    """Put everyone of a query (one column, ids of profiles) into a static segment; how many are
    new. One statement for any number; who was merged is who they are today, the erased are nobody.
    """
    lock_members([segment.pk])
    segment.refresh_from_db()
    query = sql(
        "INSERT INTO membership (segment_id, profile_id, entered_at) "  # noqa: S608 - ours
        "SELECT DISTINCT {segment}::bigint, p.id, {at}::timestamptz "
        f"FROM profile h JOIN profile p ON p.id = {today()} "
        f"WHERE h.id IN ({{people}}) AND {living()} "
        "AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.segment_id = {segment} "
        "AND m.profile_id = p.id AND m.left_at IS NULL) ORDER BY p.id "
        "ON CONFLICT DO NOTHING RETURNING profile_id",
        segment=segment.pk,
        at=timezone.now(),
        people=people,
    )
    entered = _returned(query)
    _note_list_change(segment, MembershipMoves(entered, []), "add_members")
    return len(entered)


@transaction.atomic
def make_list(name: str, people: Sql, *, user: User | None = None) -> Segment:
    """A set of people becomes a list: whoever a query (one column, ids of profiles) finds now.

    The one way for every screen that shows people and offers to keep them. Raises RuleError.
    """
    segment = create_segment(slug=free_slug(name), name=name, kind=Segment.Kind.STATIC, user=user)
    add_people(segment, people)
    return segment


@transaction.atomic
def remove_members(
    segment: Segment, people: Sequence[str], *, shown: Shown = EVERYTHING
) -> ListChange:
    """Take people out of a static segment."""
    found, unknown = find_people(people, shown=shown)
    lock_members([segment.pk])
    segment.refresh_from_db()
    query = sql(
        "UPDATE membership SET left_at = greatest({at}::timestamptz, entered_at) "
        "WHERE segment_id = {segment} AND left_at IS NULL AND profile_id = ANY({ids}::bigint[]) "
        "RETURNING profile_id",
        segment=segment.pk,
        at=timezone.now(),
        ids=sorted(found),
    )
    left = _returned(query)
    _note_list_change(segment, MembershipMoves([], left), "remove_members")
    return ListChange(len(left), unknown)


def read_rule(
    rule: Any, *, kind: str = "dynamic", slug: str = "", shown: Shown = EVERYTHING
) -> Group | None:
    """The rule checked for saving or previewing; None for a static segment. Raises RuleError."""
    if kind == Segment.Kind.STATIC:
        if rule:
            raise RuleError(
                [RuleProblem("rule", "not_allowed", _("A static segment has no rule."))]
            )
        return None
    parsed = parse_rule(rule)
    refuse_personal(parsed, shown)
    refuse_guarded((path, condition.touches()) for path, condition in walk(parsed))
    refuse_nesting_of(parsed, slug)
    return parsed


def free_slug(name: str) -> str:
    """A slug for a name that is not taken yet."""
    base = slugify(name)[:60] or "segment"
    slug, number = base, 1
    while Segment.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def _take_rule(segment: Segment, rule: Mapping[str, Any], parsed: Group, user: User | None) -> None:
    segment.rule = dict(rule)
    segment.version += 1
    segment.depends_on = dependencies(parsed)
    segment.is_timed = parsed.due_at(timezone.now()) is not None
    segment.status = Segment.Status.REFRESHING
    segment.error = ""
    segment.refresh_requested_at = timezone.now()
    segment.save()
    SegmentVersion.objects.create(
        segment=segment, number=segment.version, rule=segment.rule, created_by=user
    )
    wake("segments")


def dependencies(rule: Group) -> list[str]:
    """What announces a change to the rule; new people too, where knowing nothing is enough."""
    names = rule.depends_on()
    if RFM in names:
        names |= {f"event:{terms().event}"}
    return sorted(names | {NEW_PERSON} if rule.holds_when_unknown else names)


def _slug_problems(slug: Any) -> list[RuleProblem]:
    if not isinstance(slug, str) or len(slug) > LONGEST_SLUG or not SLUG.fullmatch(slug):
        message = _("This must be lower case letters, digits, - and _, at most 80.")
        return [RuleProblem("slug", "invalid", message)]
    there = Segment.objects.filter(slug=slug).first()
    if there is not None and there.archived_at is not None:
        message = _("An archived segment has this slug. Restore it, or choose another slug.")
        return [RuleProblem("slug", "unique", message)]
    if there is not None:
        return [RuleProblem("slug", "unique", _("There is a segment of this slug already."))]
    return []


def _name_problems(name: Any) -> list[RuleProblem]:
    if not isinstance(name, str) or not name.strip():
        return [RuleProblem("name", "required", _("Give it a name."))]
    if len(name) > LONGEST_NAME:
        message = _("This is longer than %(n)d characters.") % {"n": LONGEST_NAME}
        return [RuleProblem("name", "range", message)]
    problem = text_problem(name)
    return [RuleProblem("name", "text", problem)] if problem else []


def _kind_problems(kind: Any) -> list[RuleProblem]:
    if kind in Segment.Kind.values:
        return []
    message = _("This is dynamic or static.")
    return [RuleProblem("kind", "unknown_choice", message)]


def _returned(query: Any) -> list[int]:
    return ids_of(run(query))


def _note_list_change(segment: Segment, moved: MembershipMoves, action: str) -> None:
    if not moved:
        return
    now = timezone.now()
    segment.count += len(moved.entered) - len(moved.left)
    Segment.objects.filter(pk=segment.pk).update(count=segment.count, refreshed_at=now)
    note_sizes([segment.pk], now)
    tell({segment: moved}, now)
    audit.record(
        action, "segment", segment.slug, detail={"people": len(moved.entered) + len(moved.left)}
    )

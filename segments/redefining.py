"""What a name means has changed: segments that read it are judged anew."""

from django.utils import timezone

from config.workspace.work.due import wake
from profiles.changes import REDEFINED
from profiles.language.reading.reader import RuleError
from profiles.personal.tags import CHANGED, said_of
from segments.members.values import request_values
from segments.models import ComputedTrait, Segment
from segments.rules import Group, parse_rule, walk
from segments.rules.base import is_guarded
from segments.rules.computed import depended_on, read_computed
from segments.services import dependencies


@CHANGED.register("segments")
def follow_tags() -> None:
    """Of each dynamic segment and computed trait: what announces a change to it, and a refresh
    where it reads tags.
    """
    rows = Segment.objects.filter(kind=Segment.Kind.DYNAMIC, archived_at=None)
    for segment in rows.order_by("pk"):
        try:
            rule = parse_rule(segment.rule)
        except RuleError:
            continue
        names = dependencies(rule)
        if names != sorted(segment.depends_on) or _reads_tags(rule):
            _ask_anew(segment, rule)
    for trait in ComputedTrait.objects.order_by("pk"):
        try:
            names = depended_on(read_computed(trait.definition, is_new=False), trait.name)
        except RuleError:
            continue
        if names != trait.depends_on:
            ComputedTrait.objects.filter(pk=trait.pk).update(depends_on=names)
        if names != trait.depends_on or "consent" in names:
            request_values([trait.pk])
    wake("segments")


@REDEFINED.register("segments")
def follow_definition(name: str) -> None:
    """A refresh of each dynamic segment and computed trait that depends on this; what announces a
    segment's change may be another.
    """
    rows = Segment.objects.filter(kind=Segment.Kind.DYNAMIC, archived_at=None)
    for segment in rows.filter(depends_on__contains=[name]).order_by("pk"):
        try:
            rule = parse_rule(segment.rule)
        except RuleError:
            rule = None
        _ask_anew(segment, rule)
    request_values(
        ComputedTrait.objects.filter(depends_on__contains=[name]).values_list("pk", flat=True)
    )
    wake("segments")


def _ask_anew(segment: Segment, rule: Group | None) -> None:
    """A refresh, and what announces a change to it from now on."""
    if rule is not None:
        segment.depends_on = dependencies(rule)
        segment.is_timed = rule.due_at(timezone.now()) is not None
    Segment.objects.filter(pk=segment.pk).update(
        depends_on=segment.depends_on,
        is_timed=segment.is_timed,
        status=Segment.Status.REFRESHING,
        refresh_requested_at=timezone.now(),
    )


def _reads_tags(rule: Group) -> bool:
    return any(
        is_guarded(condition) or any(said_of(*name) is not None for name in condition.touches())
        for _path, condition in walk(rule)
    )

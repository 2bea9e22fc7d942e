"""What a name means has changed: segments that read it are judged anew."""

from django.utils import timezone

from config.workspace.work.due import wake
from profiles.changes import REDEFINED
from profiles.language.reading.reader import RuleError
from profiles.personal.tags import CHANGED, said_of
from segments.models import Segment
from segments.rules import Group, parse_rule, walk
from segments.rules.base import is_guarded
from segments.services import dependencies


@CHANGED.register("segments")
def follow_tags() -> None:
    """Of each dynamic segment: what announces a change to it, and a refresh where it reads tags."""
    rows = Segment.objects.filter(kind=Segment.Kind.DYNAMIC, archived_at=None)
    for segment in rows.order_by("pk"):
        try:
            rule = parse_rule(segment.rule)
        except RuleError:
            continue
        names = dependencies(rule)
        if names != sorted(segment.depends_on) or _reads_tags(rule):
            _ask_anew(segment, names)
    wake("segments")


@REDEFINED.register("segments")
def follow_definition(name: str) -> None:
    """A refresh of each dynamic segment that depends on this; what announces it may be another."""
    rows = Segment.objects.filter(kind=Segment.Kind.DYNAMIC, archived_at=None)
    for segment in rows.filter(depends_on__contains=[name]).order_by("pk"):
        try:
            names = dependencies(parse_rule(segment.rule))
        except RuleError:
            names = segment.depends_on
        _ask_anew(segment, names)
    wake("segments")


def _ask_anew(segment: Segment, names: list[str]) -> None:
    """A refresh, and what announces a change to it from now on."""
    Segment.objects.filter(pk=segment.pk).update(
        depends_on=names,
        status=Segment.Status.REFRESHING,
        refresh_requested_at=timezone.now(),
    )


def _reads_tags(rule: Group) -> bool:
    return any(
        is_guarded(condition) or any(said_of(*name) is not None for name in condition.touches())
        for _path, condition in walk(rule)
    )

"""Which rules read which field: for the map of personal data."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.urls import reverse

from consent.datamap.fields import USES_OF_FIELDS, FieldUse, Name
from profiles.language.reading.reader import RuleError
from segments.models import Segment
from segments.rules import parse_rule, walk


@USES_OF_FIELDS.register("segments")
def uses() -> Mapping[Name, Iterable[FieldUse]]:
    """Rules of segments that are in use."""
    found: dict[Name, list[FieldUse]] = defaultdict(list)
    for segment in Segment.objects.filter(kind=Segment.Kind.DYNAMIC, archived_at=None):
        try:
            rule = parse_rule(segment.rule)
        except RuleError:
            continue
        url = reverse("segments:detail", args=[segment.slug])
        names = {name for _path, condition in walk(rule) for name in condition.reads()}
        for place, name in sorted(names):
            found[place.value, name].append(FieldUse(segment.name, url))
    return found

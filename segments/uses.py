"""Segments as what is used, and as those that use others: by their rules."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.workspace.usage import KINDS, USES, Kind, Reference, Use
from segments import rules
from segments.models import Segment


def url_of(segment: Segment) -> str:
    """Its page."""
    return reverse("segments:detail", args=[segment.slug])


KINDS.register("segment", order=10)(Kind(gettext_lazy("Segment"), Segment, "slug", url_of))


def references_in(rule: Any, depth: int = 0) -> set[Reference]:
    """What a rule names, also one that cannot be read any more; asks no database."""
    if not isinstance(rule, Mapping) or depth > rules.DEEPEST:
        return set()
    found: set[Reference] = set()
    kind = rules.KINDS.get(str(rule.get("kind", "")))
    if kind is not None:
        found |= kind.refers_to(rule)
    parts = rule.get("conditions")
    for part in parts if isinstance(parts, list) else ():
        found |= references_in(part, depth + 1)
    return found


@USES.register("segments", order=10)
def uses(kind: str, keys: Collection[str]) -> Iterator[tuple[str, Use]]:
    """The segments whose rules name them; one query."""
    if kind not in ("segment", "purpose"):
        return
    live = Segment.objects.filter(archived_at=None, kind=Segment.Kind.DYNAMIC)
    if kind == "segment":
        live = live.filter(depends_on__overlap=[f"segment:{key}" for key in keys])
    else:
        live = live.filter(depends_on__contains=["consent"])
    for segment in live.order_by("name"):
        for of, key in references_in(segment.rule):
            if of == kind and key in keys:
                why = _("segment, in its rule")
                yield key, Use("segment", segment.name, why, url_of(segment), binds=True)

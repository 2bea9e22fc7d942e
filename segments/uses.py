"""Segments as what is used, and as those that use others: by their rules."""

from collections.abc import Collection, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.workspace.lifecycle.usage import KINDS, USES, ObjectKind, Use
from config.workspace.trail.targets import TARGETS, rows_of
from segments.models import ComputedTrait, PeopleExport, Segment
from segments.rules import references_in


def url_of(segment: Segment) -> str:
    """Its page."""
    return reverse("segments:detail", args=[segment.slug])


def _url_of_trait(trait: ComputedTrait) -> str:
    return reverse("segments:trait", args=[trait.name])


_TRAIT = ObjectKind(
    gettext_lazy("Computed trait"), ComputedTrait, "name", _url_of_trait, lambda _row: False
)
KINDS.register("trait", order=15)(_TRAIT)
TARGETS.register("trait")(rows_of(_TRAIT, "segments.view"))
_EXPORT = ObjectKind(
    gettext_lazy("Export"),
    PeopleExport,
    "public_id",
    lambda _row: reverse("segments:exports"),
    lambda row: row.gone_at is not None,
)
TARGETS.register("export")(rows_of(_EXPORT, "people.export"))
_SEGMENT = ObjectKind(gettext_lazy("Segment"), Segment, "slug", url_of)
KINDS.register("segment", order=10)(_SEGMENT)
TARGETS.register("segment")(rows_of(_SEGMENT, "segments.view"))


@USES.register("segments", order=10)
def uses(kind: str, keys: Collection[str]) -> Iterator[tuple[str, Use]]:
    """The segments whose rules name them; one query."""
    live = Segment.objects.filter(archived_at=None, kind=Segment.Kind.DYNAMIC)
    if kind == "purpose":
        live = live.filter(depends_on__contains=["consent"])
    else:
        live = live.filter(depends_on__overlap=[f"{kind}:{key}" for key in keys])
    wanted = set(keys)
    for segment in live.order_by("name"):
        for of, key in references_in(segment.rule):
            if of == kind and key in wanted:
                why = _("segment, in its rule")
                yield key, Use("segment", segment.name, why, url_of(segment), binds=True)


@USES.register("computed traits", order=15)
def uses_of_computed(kind: str, keys: Collection[str]) -> Iterator[tuple[str, Use]]:
    """The computed traits that are made of these events; one query."""
    if kind != "event":
        return
    names = [f"event:{key}" for key in keys]
    for trait in ComputedTrait.objects.filter(depends_on__overlap=names):
        for key in keys:
            if f"event:{key}" in trait.depends_on:
                yield key, Use("trait", trait.name, _("computed trait"), _url_of_trait(trait), True)

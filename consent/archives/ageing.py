"""Archives as data that a rule of retention takes before their links end."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.archives import files
from consent.models import PersonArchive
from consent.retention.classes import (
    CLASSES,
    DryRunCount,
    Extent,
    RetainedClass,
    RetentionTerms,
    TakenPortion,
)

NAME = "archive"


def _there() -> QuerySet[PersonArchive]:
    return PersonArchive.objects.filter(made_at__isnull=False, gone_at=None)


def _old(terms: RetentionTerms) -> QuerySet[PersonArchive]:
    old = _there().filter(made_at__lt=terms.before)
    return old.exclude(request__profile_id__in=terms.held) if terms.held else old


def _extent() -> Extent:
    """How many files, and what they take on the disk."""
    rows = _there().select_related("request").only("request__public_id")
    sizes = [path.stat().st_size for row in rows if (path := files.path_of(row.request)).exists()]
    return Extent(len(sizes), sum(sizes), _there().aggregate(at=Min("made_at"))["at"])


def _count(terms: RetentionTerms) -> DryRunCount:
    found = _old(terms)
    people = found.values("request__profile_id").distinct().count()
    return DryRunCount(found.count(), people, found.aggregate(at=Min("made_at"))["at"])


def _portion(terms: RetentionTerms, place: Mapping[str, Any]) -> TakenPortion:
    found = list(_old(terms).select_related("request").order_by("made_at")[: files.AT_ONCE])
    n = files.take_away(found, timezone.now())
    return TakenPortion({"person_archive": n}, place={}) if n else TakenPortion()


CLASSES.register(NAME, order=57)(
    RetainedClass(
        name=NAME,
        label=_("Copies made for people"),
        explained=_("Files with all data of one person; that there was one is kept."),
        without=_("until the link ends, or two months where nobody handed it over"),
        extent=_extent,
        count=_count,
        portion=_portion,
    )
)

"""Privacy requests that were answered long ago, with their comments and callbacks."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from config.postgres.sql import ids_of, one, run, sql
from consent.models import PrivacyRequest
from consent.retention.classes import (
    CLASSES,
    ROWS,
    DryRunCount,
    RetainedClass,
    RetentionTerms,
    TakenPortion,
)
from consent.retention.extent import extent_of, first

# what still has an effect stays: a block that was not released, a restriction not lifted
_GOES: Final = """
r.completed_at < {before} AND r.status IN ('completed', 'cancelled')
AND NOT (r.type = 'restriction' AND r.status = 'completed' AND NOT r.result ? 'lifted')
AND NOT EXISTS (SELECT FROM erased_identifier e WHERE e.request_id = r.id AND e.is_blocked
    AND e.released_at IS NULL)
"""
_COUNT: Final = "SELECT count(*), min(r.completed_at) FROM privacy_request r WHERE {goes}"
_SOME: Final = """
SELECT r.id FROM privacy_request r WHERE {goes} ORDER BY r.completed_at, r.id LIMIT {limit}
"""


def _count(terms: RetentionTerms) -> DryRunCount:
    rows, oldest = one(sql(_COUNT, goes=sql(_GOES, before=terms.before)))
    return DryRunCount(rows, None, oldest)


def _portion(terms: RetentionTerms, place: Mapping[str, Any]) -> TakenPortion:
    """What hangs on them first: keys are checked at the end of each statement."""
    goes = sql(_GOES, before=terms.before)
    ids = ids_of(run(sql(_SOME, goes=goes, limit=ROWS)))
    if not ids:
        return TakenPortion()
    rows = {}
    for relation in PrivacyRequest._meta.related_objects:
        model = relation.related_model
        theirs = model._base_manager.filter(**{f"{relation.field.name}__in": ids})
        rows[model._meta.db_table] = theirs._raw_delete(theirs.db)
    own = PrivacyRequest.objects.filter(pk__in=ids)
    rows["privacy_request"] = own._raw_delete(own.db)
    return TakenPortion({table: n for table, n in rows.items() if n}, place={})


CLASSES.register("privacy_request", order=55)(
    RetainedClass(
        name="privacy_request",
        label=_("Answered privacy requests"),
        explained=_(
            "With comments and certificates. Digests that keep the erased out stay; so does what"
            " still has an effect: a block, a restriction."
        ),
        without=_("for ever, as proof that a request was answered"),
        extent=lambda: extent_of(
            "privacy_request", first("SELECT min(completed_at) FROM privacy_request")
        ),
        count=_count,
        portion=_portion,
        least_days=365,
    )
)

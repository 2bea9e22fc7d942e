"""/api/profiles/PERSON/segments/ and .../explain/, and `segments` in the profile's answer."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from config.workspace.api.pagination import listed
from config.workspace.api.problems import invalid
from profiles.api.fields import PROFILE_FIELDS
from profiles.api.paging import PAGE_PARAMETERS
from profiles.api.subroutes import SUBROUTES, Subroute
from profiles.language.reading.reader import RuleError
from profiles.models import Profile
from profiles.selectors.masking import Shown, shown_to
from segments.api import serializers as shapes
from segments.api.views import problem_of
from segments.builder.explain import explain_membership
from segments.models import Membership, Segment


def segments_of(request: Request, profile: Profile) -> Response:
    """The segments that the person is in."""
    rows = Membership.objects.filter(profile_id=profile.pk, left_at=None).select_related("segment")
    return listed(
        request,
        [
            {"slug": row.segment.slug, "name": row.segment.name, "entered_at": row.entered_at}
            for row in rows.order_by("segment__name", "segment_id")
        ],
        "slug",
    )


def explain(request: Request, profile: Profile) -> Response:
    """Why the person is in `?segment=SLUG`, or is not."""
    slug = request.query_params.get("segment", "")
    segment = Segment.objects.filter(slug=slug, archived_at=None).first()
    if segment is None:
        raise invalid("segment", f"There is no segment “{slug}”.", "unknown_segment")
    try:
        found = explain_membership(segment, profile, shown=shown_to(request.user))
    except RuleError as error:
        raise problem_of(error) from error
    return Response(
        {
            "member": found.member,
            "sentence": found.sentence,
            "clauses": [vars(clause) for clause in found.clauses],
            "hidden": found.hidden,
        }
    )


SUBROUTES.register("segments", order=20)(
    Subroute(
        segments_of,
        "segments.view",
        {"parameters": PAGE_PARAMETERS, "responses": shapes.ProfileSegmentPage},
    )
)
SUBROUTES.register("explain", order=21)(
    Subroute(
        explain,
        "segments.view",
        {
            "responses": shapes.ExplanationSerializer,
            "parameters": [OpenApiParameter("segment", str, required=True)],
        },
    )
)


@PROFILE_FIELDS.register("segments")
def segment_slugs(profile_ids: Sequence[int], _shown: Shown) -> dict[int, Any]:
    """The slugs of the segments that each person is in; one query."""
    rows = Membership.objects.filter(profile_id__in=profile_ids, left_at=None)
    found: dict[int, Any] = {profile_id: [] for profile_id in profile_ids}
    names = rows.order_by("segment__slug").values_list("profile_id", "segment__slug")
    for profile_id, slug in names:
        found[profile_id].append(slug)
    return found

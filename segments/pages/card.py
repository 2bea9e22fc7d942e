"""The cards of the customer page: segments, and what is computed."""

from django.http import HttpRequest

from config.workspace.permissions import may
from profiles.models import Profile
from profiles.panels import PANELS, Panel
from profiles.selectors.masking import shown_to
from segments.insight.computed.reading import computed_lines
from segments.models import Membership


@PANELS.register("segments", order=20)
def segments_panel(request: HttpRequest, profile: Profile) -> Panel | None:
    """Which segments the person is in, since when, each with why; one query."""
    if not may(request.user, "segments.view"):
        return None
    rows = Membership.objects.filter(
        profile_id=profile.pk, left_at=None, segment__archived_at=None
    ).select_related("segment")
    context = {"memberships": rows.order_by("segment__name")[:100], "person": profile}
    return Panel("segments/_panel.html", context)


@PANELS.register("computed", order=15)
def computed_panel(request: HttpRequest, profile: Profile) -> Panel | None:
    """What computed traits are of the person, and what each is worked out of; three queries."""
    lines = computed_lines(profile.pk, shown_to(request.user))
    if not lines:
        return None
    context = {"lines": lines, "may_open": may(request.user, "segments.view")}
    return Panel("segments/_computed.html", context, column="left")

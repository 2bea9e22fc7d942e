"""The card "segments" of the customer page."""

from django.http import HttpRequest

from config.workspace.permissions import may
from profiles.models import Profile
from profiles.panels import PANELS, Panel
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

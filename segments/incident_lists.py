"""The people of an incident as a list, so that they can be written to."""

from django.urls import reverse

from config.workspace.models import User
from consent.incidents.reporting import LISTS_OF_PEOPLE
from segments import services
from segments.models import Segment

AT_ONCE = 5_000  # people


@LISTS_OF_PEOPLE.register("segments")
def make_list(title: str, public_ids: list[str], user: User | None) -> str:
    """A static segment of them; its address."""
    name = title[: services.LONGEST_NAME]
    segment = services.create_segment(
        slug=services.free_slug(name), name=name, kind=Segment.Kind.STATIC, user=user
    )
    for start in range(0, len(public_ids), AT_ONCE):
        services.add_members(segment, public_ids[start : start + AT_ONCE])
    return reverse("segments:detail", args=[segment.slug])

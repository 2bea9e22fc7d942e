"""What webhooks are told of segments: who came in and who left."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from config.workspace.outgoing.kinds import KINDS, EventKind
from config.workspace.outgoing.notices import tell_many
from config.workspace.zones import stamp
from profiles.people.forwarding import about_many
from profiles.people.told import ALL, FREE
from segments.members.signals import membership_changed
from segments.models import Segment

ENTERED: Final = "segment.entered"
LEFT: Final = "segment.left"


@receiver(membership_changed)
def note_moves(
    segment: Segment,
    entered: Sequence[int],
    left: Sequence[int],
    at: datetime,
    is_first: bool,
    **kwargs: Any,
) -> None:
    """Two statements each way at most; a hundred people in one call."""
    data = {"segment": segment.slug, "at": stamp(at)}
    tell_many(ENTERED, {**data, "first_count": is_first}, entered)
    tell_many(LEFT, data, left)


_EXAMPLE: Final = {
    "segment": "big-spenders",
    "at": "2026-11-27T09:30:00Z",
    "people": ["6f1c6f0e-5a2b-4c0e-9b1d-0d5f3d7d3a11"],
}
SEGMENTS: Final = _("Segments")
KINDS.register(ENTERED, order=40)(
    EventKind(
        SEGMENTS,
        _("Segment entered"),
        _(
            "People came into a segment or list, up to 100 in one call. “first_count” says that "
            "they were in when it was first counted."
        ),
        {**_EXAMPLE, "first_count": False},
        about_many(),
        FREE,
    )
)
KINDS.register(LEFT, order=41)(
    EventKind(
        SEGMENTS,
        _("Segment left"),
        _("People left a segment or list, up to 100 in one call."),
        _EXAMPLE,
        about_many(stops=True),
        ALL,
    )
)

"""What higher apps offer to do with a segment, on its page."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise

from config.workspace.registry import Registry
from segments.models import Segment


@dataclass(frozen=True)
class SegmentAction:
    """One of them: a page."""

    label: str | Promise
    url: str
    icon: str


# name -> function(request, segment) -> what can be done, or None for whoever may not
ACTS: Registry[Callable[[HttpRequest, Segment], SegmentAction | None]] = Registry(
    "acts of segments"
)


def acts_of(request: HttpRequest, segment: Segment) -> list[SegmentAction]:
    """What this user may do with it, in order of registration."""
    return [found for _name, offer in ACTS if (found := offer(request, segment))]

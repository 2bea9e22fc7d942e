"""Whether the members of a campaign's segment are known, and what is said where they are not."""

from django.utils.translation import gettext as _

from campaigns.standing_words import UNCOUNTABLE
from segments.models import Segment
from segments.rules.conditions.segment import is_counted


def is_known(segment: Segment) -> bool:
    """Whether the stored members are those of the rule as it stands; of a list they always are."""
    return segment.kind == Segment.Kind.STATIC or is_counted(segment)


def uncountable(segment: Segment) -> str:
    """For a campaign that cannot know its audience."""
    return _(UNCOUNTABLE) % {"name": segment.name}

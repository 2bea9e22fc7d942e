"""Tables of segments."""

from segments.models.computed import ComputedTrait, ComputedValue
from segments.models.export import PeopleExport
from segments.models.rfm import RfmCut
from segments.models.segment import (
    Membership,
    Score,
    Segment,
    SegmentSize,
    SegmentVersion,
)
from segments.models.silence import SilenceAlarm

__all__ = [
    "ComputedTrait",
    "ComputedValue",
    "Membership",
    "PeopleExport",
    "RfmCut",
    "Score",
    "Segment",
    "SegmentSize",
    "SegmentVersion",
    "SilenceAlarm",
]

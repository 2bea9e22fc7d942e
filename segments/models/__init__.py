"""Tables of segments."""

from segments.models.rfm import RfmCut
from segments.models.segment import (
    Membership,
    Score,
    Segment,
    SegmentSize,
    SegmentVersion,
)

__all__ = ["Membership", "RfmCut", "Score", "Segment", "SegmentSize", "SegmentVersion"]

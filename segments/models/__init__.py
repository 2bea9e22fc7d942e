"""Tables of segments."""

from segments.models.segment import (
    Membership,
    Score,
    Segment,
    SegmentSize,
    SegmentVersion,
)

__all__ = ["Membership", "Score", "Segment", "SegmentSize", "SegmentVersion"]

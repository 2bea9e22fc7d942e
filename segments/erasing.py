"""What an erasure does to segments: one member less, and of computed traits one value."""

from typing import Any

from consent.privacy.holdings import LEAVING
from consent.privacy.subject import DataSubject
from segments.members.merging import DROP_VALUES

_FEWER = """
WITH fewer AS (
    SELECT m.segment_id, count(*) AS n FROM membership m
    WHERE m.profile_id = ANY(%s) AND m.left_at IS NULL GROUP BY 1
), held AS (
    SELECT s.id FROM segment s WHERE s.id IN (SELECT segment_id FROM fewer) ORDER BY s.id
)
UPDATE segment s SET count = greatest(s.count - f.n, 0)
FROM fewer f JOIN held h ON h.id = f.segment_id WHERE s.id = f.segment_id
"""


@LEAVING.register("segments")
def leave(cursor: Any, subject: DataSubject) -> None:
    """Before the memberships go; the values go with their number."""
    cursor.execute(_FEWER, [list(subject.ever)])
    cursor.execute(DROP_VALUES, [list(subject.ever)])

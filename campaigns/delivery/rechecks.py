"""What is asked at hand-over beside the gate: still in the segment, the goal not reached yet, and
whether it is an hour in which people may be reached.

A message may have waited for hours (quiet hours, a paused campaign, a mail server that was away).
So it is asked when it is sent, and not only when it was queued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns import standing_words
from campaigns.channels.base import Letterhead
from campaigns.faults import CannotGoOn
from campaigns.gate.expression import unless_objected
from campaigns.gate.legal_hours import SendingHours
from campaigns.gate.terms import sending_hours
from campaigns.outcomes.conversions import fitting_sql
from config.postgres.sql import EMPTY, Sql, sql
from segments.members.current import Current, current
from segments.models import Segment

_LEFT = """
WHEN q.profile_id = ANY({left}::bigint[]) OR q.profile_id <> ALL({stayed}::bigint[])
     AND NOT EXISTS (SELECT 1 FROM membership w WHERE w.segment_id = {segment}
                     AND w.profile_id = q.profile_id AND w.left_at IS NULL) THEN 'left_segment'"""
# events may still stand under a profile that was merged into this one
_REACHED = """
WHEN EXISTS (SELECT 1 FROM event e WHERE e.name = {goal_event}
             AND e.profile_id IN (SELECT q.profile_id UNION ALL
                 SELECT a.profile_id FROM alias_pending a WHERE a.survivor_id = q.profile_id)
             AND e.occurred_at >= m.queued_at AND e.occurred_at >= {goal_since}
             AND {fitting}) THEN 'goal_reached'"""


@dataclass(frozen=True)
class Recheck:
    """What one launched version asks; made once a chunk."""

    entry: Current | None = None
    goal: Sql = EMPTY
    hours: SendingHours | None = None
    is_profiling: bool = False

    def of(self, people: Sequence[int], now: datetime) -> Sql:
        """Branches for `still_allowed` of these people of today: one query, and the segment's rule
        where a change waits.
        """
        objected = unless_objected(Sql("q.profile_id")) if self.is_profiling else EMPTY
        if self.entry is None:
            return sql("{objected} {goal}", objected=objected, goal=self.goal)
        stayed, left = self.entry.by_rule(people, now)
        gone = sql(_LEFT, segment=self.entry.segment.pk, stayed=stayed, left=left)
        return sql("{objected} {gone}{goal}", objected=objected, gone=gone, goal=self.goal)


def recheck_of(head: Letterhead, channel: str) -> Recheck:
    """Raises CannotGoOn where the segment is gone."""
    hours = sending_hours(head.quiet_hours, channel, head.purpose)
    goal = _goal(head.goal, head.launched_at)
    return Recheck(_entry(head.segment), goal, hours, head.is_profiling)


def _entry(slug: str) -> Current | None:
    if not slug:
        return None
    segment = Segment.objects.filter(slug=slug, archived_at=None).first()
    if segment is None:
        raise CannotGoOn(standing_words.NO_SEGMENT % {"slug": slug})
    return current(segment)


def _goal(goal: Mapping[str, Any] | None, since: datetime | None) -> Sql:
    if not goal or since is None:
        return EMPTY
    return sql(_REACHED, fitting=fitting_sql(goal), goal_event=goal["event"], goal_since=since)

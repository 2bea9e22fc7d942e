"""What segments keep for a time only: sizes of days, saved rules, who was in and left."""

from datetime import datetime

from django.conf import settings

from config.workspace.work.pruning import PORTION, PRUNERS, before, deleted

# of one segment after the other, by the keys that begin with it
SIZES = """
    DELETE FROM segment_size WHERE id IN (
        SELECT z.id FROM segment s CROSS JOIN LATERAL (
            SELECT id FROM segment_size WHERE segment_id = s.id AND day < %s LIMIT %s) z
        LIMIT %s)
"""
VERSIONS = """
    DELETE FROM segment_version WHERE id IN (
        SELECT v.id FROM segment s CROSS JOIN LATERAL (
            SELECT id FROM segment_version WHERE segment_id = s.id
            ORDER BY number DESC OFFSET %s LIMIT %s) v
        LIMIT %s)
"""
# Past moments of a list are asked of these rows (of a dynamic one, of its rule). Rows go by the
# database's own key, since no index leads from an id to its row, and in its order, as whoever else
# locks them has it. They are chosen once (MATERIALIZED): asked again by a join, the choice would
# skip what is gone by then and take more.
LEFT = """
    WITH gone AS MATERIALIZED (
        SELECT * FROM (
            SELECT o.profile_id, s.id AS segment_id, o.entered_at
            FROM segment s CROSS JOIN LATERAL (
                SELECT profile_id, entered_at FROM membership
                WHERE segment_id = s.id AND left_at < %s ORDER BY left_at LIMIT %s) o
            WHERE s.kind = 'dynamic' LIMIT %s) chosen
        ORDER BY profile_id, segment_id, entered_at
    )
    DELETE FROM membership m USING gone
    WHERE m.profile_id = gone.profile_id AND m.segment_id = gone.segment_id
      AND m.entered_at = gone.entered_at
"""


@PRUNERS.register("segment_sizes")
def prune_sizes(now: datetime) -> int:
    """Sizes of days long ago."""
    day = before(now, "SEGMENT_SIZE_DAYS")
    return deleted(SIZES, [day.date(), PORTION, PORTION]) if day else 0


@PRUNERS.register("segment_versions")
def prune_versions(_now: datetime) -> int:
    """Rules as they were saved, but for the newest of each segment."""
    kept = settings.SEGMENT_VERSIONS
    return deleted(VERSIONS, [kept, PORTION, PORTION]) if kept else 0


@PRUNERS.register("memberships")
def prune_memberships(now: datetime) -> int:
    """Who was in a dynamic segment and left long ago."""
    left = before(now, "MEMBERSHIP_DAYS")
    return deleted(LEFT, [left, PORTION, PORTION]) if left else 0

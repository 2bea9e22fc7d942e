"""What a merge does to enrolments, contact counts and conversions; what taking apart does.

Messages stay under their key (`selectors/whose.py`): of people taken apart, those to an address go
with it. What is counted of messages is counted anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.gate.contact_counts import recount
from campaigns.models import ContactCount, Enrolment, Message
from campaigns.outcomes.recrediting import recredit
from config.workspace.tables.belonging import columns_of
from profiles.merging.mergers import MERGERS, Parting
from profiles.merging.moving import PAIRS, Pair, parameters
from profiles.people.lineage import ever_ids, ever_of

ENDED = "merged"  # the end of an enrolment whose person was inside already
_COLUMNS = columns_of(
    Enrolment,  # without its lease: who holds it finds it there no more, and goes on without
    without=(
        "profile_id", "source_profile_id", "ended_at", "end_reason", "lease", "lease_until",
    ),
)  # fmt: skip
_ANY = """
SELECT EXISTS (SELECT 1 FROM message WHERE profile_id = ANY(%(ever)s))
       OR EXISTS (SELECT 1 FROM message WHERE owner_id = ANY(%(ever)s)),
       EXISTS (SELECT 1 FROM enrolment WHERE profile_id = ANY(%(absorbed)s))
"""
# An open enrolment goes on with the survivor; where several are in the same, the first to enter.
_MOVE = f"""
WITH moved AS (DELETE FROM enrolment WHERE profile_id = ANY(%(absorbed)s) RETURNING *),
placed AS (
    SELECT moved.*, pair.survivor, moved.ended_at IS NULL AND (
               EXISTS (SELECT 1 FROM enrolment o WHERE o.profile_id = pair.survivor
                       AND o.campaign_id = moved.campaign_id AND o.ended_at IS NULL
                       AND o.instance_key = moved.instance_key)
               OR row_number() OVER (
                   PARTITION BY pair.survivor, moved.campaign_id, moved.instance_key,
                                moved.ended_at IS NULL
                   ORDER BY moved.entered_at, moved.id) > 1) AS is_double
    FROM moved JOIN {PAIRS} ON pair.absorbed = moved.profile_id
)
INSERT INTO enrolment (profile_id, source_profile_id, ended_at, end_reason, {_COLUMNS})
SELECT survivor, coalesce(source_profile_id, profile_id),
       CASE WHEN is_double THEN now() ELSE ended_at END,
       CASE WHEN is_double THEN '{ENDED}' ELSE end_reason END, {_COLUMNS}
FROM placed
"""  # noqa: S608 - pieces of ours, here and below
# One that ended for the other's sake goes on, the person's own before what they had taken in.
_MOVE_BACK = f"""
WITH moved AS (
    DELETE FROM enrolment WHERE profile_id = %(owner)s AND source_profile_id = ANY(%(former)s)
    RETURNING *
), placed AS (
    SELECT moved.*, end_reason = '{ENDED}' AND row_number() OVER (
               PARTITION BY campaign_id, instance_key, end_reason NOT IN ('', '{ENDED}')
               ORDER BY ended_at IS NULL DESC, source_profile_id <> %(person)s, entered_at, id
           ) = 1 AS goes_on
    FROM moved
)
INSERT INTO enrolment (profile_id, source_profile_id, ended_at, end_reason, {_COLUMNS})
SELECT %(person)s, nullif(source_profile_id, %(person)s), CASE WHEN NOT goes_on THEN ended_at END,
       CASE WHEN goes_on THEN '' ELSE end_reason END, {_COLUMNS}
FROM placed
"""  # noqa: S608
# What was written to an address of theirs is theirs; what stands under their own key needs no word.
_HAND_OVER = """
UPDATE message m
SET owner_id = CASE WHEN m.profile_id <> ALL(%(former)s) THEN %(person)s::bigint END
FROM (SELECT profile_id, id FROM message
      WHERE (profile_id = ANY(%(everyone)s) OR owner_id = ANY(%(everyone)s))
        AND address = ANY(%(points)s)
      ORDER BY profile_id, id) t
WHERE m.profile_id = t.profile_id AND m.id = t.id
"""


class CampaignMerger:
    """Signs in at `MERGERS`."""

    tables = (Enrolment, Message, ContactCount)

    def merge(self, cursor: Any, pairs: Sequence[Pair]) -> Mapping[int, Any]:
        """Two queries where nobody of them was ever written to or is in a campaign."""
        people = sorted({pair.survivor for pair in pairs})
        ids = [number for ever in ever_of(people).values() for number in ever]
        given = parameters(pairs) | {"ever": ids}
        cursor.execute(_ANY, given)
        written, enrolled = cursor.fetchone()
        if enrolled:
            cursor.execute(_MOVE, given)
        if written:
            recount(cursor, people)
            recredit(cursor, people)
        return {}

    def part(self, cursor: Any, parting: Parting, snapshot: Any) -> None:
        """Everything by whose it was before, and by address."""
        former = ever_ids(parting.person)
        given = {
            "owner": parting.owner,
            "person": parting.person,
            "former": former,
            "everyone": [*ever_ids(parting.owner), *former],
            "points": sorted(parting.points),
        }
        for statement in (_MOVE_BACK, _HAND_OVER):
            cursor.execute(statement, given)
        both = sorted({parting.owner, parting.person})
        recount(cursor, both)
        recredit(cursor, both)


MERGERS.register("campaigns", order=40)(CampaignMerger())

"""Who enters a campaign of several steps: its audience, portion by portion, as a fan-out goes.

Entering asks whether a person may be worked with at all, in a campaign that is built on profiling
whether they object to it, and draws the control group; whether they may be written to is asked at
each message. Who is kept out has a row that says why, as the control group has.
"""

from datetime import datetime

from django.db.backends.utils import CursorWrapper

from campaigns.audience.portions import members_between, range_end
from campaigns.engine.executor import due_by_step
from campaigns.gate.expression import unless_objected
from campaigns.gate.terms import lots_of, segment_of
from campaigns.outbox.fanout import go_through
from campaigns.people.entered import not_in_yet
from campaigns.plan import Plan
from config.postgres.sql import EMPTY, Sql, sql
from config.workspace.work.due import wake
from profiles.people.lineage import living
from segments.profiling import is_built_on_profiling

_ENTER = """
WITH people AS MATERIALIZED ({people}),
placed AS MATERIALIZED (
    SELECT p.id AS profile_id, p.bucket,
           CASE WHEN p.state <> 'active' THEN 'frozen' {objected}
                WHEN {held_out} THEN 'holdout' ELSE '' END AS reason,
           {general} AS is_general, CASE {dues} END AS due_at
    FROM people a JOIN profile p ON p.id = a.profile_id
    CROSS JOIN (SELECT {first}::text AS first, {now}::timestamptz AS now) n
    WHERE {living} AND {not_in_yet}
), entered AS (
    INSERT INTO enrolment (profile_id, campaign_id, campaign_version_id, instance_key, bucket, step,
                           visit, arm, entered_at, due_at, ended_at, end_reason, data)
    SELECT profile_id, {campaign}, {version}, '', bucket,
           CASE WHEN reason = '' THEN {first} ELSE '' END, 1,
           CASE WHEN reason = 'holdout' THEN 'control' WHEN is_general THEN 'general' ELSE '' END,
           {now},
           CASE WHEN reason = '' THEN due_at END,
           CASE WHEN reason <> '' THEN {now}::timestamptz END, reason, '{{}}'
    FROM placed ORDER BY profile_id
    ON CONFLICT (profile_id, campaign_id, instance_key) WHERE ended_at IS NULL DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM entered)
"""


def enter(campaign_id: int) -> int:
    """Let the next portion of a running campaign's audience in; how many people were looked at.

    Nobody enters twice: who was in before, also by a version that ended with its first message, or
    as somebody who is merged into them by now, stays as they are.
    """
    seen = go_through(campaign_id, _enter_portion)
    if seen:
        wake("journeys")
    return seen


def _enter_portion(
    cursor: CursorWrapper, plan: Plan, after: int, now: datetime
) -> tuple[int, int | None]:
    segment = segment_of(plan)
    end = range_end(cursor, segment.pk, after)
    if end is None:
        return 0, None
    control, general = lots_of(plan)
    is_built_on_it = is_built_on_profiling([segment.rule], plan.steps)
    sql(
        _ENTER,
        people=members_between(segment.pk, after, end),
        objected=unless_objected(Sql("p.id")) if is_built_on_it else EMPTY,
        held_out=control,
        general=general,
        dues=due_by_step(plan, {plan.nodes[0].key}, Sql("n.first"), Sql("n.now")),
        living=Sql(living("p")),
        not_in_yet=not_in_yet(plan.campaign, Sql("p.id")),
        first=plan.nodes[0].key,
        campaign=plan.campaign.pk,
        version=plan.version_id,
        now=now,
    ).on(cursor)
    seen, _entered = cursor.fetchone()
    return seen, end

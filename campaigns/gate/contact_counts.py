"""Contact counts: read and added to under one lock, so that no two sends overshoot a cap.

Sent, delivered, bounced and unknown count. What ended before it left reached nobody, and gives its
place back in the statement that ends it: on the day that it was counted on, which is the person's
when it was queued, and of the tags that were launched. They are counted of who a person is today:
when people are merged or taken apart their counts are derived anew from the messages that they have
then. The line without a tag counts each message once, so that these lines add up over channels.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from campaigns.people.whose import JOIN_OWNER, PERSON, messages_by
from config.postgres.sql import Sql, sql
from config.workspace.zones import workspace_zone
from profiles.people.lineage import ever_of, given_people

UNSENT = "('excluded', 'cancelled', 'failed')"
# queued before the day was kept: the workspace's
_DAY = "coalesce(m.counted_on, (m.queued_at AT TIME ZONE {zone})::date)"
_TAGS = """LEFT JOIN content_version v ON v.id = m.content_version_id
CROSS JOIN LATERAL unnest(array_prepend(''::text, v.tags)) AS g(tag)"""
# `ended` holds the messages that the statement moved out of `queued` or `handing_over`: those were
# counted, and are ended once. Of one person it may hold several.
_GIVE_BACK = f"""
unsent AS (
    SELECT {PERSON} AS profile_id, m.channel, g.tag, {_DAY} AS day, count(*) AS n
    FROM ended m {JOIN_OWNER} {_TAGS}
    WHERE m.is_marketing AND NOT m.is_test AND m.state IN {UNSENT}
    GROUP BY 1, 2, 3, 4
), given_back AS (
    UPDATE contact_count c SET n = greatest(c.n - k.n, 0)
    FROM (SELECT * FROM unsent ORDER BY profile_id, channel, day, tag) k
    WHERE c.profile_id = k.profile_id AND c.channel = k.channel AND c.tag = k.tag AND c.day = k.day
)
"""  # noqa: S608 - pieces of ours, here and below
_COLUMNS = "channel, queued_at, is_marketing, is_test, state, counted_on, content_version_id"
# what it reads of `ended`, which updates `message t`
ENDED = Sql(f"t.profile_id, t.owner_id, t.{_COLUMNS.replace(', ', ', t.')}")
_DROP = """
DELETE FROM contact_count c USING (SELECT unnest({ids}::bigint[]) AS profile_id ORDER BY 1) p
WHERE c.profile_id = p.profile_id
"""
_RECOUNT = f"""
INSERT INTO contact_count (profile_id, channel, tag, day, n)
SELECT m.person_id, m.channel, g.tag, {_DAY}, count(*)
FROM {{messages}} m {_TAGS}
WHERE m.is_marketing AND NOT m.is_test AND m.state NOT IN {UNSENT}
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 4, 3
"""  # noqa: S608


def give_back() -> Sql:
    """Tables of a statement that ends messages, after `ended` among them."""
    return sql(_GIVE_BACK, zone=workspace_zone().key)


def recount(cursor: Any, people: Sequence[int]) -> None:
    """Count anew what these people, as they are today, were sent. Three statements."""
    ids = sorted({number for ever in ever_of(people).values() for number in ever})
    columns = f"m.{_COLUMNS.replace(', ', ', m.')}"
    sql(_DROP, ids=ids).on(cursor)
    messages = messages_by(given_people(people), columns)
    sql(_RECOUNT, messages=messages, zone=workspace_zone().key).on(cursor)


def lock_counts(cursor: CursorWrapper) -> None:
    """Until the transaction ends nobody else counts and reserves: limits may be over channels."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('cap'))")

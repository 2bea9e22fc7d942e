"""Contact counts: read and added to under one lock, so that no two sends overshoot a cap.

Sent, delivered, bounced and unknown count. What ended before it left reached nobody, and gives its
place back in the statement that ends it. They are counted of who a person is today: when people
are merged or taken apart their counts are derived anew from the messages that they have then.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from campaigns.selectors.whose import JOIN_OWNER, PERSON, messages_by
from config.postgres.sql import Sql, sql
from config.workspace.zones import workspace_zone
from profiles.people.lineage import ever_of, given_people

UNSENT = "('excluded', 'cancelled', 'failed')"
# `ended` holds the messages that the statement moved out of `queued` or `handing_over`: those were
# counted on the workspace's day of queueing, and are ended once. Of one person it may hold several.
_GIVE_BACK = f"""
unsent AS (
    SELECT {PERSON} AS profile_id, channel, (queued_at AT TIME ZONE {{zone}})::date AS day,
           count(*) AS n
    FROM ended m {JOIN_OWNER}
    WHERE is_marketing AND NOT m.is_test AND m.state IN {UNSENT}
    GROUP BY 1, 2, 3
), counts AS (
    SELECT c.profile_id, c.channel, c.day, u.n
    FROM unsent u JOIN contact_count c USING (profile_id, channel, day)
    ORDER BY c.profile_id, c.channel, c.day FOR UPDATE OF c
), given_back AS (
    UPDATE contact_count c SET n = greatest(c.n - k.n, 0) FROM counts k
    WHERE c.profile_id = k.profile_id AND c.channel = k.channel AND c.day = k.day
)
"""  # noqa: S608 - pieces of ours, here and below
# what it reads of `ended`, which updates `message t`
ENDED = Sql("t.profile_id, t.owner_id, t.channel, t.queued_at, t.is_marketing, t.is_test, t.state")
_LOCK = """
SELECT 1 FROM contact_count WHERE profile_id = ANY({ids})
ORDER BY profile_id, channel, day FOR UPDATE
"""
_DROP = "DELETE FROM contact_count WHERE profile_id = ANY({ids})"
_RECOUNT = f"""
INSERT INTO contact_count (profile_id, channel, day, n)
SELECT m.person_id, m.channel, (m.queued_at AT TIME ZONE {{zone}})::date, count(*)
FROM {{messages}} m
WHERE m.is_marketing AND NOT m.is_test AND m.state NOT IN {UNSENT}
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608


def give_back() -> Sql:
    """Tables of a statement that ends messages, after `ended` among them."""
    return sql(_GIVE_BACK, zone=workspace_zone().key)


def recount(cursor: Any, people: Sequence[int]) -> None:
    """Count anew what these people, as they are today, were sent. Three statements."""
    ids = sorted({number for ever in ever_of(people).values() for number in ever})
    columns = "m.channel, m.queued_at, m.is_marketing, m.is_test, m.state"
    sql(_LOCK, ids=ids).on(cursor)
    sql(_DROP, ids=ids).on(cursor)
    messages = messages_by(given_people(people), columns)
    sql(_RECOUNT, messages=messages, zone=workspace_zone().key).on(cursor)


def lock_counts(cursor: CursorWrapper, channel: str) -> None:
    """Until the transaction ends nobody else counts and reserves on this channel."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"cap:{channel}"])

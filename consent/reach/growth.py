"""How many people could be written to at each of some moments: the line of Home.

At a moment in the past a person counts who is active today, whose address was known by then and not
yet suppressed, and for whom the ledger says that the purpose was allowed. What left no trace cannot
be told: who was erased or restricted since is missing, and a suppression that was lifted is not
seen. The last point is of now, by the very count that segments and lists show as reachable.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from config.postgres.sql import COMMA, Sql, sql
from consent.channels import contact_kind, usual_channels
from consent.ledger.spans import over_many, standing_spans
from consent.models import Purpose
from consent.reach.contactable import MARKETING, purpose_of, reachable_counts
from consent.reach.judging import addresses_of, levels_for
from profiles.models import Profile

# a bit for each moment at which one of a person's addresses could be used; an address that a
# statement names was known by then
_COUNTED = """
WITH everybody AS (SELECT id AS profile_id FROM profile WHERE state = 'active'),
known AS MATERIALIZED (
    SELECT a.profile_id, a.address, min(a.first_seen) AS first_seen,
           min(s.created_at) AS suppressed_at
    FROM ({addresses}) a
    LEFT JOIN (SELECT digest, min(created_at) AS created_at FROM suppression
               WHERE kind = {kind} AND level = ANY({levels}) GROUP BY 1) s
      ON s.digest = a.digest
    WHERE coalesce(a.deliverability, '') <> 'invalid'
    GROUP BY 1, 2
), usable AS (
    SELECT k.profile_id, greatest(s.since, least(k.first_seen, s.named_at)) AS since,
           least(s.until, k.suppressed_at) AS until
    FROM ({spans}) s JOIN known k USING (profile_id, address)
), marked AS (
    SELECT bit_or((1 << width_bucket(coalesce(until, 'infinity'), {moments}::timestamptz[]))
                  - (1 << width_bucket(since, {moments}::timestamptz[]))) AS bits
    FROM usable WHERE until IS NULL OR until > since GROUP BY profile_id
)
SELECT {counts} FROM marked
"""
_BEGAN = "SELECT min(at) FROM consent_entry WHERE purpose_id = %s AND channel = ANY(%s)"


def reachable_over_time(
    moments: Sequence[datetime],
    *,
    purpose: Purpose | str = MARKETING,
    channels: Sequence[str] = (),
) -> dict[str, list[int | None]]:
    """For each channel, people who could get `purpose` at each of `moments` (ascending) and now.

    The usual channels by default. None before the ledger begins. Five queries over everybody: for
    a figure that is kept a while.
    """
    purpose, channels = purpose_of(purpose), channels or usual_channels()
    with over_many():
        now = reachable_counts(Profile.objects.all(), purpose=purpose)
    with connection.cursor() as cursor:
        cursor.execute(_BEGAN, [purpose.pk, list(channels)])
        began = cursor.fetchone()[0]
    return {
        channel: [
            *(
                count if began and began < moment else None
                for moment, count in zip(moments, _at(moments, purpose, channel), strict=True)
            ),
            now.get(channel, 0),
        ]
        for channel in channels
    }


def _at(moments: Sequence[datetime], purpose: Purpose, channel: str) -> list[int]:
    if not moments:
        return []
    with over_many() as cursor:
        _query(moments, purpose, channel).on(cursor)
        return list(cursor.fetchone())


def _query(moments: Sequence[datetime], purpose: Purpose, channel: str) -> Sql:
    known = Sql("SELECT profile_id, address FROM known")
    bits = (1 << n for n in range(len(moments)))
    return sql(
        _COUNTED,
        addresses=addresses_of(Sql("everybody"), channel),
        spans=standing_spans(known, purpose=purpose, channel=channel),
        counts=COMMA.joined(Sql(f"count(*) FILTER (WHERE bits & {bit} <> 0)") for bit in bits),
        kind=contact_kind(channel),
        levels=levels_for(purpose),
        moments=list(moments),
    )

"""Whose opens and clicks could be measured: the base of a report's rates."""

from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.utils.timezone import localdate

from campaigns.models import Campaign
from campaigns.plan import channel_of
from config.postgres.sql import EMPTY, FALSE, Sql, sql
from consent.ledger.acts import BLOCKING
from consent.ledger.spans import over_many, standing_spans
from consent.ledger.standing import standing
from consent.models import Purpose
from consent.models.purpose import MEASURING
from consent.policy.places import group_of
from consent.policy.resolving import policy_table
from consent.policy.terms import OFF, ON, PERMISSION, TRACKING

MANY = 1_000  # people; fewer are looked up one by one in the ledger


@dataclass(frozen=True)
class MeasuredCounts:
    """`measured` could be measured, `unmeasured` got it without; opens that nobody can tell."""

    measured: int = 0
    unmeasured: int = 0
    unknown_opened: int = 0

    def __add__(self, other: "MeasuredCounts") -> "MeasuredCounts":
        return MeasuredCounts(
            self.measured + other.measured,
            self.unmeasured + other.unmeasured,
            self.unknown_opened + other.unknown_opened,
        )


# What the letter asks when it is written: permission for measuring, and no service mail. Whoever
# was seen was measured, whatever the ledger says by now.
_MEASURED = """
WITH written AS MATERIALIZED (
    SELECT m.id, m.profile_id, m.address, m.variant, m.is_marketing, m.sent_at,
           m.state IN ('sent', 'delivered') AS is_delivered,
           (m.opened_at IS NOT NULL OR m.machine_opened_at IS NOT NULL OR m.clicked_at IS NOT NULL
            OR m.machine_clicked_at IS NOT NULL OR m.data ? 'unknown_open') AS is_seen,
           (m.data ? 'unknown_open' AND m.opened_at IS NULL AND m.machine_opened_at IS NULL)
               AS is_unknown
    FROM message m
    WHERE {which} AND NOT m.is_test
      AND m.state IN ('sent', 'delivered', 'bounced', 'failed', 'unknown')
), allowed AS MATERIALIZED (
    SELECT DISTINCT w.id FROM written w JOIN ({spans}) s
      ON s.profile_id = w.profile_id AND s.address = w.address
     AND s.since <= w.sent_at AND (s.until IS NULL OR s.until > w.sent_at)
    WHERE w.is_delivered AND w.is_marketing
), judged AS (
    SELECT w.id, w.variant, w.is_delivered, w.is_unknown, w.is_seen OR {measured} AS is_measured
    FROM written w LEFT JOIN allowed a USING (id) {people}
)
{answer}
"""
_COUNTS = Sql("""SELECT variant, count(*) FILTER (WHERE is_measured),
       count(*) FILTER (WHERE is_delivered AND NOT is_measured),
       count(*) FILTER (WHERE is_unknown)
FROM judged GROUP BY 1""")
_IDS = {
    True: Sql("SELECT id FROM judged WHERE is_measured"),
    False: Sql("SELECT id FROM judged WHERE is_delivered AND NOT is_measured"),
}
_PEOPLE = Sql("JOIN profile p ON p.id = w.profile_id")
_ALLOWED = Sql("a.id IS NOT NULL")
_NOT_REFUSED = """(w.is_marketing AND w.is_delivered AND NOT EXISTS (SELECT 1 FROM ({standing}) s
    WHERE s.profile_id = w.profile_id AND s.purpose_id = {purpose} AND s.channel = {channel}
      AND s.contact_point IN ('', w.address) AND s.status = ANY({blocking})))"""
_ADDRESSES = Sql("SELECT DISTINCT profile_id, address FROM written WHERE is_marketing")


def measured_by_variant(campaign: Campaign, audience: int = 0) -> dict[str, MeasuredCounts]:
    """By variant, who could be measured when the mail left; `audience` says how many are asked.

    Two queries.
    """
    query = _of_campaign(campaign, _COUNTS)
    if query is None:
        return {}
    with over_many() if audience > MANY else connection.cursor() as cursor:
        query.on(cursor)
        return {variant: MeasuredCounts(*counts) for variant, *counts in cursor.fetchall()}


def messages_measured(campaign: Campaign, *, is_measured: bool) -> Sql | None:
    """A query for the ids of the messages that count as measured, or of the others that were
    delivered: whom the numbers of the report are about.
    """
    return _of_campaign(campaign, _IDS[is_measured])


def unmeasured(which: Sql, channel: str) -> Sql | None:
    """A query for the ids of the delivered messages `m` of the test `which` that do not count as
    measured, by the policies of today; None where nothing is measured at all.
    """
    return _asked(which, channel, None, _IDS[False])


def _of_campaign(campaign: Campaign, answer: Sql) -> Sql | None:
    """The policies are those of now, on the day of the launch: whom they let be seen less since was
    seen or not by then, and who was seen counts.
    """
    day = localdate(campaign.launched_at) if campaign.launched_at else None
    which = sql("m.campaign_id = {campaign}", campaign=campaign.pk)
    return _asked(which, channel_of(campaign), day, answer)


def _asked(which: Sql, channel: str, day: date | None, answer: Sql) -> Sql | None:
    purpose = Purpose.objects.filter(slug=MEASURING).first()
    if purpose is None:
        return None
    by_place = _by_place(channel, day, purpose)
    return sql(
        _MEASURED,
        spans=standing_spans(_ADDRESSES, purpose=purpose, channel=channel),
        which=which,
        measured=by_place or _ALLOWED,
        people=_PEOPLE if by_place else EMPTY,
        answer=answer,
    )


def _by_place(channel: str, day: date | None, measuring: Purpose) -> Sql | None:
    """By the policy of where each lives; None where it is permission everywhere."""
    marketing = Purpose(purpose_class=Purpose.Class.MARKETING)
    groups = policy_table().groups((TRACKING,), channel, marketing, day)
    said = [terms.get(TRACKING) or PERMISSION for _codes, terms in groups.groups]
    if set(said) == {PERMISSION}:
        return None
    tests = {PERMISSION: _ALLOWED, OFF: FALSE}
    tests[ON] = sql(
        _NOT_REFUSED,
        standing=standing(),
        purpose=measuring.pk,
        channel=channel,
        blocking=list(BLOCKING),
    )
    return sql(
        "(CASE {group} {branches} END)",
        group=group_of("p", groups.named, others=groups.others, unknown=groups.unknown),
        branches=Sql(" ").joined(
            sql("WHEN {n} THEN {test}", n=Sql(str(n)), test=tests[how])
            for n, how in enumerate(said)
        ),
    )

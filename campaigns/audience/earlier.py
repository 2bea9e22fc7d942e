"""Who of an audience got the same mail before, or marketing lately: what a launch would repeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from campaigns.gate.expression import Terms
from campaigns.plan import Plan
from config.postgres.sql import Sql, ids_of, run, sql
from config.workspace.frequency import CHANNEL
from profiles.people.lineage import ids_ever

SAME_MAIL_DAYS = 30
SAME, LATELY = "same", "lately"
KINDS: Final = (SAME, LATELY)
WENT = ("queued", "handing_over", "sent", "delivered", "unknown")


@dataclass(frozen=True)
class Earlier:
    """People who would get the mail but for the contact frequency, and what they got already.

    `of`: how many those are. `same`: got this same mail in the last SAME_MAIL_DAYS days; `lately`:
    marketing on this channel within `days` calendar days. `..._capped`: those of them whom the
    contact frequency leaves out.
    """

    of: int = 0
    same: int = 0
    same_capped: int = 0
    lately: int = 0
    lately_capped: int = 0
    days: int = 1


# What is read of a body: without the preheader, which the editor puts where its own place is, and
# however it is broken into lines. One branch a pattern, since `|` makes a whole pattern greedy.
_READ = (
    "regexp_replace(regexp_replace(regexp_replace({},"
    " '<mj-preview[^>]*?>.*?</mj-preview>', '', 'i'),"
    " '<div data-preheader[^>]*?>.*?</div>', '', 'i'), '\\s+', '', 'g')"
)
_BODY = (
    "coalesce(nullif(k.content->>'mjml', ''), nullif(k.content->>'html', ''),"
    " nullif(k.content->>'text', ''))"
)
# The same subject or the same body: a copy keeps at least one of them, whatever its name.
_SAME_CAMPAIGNS = """
SELECT DISTINCT c.id
FROM campaign c
JOIN campaign_version v ON v.id = c.current_id
CROSS JOIN LATERAL jsonb_array_elements(
    CASE WHEN jsonb_typeof(v.steps) = 'array' THEN v.steps ELSE '[]' END) s
CROSS JOIN LATERAL (
    SELECT s->'content' AS content
    UNION ALL
    SELECT w->'content' FROM jsonb_array_elements(
        CASE WHEN jsonb_typeof(s->'variants') = 'array' THEN s->'variants' ELSE '[]' END) w) k
WHERE c.launched_at >= {since} AND c.id <> {own} AND s->>'channel' = {channel}
  AND (lower(regexp_replace(btrim(k.content->>'subject'), '\\s+', ' ', 'g')) = ANY({subjects})
       OR {read_body} IN (
           SELECT {read_given} FROM unnest({bodies}::text[]) given))
"""


def same_campaigns(plan: Plan, terms: Terms) -> list[int]:
    """Campaigns launched lately that sent the same mail; one query."""
    contents = [one.get("content") for one in plan.step.get("variants") or [plan.step]]
    known = [one for one in contents if isinstance(one, Mapping)]
    subjects = [" ".join(str(one.get("subject") or "").split()).lower() for one in known]
    bodies = [next((one[n] for n in ("mjml", "html", "text") if one.get(n)), "") for one in known]
    query = sql(
        _SAME_CAMPAIGNS,
        read_body=Sql(_READ.format(_BODY)),
        read_given=Sql(_READ.format("given")),
        since=terms.now - timedelta(days=SAME_MAIL_DAYS),
        own=terms.campaign_id,
        channel=terms.channel,
        subjects=[subject for subject in subjects if subject],
        bodies=[body for body in bodies if body],
    )
    return ids_of(run(query))


# tests on the judged people `j`: index look-ups under their ids, as many as there are people
_SAME = f"""EXISTS (SELECT 1 FROM message m WHERE m.profile_id IN ({ids_ever("j.profile_id")})
        AND m.owner_id IS NULL AND m.campaign_id = ANY({{same_campaigns}})
        AND m.queued_at >= {{same_since}} AND m.state = ANY({{went}}))"""  # noqa: S608 - our own
_LATELY = """EXISTS (SELECT 1 FROM contact_count k WHERE k.profile_id = j.profile_id
        AND k.channel = {channel} AND k.tag = '' AND k.n > 0
        AND k.day > {lately_day} - {lately_days}::int)"""
WOULD_GET = Sql("j.reason IN ('', 'capped')")


def lately_days(terms: Terms) -> int:
    """The window of the contact frequency on the channel; today, where there is none."""
    return max((one.per_days for one in terms.caps if one.scope == CHANNEL), default=1)


def got_before(plan: Plan, terms: Terms) -> dict[str, Sql]:
    """For each of KINDS the test on the judged people `j`: who got such a mail already."""
    same = sql(
        _SAME,
        same_campaigns=same_campaigns(plan, terms),
        same_since=terms.now - timedelta(days=SAME_MAIL_DAYS),
        went=list(WENT),
    )
    lately = sql(
        _LATELY,
        channel=terms.channel,
        lately_day=Sql("j.day") if terms.is_marketing else _workspace_day(terms),
        lately_days=lately_days(terms),
    )
    return {SAME: same, LATELY: lately}


def _workspace_day(terms: Terms) -> Sql:
    day = "({now}::timestamptz AT TIME ZONE {zone})::date"
    return sql(day, now=terms.now, zone=terms.zone)

"""Who was in a campaign: the one answer, whether its steps enrolled people or not.

A campaign that ends with its first message keeps that message alone; on a longer way somebody has
an enrolment. A person was in whenever who they ever were was (`profiles.people.lineage`): messages
stay under the key by which they were written, enrolments go with the person.
"""

from collections.abc import Mapping
from typing import Any

from campaigns.models import Campaign
from config.postgres.sql import Sql, run, sql
from profiles.people.lineage import ids_ever

# by two look-ups under the person's own keys, whatever the size of the campaign
_NOT_IN_YET = """NOT EXISTS (SELECT 1 FROM enrolment o WHERE o.profile_id = {person}
        AND o.campaign_id = {campaign})
    AND NOT EXISTS (SELECT 1 FROM message o WHERE o.profile_id IN ({ever})
        AND o.owner_id IS NULL AND o.campaign_id = {campaign} AND NOT o.is_test)"""
_AT = """
SELECT e.campaign_version_id, e.step, count(*) FROM enrolment e
WHERE e.campaign_id = {campaign} AND e.ended_at IS NULL GROUP BY 1, 2
"""
_DECIDED = """
SELECT t.from_step, t.decided, count(*) FROM enrolment_transition t
WHERE t.campaign_id = {campaign} GROUP BY 1, 2
"""
_ENDED = """
SELECT count(*), count(*) FILTER (WHERE ended_at IS NULL),
       count(*) FILTER (WHERE arm = 'control'), count(*) FILTER (WHERE end_reason = 'frozen'),
       count(*) FILTER (WHERE end_reason = 'objected')
FROM enrolment WHERE campaign_id = {campaign}
"""


def not_in_yet(campaign: Campaign, person: Sql) -> Sql:
    """A test on a person of today (an expression): nobody they ever were was in."""
    ever = Sql(ids_ever(person.text), person.params * 2)
    return sql(_NOT_IN_YET, person=person, campaign=campaign.pk, ever=ever)


def people_in(campaign: Campaign) -> Mapping[str, int]:
    """Of a campaign with enrolments: `entered`, `inside`, `control`, `frozen`, `objected`.

    One query.
    """
    (row,) = run(sql(_ENDED, campaign=campaign.pk))
    return dict(zip(("entered", "inside", "control", "frozen", "objected"), row, strict=True))


def people_at(campaign: Campaign) -> dict[str, int]:
    """By step, who is there now, of any version. One query."""
    found: dict[str, int] = {}
    for _version, step, count in run(sql(_AT, campaign=campaign.pk)):
        found[step] = found.get(step, 0) + count
    return found


def decided_at(campaign: Campaign) -> dict[str, dict[str, int]]:
    """By step, what was decided of how many. One query."""
    found: dict[str, dict[Any, int]] = {}
    for step, decided, count in run(sql(_DECIDED, campaign=campaign.pk)):
        found.setdefault(step, {})[decided] = count
    return found

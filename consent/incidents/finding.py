"""Whom it touched: by the audit trail of what was looked at, by what came in, by what went out.

A look names a person, or (a list, a search, an answer of the API) all whom it showed, or a request
of theirs (its page, the archive of all their data). People are
counted as who they are today; who was erased since is counted by the number of an emptied row.
"""

from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from config.postgres.sql import Sql, one, run, sql
from config.workspace import audit
from consent.models import Incident
from profiles.models import Profile

MOST_FIELDS: Final = 60
# (person, action, fields)
_TRAIL: Final = """
WITH looks AS MATERIALIZED (
    SELECT e.id, e.action, e.fields, e.profile_id, e.target_kind, e.target FROM audit_entry e
    WHERE e.at >= {since} AND e.at < {until} AND e.actor_kind = {kind} AND e.actor_id = {subject}
)
SELECT l.profile_id AS person, l.action, l.fields FROM looks l WHERE l.profile_id IS NOT NULL
UNION ALL
SELECT n.person, l.action, l.fields FROM looks l JOIN audited_people p ON p.entry_id = l.id
CROSS JOIN LATERAL unnest(p.profile_ids) AS n(person)
UNION ALL
SELECT r.profile_id, l.action, l.fields FROM looks l
JOIN privacy_request r ON r.public_id::text = l.target
WHERE l.target_kind = 'privacy_request' AND l.profile_id IS NULL AND r.profile_id IS NOT NULL
"""
_CAME_IN: Final = """
SELECT e.profile_id AS person, e.name AS action,
       ARRAY(SELECT jsonb_object_keys(e.properties)) AS fields
FROM event e WHERE e.source_id = {subject} AND e.received_at >= {since} AND e.received_at < {until}
UNION ALL
SELECT t.profile_id, 'identify', ARRAY[t.name] FROM profile_trait t
WHERE t.source_id = {subject} AND t.set_at >= {since} AND t.set_at < {until}
"""
_WENT_OUT: Final = """
SELECT n.person, d.event AS action, ARRAY[]::text[] AS fields FROM webhook_delivery d
CROSS JOIN LATERAL unnest(d.people) AS n(person)
WHERE d.webhook_id = {subject} AND d.delivered_at >= {since} AND d.delivered_at < {until}
"""
_NAMELESS: Final = """
SELECT count(*) FROM audit_entry e
WHERE e.at >= {since} AND e.at < {until} AND e.actor_kind = {kind} AND e.actor_id = {subject}
  AND e.action = ANY({lists}::text[]) AND e.profile_id IS NULL
  AND NOT EXISTS (SELECT FROM audited_people p WHERE p.entry_id = e.id)
"""
LISTS: Final = ("profile.listed", "profile.searched", "search", "message.listed", "event.listed")
_PEOPLE: Final = """
SELECT DISTINCT coalesce(h.merged_into_id, h.id) AS id FROM ({touched}) x
JOIN profile h ON h.id = x.person
"""
_BY_COUNTRY: Final = """
SELECT p.country, count(*), count(*) FILTER (WHERE p.state = 'erased')
FROM ({people}) n JOIN profile p ON p.id = n.id GROUP BY 1 ORDER BY 2 DESC, 1
"""
_BY_FIELD: Final = """
SELECT f.field, count(DISTINCT x.person) FROM ({touched}) x
CROSS JOIN LATERAL unnest(x.fields) AS f(field) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {most}
"""
_BY_ACTION: Final = """
SELECT x.action, count(*), count(DISTINCT x.person) FROM ({touched}) x
GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT {most}
"""


def touched(incident: Incident) -> Sql:
    """A query of (person, action, fields), a row a look; people under the numbers of then."""
    return sql(
        _QUERIES[incident.kind],
        since=incident.since,
        until=incident.until,
        kind=incident.kind,
        subject=incident.subject_id,
    )


_QUERIES: Final = {
    Incident.Kind.USER.value: _TRAIL,
    Incident.Kind.API_KEY.value: _TRAIL,
    Incident.Kind.SOURCE.value: _CAME_IN,
    Incident.Kind.WEBHOOK.value: _WENT_OUT,
}


def people_of(incident: Incident) -> Sql:
    """A query of the people, each once, as who they are today."""
    return sql(_PEOPLE, touched=touched(incident))


def public_ids(incident: Incident) -> list[str]:
    """The ids of the people who can still be told, for a list."""
    rows = Profile.objects.living().filter(id__in=people_of(incident).raw())
    return [str(one_) for one_ in rows.order_by("pk").values_list("public_id", flat=True)]


@transaction.atomic
def count(incident: Incident) -> dict[str, Any]:
    """Count it anew, and keep the numbers. Five statements."""
    looked, people = touched(incident), people_of(incident)
    countries = run(sql(_BY_COUNTRY, people=people))
    counted = {
        "people": sum(n for _country, n, _gone in countries),
        "erased": sum(gone for _country, _n, gone in countries),
        "countries": [[country, n] for country, n, _gone in countries],
        "fields": [list(row) for row in run(sql(_BY_FIELD, touched=looked, most=MOST_FIELDS))],
        "actions": [list(row) for row in run(sql(_BY_ACTION, touched=looked, most=MOST_FIELDS))],
        "nameless": _nameless(incident),
    }
    incident.counted, incident.counted_at = counted, timezone.now()
    incident.save(update_fields=["counted", "counted_at"])
    audit.record("incident.counted", "incident", str(incident.public_id))
    return counted


def _nameless(incident: Incident) -> int:
    """Lists of which is not kept whom they showed."""
    if incident.kind not in (Incident.Kind.USER, Incident.Kind.API_KEY):
        return 0
    query = sql(
        _NAMELESS,
        since=incident.since,
        until=incident.until,
        kind=incident.kind,
        subject=incident.subject_id,
        lists=list(LISTS),
    )
    return int(one(query)[0])

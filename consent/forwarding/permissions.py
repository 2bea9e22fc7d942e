"""What webhooks are told of permissions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from config.postgres.sql import sql
from config.workspace.outgoing.kinds import KINDS, EventKind
from config.workspace.outgoing.notices import listening, tell_query
from consent.models.ledger import ConsentStatus
from profiles.people.forwarding import about_one

CHANGED: Final = "consent.changed"
STOPS: Final = (
    ConsentStatus.DENIED.value,
    ConsentStatus.WITHDRAWN.value,
    ConsentStatus.EXPIRED.value,
)
# how an ISO time in UTC is written
UTC_TEXT: Final = """'YYYY-MM-DD"T"HH24:MI:SS"Z"'"""
_FACTS: Final = f"""
SELECT jsonb_build_object('entry', e.id, 'purpose', p.slug, 'topic', t.slug, 'channel', e.channel,
           'said', e.status, 'status', g.state, 'basis', e.basis,
           'at', to_char(e.at AT TIME ZONE 'UTC', {UTC_TEXT})) AS data,
       ARRAY[e.profile_id] AS people, NULL::bytea AS sealed
FROM unnest({{profiles}}::bigint[], {{ids}}::bigint[], {{states}}::text[])
     AS g(profile_id, id, state)
JOIN consent_entry e ON e.profile_id = g.profile_id AND e.id = g.id
JOIN purpose p ON p.id = e.purpose_id LEFT JOIN topic t ON t.id = e.topic_id
WHERE e.outcome = 'recorded'
ORDER BY e.id
"""  # noqa: S608 - pieces of ours


def changed(profiles: Sequence[int], ids: Sequence[int], states: Sequence[str]) -> None:
    """Of these entries those that count, with the state after each. Two statements at most."""
    if ids and (webhooks := listening(CHANGED)):
        facts = sql(_FACTS, profiles=list(profiles), ids=list(ids), states=list(states))
        tell_query(CHANGED, facts, webhooks)


def _stops(data: Mapping[str, Any]) -> bool:
    return data.get("status") in STOPS


KINDS.register(CHANGED, order=20)(
    EventKind(
        _("Permissions"),
        _("Permission changed"),
        _(
            "Something was said of a permission that counts: “said”; “status” is what stands after "
            "it. No address is named."
        ),
        {
            "person": "6f1c6f0e-5a2b-4c0e-9b1d-0d5f3d7d3a11",
            "entry": 4711,
            "purpose": "marketing",
            "topic": None,
            "channel": "email",
            "said": "withdrawn",
            "status": "withdrawn",
            "basis": "consent",
            "at": "2026-11-27T09:30:00Z",
        },
        about_one(_stops),
        _("Of restricted people only refusals."),
    )
)

"""What webhooks are told of messages and campaigns."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from config.postgres.sql import sql
from config.workspace.outgoing.kinds import KINDS, EventKind
from config.workspace.outgoing.notices import listening, tell, tell_query
from profiles.people.forwarding import about_one
from profiles.people.told import ALL

BOUNCED: Final = "message.bounced"
UNSUBSCRIBED: Final = "message.unsubscribed"
FINISHED: Final = "campaign.finished"
_FACTS: Final = """
SELECT jsonb_build_object('message', m.public_id, 'channel', m.channel, 'campaign', c.slug) AS data,
       ARRAY[coalesce(m.owner_id, m.profile_id)] AS people, NULL::bytea AS sealed
FROM message m LEFT JOIN campaign c ON c.id = m.campaign_id
WHERE m.profile_id = ANY({profiles}::bigint[]) AND m.id = ANY({messages}::bigint[])
ORDER BY m.id
"""


def of_messages(event: str, profiles: Collection[int], messages: Collection[int]) -> None:
    """The same of each of these messages; by the ids under which they stand."""
    if messages and (webhooks := listening(event)):
        facts = sql(_FACTS, profiles=sorted(profiles), messages=sorted(messages))
        tell_query(event, facts, webhooks)


def finished(campaign: Campaign) -> None:
    """Nobody is on the way any more."""
    tell(FINISHED, [({"campaign": campaign.slug, "name": campaign.name}, [])])


def _always(data: Mapping[str, Any]) -> bool:
    """It makes others stop."""
    return True


MESSAGES: Final = _("Messages and campaigns")
_EXAMPLE: Final = {
    "person": "6f1c6f0e-5a2b-4c0e-9b1d-0d5f3d7d3a11",
    "message": "e2f6d7c1-8d27-4a44-9f57-9d8a2f1b6c55",
    "channel": "email",
    "campaign": "autumn-arrivals",
}
KINDS.register(BOUNCED, order=50)(
    EventKind(
        MESSAGES,
        _("Message bounced"),
        _("The other side refused it for good; the address is suppressed."),
        _EXAMPLE,
        about_one(_always),
        ALL,
    )
)
KINDS.register(UNSUBSCRIBED, order=51)(
    EventKind(
        MESSAGES,
        _("Unsubscribed"),
        _("Somebody left by a link or button of a message."),
        _EXAMPLE,
        about_one(_always),
        ALL,
    )
)
KINDS.register(FINISHED, order=52)(
    EventKind(
        MESSAGES,
        _("Campaign finished"),
        _("Everybody in it has an outcome."),
        {"campaign": "autumn-arrivals", "name": "Autumn arrivals"},
    )
)

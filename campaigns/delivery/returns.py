"""What a provider says of messages that it took before: that they bounced after all, or arrived.

The end of a channel's interface (`Channel.read`): whoever receives a provider's words, by mailbox
or by web hook, hands them to `take_in`. Nothing receives any yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from campaigns.channels.base import BOUNCED, Channel, Returned, channel_of
from campaigns.delivery.bounces import note_bounces
from campaigns.delivery.claims import storable
from campaigns.delivery.references import find
from campaigns.people.announcing import announce_states
from config.postgres.sql import run, sql
from profiles.people.lineage import today_of

# said twice changes nothing
_SAID = """
UPDATE message t SET
    state = g.state,
    reason = CASE WHEN g.state = 'bounced' THEN g.word ELSE '' END,
    sent_at = coalesce(t.sent_at, {now}),
    bounced_at = CASE WHEN g.state = 'bounced' THEN {now} ELSE t.bounced_at END
FROM unnest({profiles}::bigint[], {messages}::bigint[], {states}::text[], {words}::text[])
     AS g(profile_id, id, state, word)
WHERE t.profile_id = g.profile_id AND t.id = g.id
  AND t.state = ANY(CASE WHEN g.state = 'bounced' THEN ARRAY['sent', 'delivered', 'unknown']
                         ELSE ARRAY['sent', 'unknown'] END)
RETURNING t.profile_id, t.id, coalesce(t.owner_id, t.profile_id), t.address, t.campaign_id, t.state,
          g.word
"""


@dataclass(frozen=True)
class _Message:
    profile_id: int
    message_id: int
    person_id: int
    address: str
    campaign_id: int | None
    word: str


def take_in(name: str, body: bytes) -> int:
    """Note what came from the provider of this channel; how many messages it changed.

    One look-up by reference for all of it. What names no message of ours, or says again what is
    known, changes nothing. Raises LookupError, ValueError.
    """
    channel = channel_of(name)
    return note(name, channel, channel.read(body))


@transaction.atomic
def note(name: str, channel: Channel, returned: Sequence[Returned]) -> int:
    """The same for what was read already."""
    known = find(name, [one.reference for one in returned])
    said = {known[one.reference]: one for one in returned if one.reference in known}
    keys = sorted(said)
    rows = run(
        sql(
            _SAID,
            now=timezone.now(),
            profiles=[profile for profile, _message in keys],
            messages=[message for _profile, message in keys],
            states=[said[key].kind for key in keys],
            words=[storable(said[key].word) for key in keys],
        )
    )
    announce_states([(row[2], row[5]) for row in rows])
    bounced = [row for row in rows if row[5] == BOUNCED]
    today = today_of([row[2] for row in bounced])
    found = [
        _Message(profile, message, today[owner], address, campaign, word)
        for profile, message, owner, address, campaign, _state, word in bounced
    ]
    found.sort(key=lambda one: (one.campaign_id or 0, one.profile_id))
    for campaign_id, group in groupby(found, key=lambda one: one.campaign_id):
        part = [(one, one.word) for one in group]
        note_bounces(name, channel.bounced_event, campaign_id, part)
    return len(rows)

"""What waited may come into hours in which its person may not be reached: it waits until they end.

The hours are asked when a message is queued; a server that was away, a throttle or a pause may have
it leave later than that. Where they are over too late for it, or the campaign drops what comes at
night, it is not sent.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from campaigns.channels.base import Letter
from campaigns.delivery.claims import Chunk
from campaigns.delivery.letters import place_of_letter
from campaigns.gate.contact_counts import ENDED, give_back
from campaigns.gate.legal_hours import SendingHours
from campaigns.models.message import HELD
from config.postgres.sql import run, sql

_HOLD = """
WITH given AS (
    SELECT * FROM unnest({profiles}::bigint[], {messages}::bigint[], {untils}::timestamptz[])
         AS g(profile_id, id, until)
    WHERE EXISTS (SELECT 1 FROM message_chunk WHERE id = {chunk} AND lease = {lease})
), ended AS (
    UPDATE message t
       SET state = CASE WHEN {hold} AND g.until < t.expires_at THEN 'queued' ELSE 'excluded' END,
           reason = CASE WHEN {hold} AND g.until < t.expires_at THEN '' ELSE 'quiet_hours' END,
           due_at = g.until,
           decided_at = CASE WHEN {hold} AND g.until < t.expires_at THEN NULL ELSE now() END,
           data = t.data || jsonb_build_object({held}, g.until)
    FROM given g
    WHERE t.profile_id = g.profile_id AND t.id = g.id AND t.state = 'queued'
    RETURNING {ended}
), {give_back}
SELECT count(*) FROM ended
"""


def closed(
    letters: Sequence[Letter], hours: SendingHours | None, now: datetime
) -> dict[int, datetime]:
    """Whom nobody may reach at `now`, by message, and when that ends."""
    if hours is None:
        return {}
    asked = ((letter.message_id, _until(letter, hours, now)) for letter in letters)
    return {number: until for number, until in asked if until}


def _until(letter: Letter, hours: SendingHours, now: datetime) -> datetime | None:
    zone = letter.person[2]["time_zone"] if letter.person else ""
    return hours.until(now, place_of_letter(letter), zone)


def hold(
    chunk: Chunk, letters: Sequence[Letter], untils: Mapping[int, datetime], *, hold: bool
) -> None:
    """Those of `letters` that are in `untils` wait until then, or are not sent: one statement.

    Nothing is held once the lease is another's.
    """
    held = [letter for letter in letters if letter.message_id in untils]
    run(
        sql(
            _HOLD,
            chunk=chunk.id,
            lease=chunk.lease,
            hold=hold,
            held=HELD,
            ended=ENDED,
            give_back=give_back(),
            profiles=[letter.profile_id for letter in held],
            messages=[letter.message_id for letter in held],
            untils=[untils[letter.message_id] for letter in held],
        )
    )

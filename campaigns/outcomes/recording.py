"""Opens, clicks and unsubscribes written on the message and told as events on the person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Message
from campaigns.outcomes import told
from campaigns.outcomes.agents import HUMAN, MACHINE
from campaigns.outcomes.events import Happened, tell
from campaigns.people.announcing import announce_status
from profiles.people.lineage import today_id

BURST = timedelta(seconds=5)  # clicks on so many different links within this are a scanner's
BURST_LINKS = 3


@dataclass(frozen=True)
class NamedMessage:
    """A message that a token names, with what a request needs of it."""

    profile_id: int
    message_id: int
    campaign_id: int | None
    content_version_id: int | None
    address: str
    channel: str
    owner_id: int | None = None

    @property
    def person_id(self) -> int:
        """Whose it is today. One query."""
        return today_id(self.owner_id or self.profile_id)


def find_sent(profile_id: int, message_id: int) -> NamedMessage | None:
    """One look-up by (profile, id); after a merge the message still stands where it was written."""
    rows = Message.objects.filter(profile_id=profile_id, id=message_id).values_list(
        "profile_id", "id", "campaign_id", "content_version_id", "address", "channel", "owner_id"
    )
    row = rows.first()
    return NamedMessage(*row) if row else None


_OPENED = """
UPDATE message SET opened_at = coalesce(opened_at, CASE WHEN %(who)s = 'human' THEN %(at)s END),
       machine_opened_at = coalesce(machine_opened_at,
                                    CASE WHEN %(who)s = 'machine' THEN %(at)s END),
       data = CASE WHEN %(who)s = 'unknown' THEN data || '{"unknown_open": true}' ELSE data END
WHERE profile_id = %(profile)s AND id = %(message)s
  AND (%(who)s = 'human' AND opened_at IS NULL OR %(who)s = 'machine' AND machine_opened_at IS NULL
       OR %(who)s = 'unknown' AND NOT data ? 'unknown_open')
"""


@transaction.atomic
def record_open(sent: NamedMessage, who: str, at: datetime | None = None) -> bool:
    """The first open of its kind; later ones change nothing. True where it was the first."""
    at = at or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _OPENED,
            {"who": who, "at": at, "profile": sent.profile_id, "message": sent.message_id},
        )
        first = bool(cursor.rowcount > 0)
    if first and who == HUMAN:
        _tell(sent, "Email Opened", at, "open")
    return first


# `clicks` holds the last few [link, ISO time, whether by a person]: a burst is told from them, and
# which link people followed (`campaigns.outcomes.parts.by_link`)
_CLICKED = """
UPDATE message SET clicked_at = coalesce(clicked_at, CASE WHEN %(human)s THEN %(at)s END),
       machine_clicked_at = coalesce(machine_clicked_at, CASE WHEN NOT %(human)s THEN %(at)s END),
       data = data || jsonb_build_object('clicks',
           (coalesce(data->'clicks', '[]') || jsonb_build_array(jsonb_build_array(%(link)s::int,
            %(at)s::timestamptz, %(human)s::boolean)))
           - CASE WHEN jsonb_array_length(coalesce(data->'clicks', '[]')) > 29
            THEN 0 ELSE 99 END)
WHERE profile_id = %(profile)s AND id = %(message)s
RETURNING data->'clicks'
"""
_BURST = """
UPDATE message SET machine_clicked_at = coalesce(machine_clicked_at,
           CASE WHEN clicked_at >= %(since)s THEN clicked_at END, %(at)s),
       clicked_at = CASE WHEN clicked_at < %(since)s THEN clicked_at END,
       data = data || jsonb_build_object('clicks', %(clicks)s::jsonb)
WHERE profile_id = %(profile)s AND id = %(message)s
"""


@transaction.atomic
def record_click(
    sent: NamedMessage, link: int, url: str, who: str, at: datetime | None = None
) -> None:
    """A click by a person or a machine; many links within seconds turn out to be a machine's.

    Each click of a person is an event, once a link; the message keeps the first.
    """
    import json  # noqa: PLC0415

    at = at or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _CLICKED,
            {
                "human": who == HUMAN,
                "at": at,
                "link": link,
                "profile": sent.profile_id,
                "message": sent.message_id,
            },
        )
        row = cursor.fetchone()
        if row is None:
            return
        clicks = json.loads(row[0]) if isinstance(row[0], str) else row[0]
        recent = [datetime.fromisoformat(click[1]) >= at - BURST for click in clicks]
        links = {click[0] for click, is_recent in zip(clicks, recent, strict=True) if is_recent}
        if len(links) >= BURST_LINKS:
            told_apart = [
                [*click[:2], False] if is_recent else click
                for click, is_recent in zip(clicks, recent, strict=True)
            ]
            values: dict[str, Any] = {
                "since": at - BURST,
                "at": at,
                "clicks": json.dumps(told_apart),
            }
            values |= {"profile": sent.profile_id, "message": sent.message_id}
            cursor.execute(_BURST, values)
            announce_status([sent.person_id], "clicked")
            who = MACHINE
    if who == HUMAN:
        once = f"click:{link}:{at:%Y%m%d%H%M}"
        _tell(sent, "Email Link Clicked", at, once, link=url, link_index=link)


@transaction.atomic
def record_unsubscribe(sent: NamedMessage, at: datetime | None = None) -> None:
    """The message by which somebody left; told once."""
    at = at or timezone.now()
    rows = Message.objects.filter(profile_id=sent.profile_id, id=sent.message_id)
    if rows.filter(unsubscribed_at=None).update(unsubscribed_at=at):
        _tell(sent, "Unsubscribed", at, "unsubscribe")
        told.of_messages(told.UNSUBSCRIBED, [sent.profile_id], [sent.message_id])


def _tell(sent: NamedMessage, name: str, at: datetime, once: str, **properties: Any) -> None:
    event = Happened(name, sent.person_id, sent.message_id, properties, at, once)
    tell([event], [sent.profile_id])

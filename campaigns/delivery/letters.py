"""From queued rows to finished mails: all of a chunk is read at once, then written one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import django.db
import msgspec
from django.conf import settings
from django.db import connection

from campaigns.channels.email import Mail, with_crlf
from campaigns.content.addresses import wire_domain
from campaigns.content.render import Compiled
from campaigns.content.sandbox import calls
from campaigns.delivery.claims import GIVEN, OWN_LINKS, Chunk
from campaigns.models import CampaignVersion, ContentVersion, Sender
from campaigns.selectors.whose import JOIN_OWNER, PERSON
from campaigns.services.senders import default_sender
from config.postgres.sql import ids_of, run, sql
from config.workspace import tokens
from config.workspace.selectors import workspace
from consent.models import Purpose, Topic
from consent.selectors.reach import judged_addresses

MEASURING = "measuring"


@dataclass(frozen=True)
class Letterhead:
    """What all mails of one content version share, as it is now."""

    compiled: Compiled
    purpose: Purpose
    topic_id: int | None
    sender: Sender
    fixed: dict[str, Any]
    campaign: str
    per_second: float
    # of a campaign: who may get it and until when, as it was launched
    segment: str = ""
    goal: dict[str, Any] | None = None
    launched_at: datetime | None = None

    @property
    def is_marketing(self) -> bool:
        """Whether the mail carries a way out and may be measured."""
        return self.purpose.purpose_class == Purpose.Class.MARKETING


@dataclass(frozen=True)
class _Kept:
    """What never changes of one content version: kept by the process."""

    compiled: Compiled
    purpose_id: int
    version: CampaignVersion | None
    step: dict[str, Any]


@lru_cache(maxsize=256)
def _kept(content_version_id: int) -> _Kept:
    row = ContentVersion.objects.select_related("version__campaign").get(pk=content_version_id)
    steps: list[dict[str, Any]] = row.version.steps if row.version else []
    step = next((one for one in steps if one["id"] == row.step), {})
    return _Kept(Compiled(**row.compiled), row.purpose_id, row.version, step)


def _sender(version: CampaignVersion | None) -> Sender | None:
    if version is None:
        return default_sender()
    if version.sender_id is None:
        return None
    return Sender.objects.filter(pk=version.sender_id).first()


def letterhead(content_version_id: int) -> Letterhead:
    """As it is now: a sender that was changed a moment ago is on the next mails. Two to four
    queries for the mails of a chunk that share a content.
    """
    kept = _kept(content_version_id)
    version, step = kept.version, kept.step
    sender = _sender(version)
    if sender is None:
        raise LookupError("no sender")
    topic = Topic.objects.filter(slug=step["topic"]).first() if step.get("topic") else None
    fixed = {
        "postal_address": sender.postal_address,
        "sender": {"name": sender.name, "address": sender.address},
        "workspace": {"name": workspace().name, "time_zone": workspace().time_zone},
    }
    return Letterhead(
        compiled=kept.compiled,
        purpose=Purpose.objects.get(pk=kept.purpose_id),
        topic_id=topic.pk if topic else None,
        sender=sender,
        fixed=fixed,
        campaign=version.campaign.slug if version else "",
        per_second=float(step.get("per_second") or 0),
        segment=version.entry.get("segment", "") if version else "",
        goal=version.goal if version else None,
        launched_at=version.campaign.launched_at if version else None,
    )


Person = tuple[dict[str, Any], str, dict[str, Any]]  # arguments of `names.person_names`


@dataclass(slots=True)
class Letter:
    """One queued message with all that its mail needs: names of `data` win over those of
    `person`."""

    profile_id: int
    message_id: int
    address: str
    content_version_id: int
    name: str
    data: dict[str, Any]
    public_id: str
    person_id: int  # who the person is today
    attempts: int
    expires_at: Any
    person: Person | None = None
    measuring: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """Profile and message."""
        return (self.profile_id, self.message_id)


_READ = f"""
SELECT m.profile_id, m.id, m.address, m.content_version_id, p.display_name, p.traits, m.data,
       m.public_id, m.attempts, m.expires_at, p.public_id, p.locale, p.country, p.time_zone,
       p.lifecycle, p.id, m.is_marketing
FROM unnest(%s::bigint[], %s::bigint[]) AS g(profile_id, id)
JOIN message m ON m.profile_id = g.profile_id AND m.id = g.id
{JOIN_OWNER} JOIN profile p ON p.id = {PERSON}
WHERE m.state = 'queued'
ORDER BY m.content_version_id, m.profile_id, m.id
"""  # noqa: S608 - pieces of ours


def read_letters(chunk: Chunk) -> list[Letter]:
    """All queued messages of a chunk with their people; two queries for any number."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [chunk.profile_ids, chunk.message_ids])
        rows = cursor.fetchall()
    letters, marketing = [], []
    for row in rows:
        letter = _letter(row)
        letters.append(letter)
        if row[-1]:
            marketing.append(letter)
    allowed = _may_measure(marketing, chunk.channel) if marketing else set()
    for letter in marketing:
        letter.measuring = letter.message_id in allowed
    return letters


_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _letter(row: Sequence[Any]) -> Letter:
    traits, given = _decode(row[5]), _given(_decode(row[6]))
    profile = {
        "id": str(row[10]),
        "name": row[4],
        "locale": row[11],
        "country": row[12],
        "time_zone": row[13],
        "lifecycle": row[14],
    }
    return Letter(
        profile_id=row[0],
        message_id=row[1],
        address=row[2],
        content_version_id=row[3],
        name=row[4],
        data=given,
        public_id=str(row[7]),
        person_id=row[15],
        attempts=row[8],
        expires_at=row[9],
        person=(traits, row[4], profile),
    )


def _given(kept: dict[str, Any]) -> dict[str, Any]:
    """What the caller gave, out of `message.data`."""
    if GIVEN in kept:
        return cast("dict[str, Any]", kept[GIVEN])
    # queued before it had a place of its own
    return {name: value for name, value in kept.items() if name not in ("word", OWN_LINKS)}


_ADDRESSES = """
SELECT g.profile_id, g.id AS message_id, g.address, NULL::bytea AS digest, '' AS deliverability
FROM unnest({profiles}::bigint[], {messages}::bigint[], {addresses}::text[])
     AS g(profile_id, id, address)"""


def _may_measure(letters: Sequence[Letter], channel: str) -> set[int]:
    """Whose opens and clicks may be measured: permission for `measuring` on this channel."""
    addresses = sql(
        _ADDRESSES,
        profiles=[letter.person_id for letter in letters],
        messages=[letter.message_id for letter in letters],
        addresses=[letter.address for letter in letters],
    )
    lines = judged_addresses(addresses, purpose=_measuring(), channel=channel, few=True)
    query = sql("SELECT message_id FROM ({lines}) q WHERE entry_id IS NOT NULL", lines=lines)
    return set(ids_of(run(query)))


@lru_cache(maxsize=1)
def _measuring() -> Purpose:
    return Purpose.objects.get(slug=MEASURING)


def write_mails(letters: Sequence[Letter], head: Letterhead) -> list[Mail | Exception]:
    """Render and build in a child process, all at once; in the order of `letters`.

    For a mail that there is none of: ContentError, Abort, `calls.NotTried`, or whatever error of
    ours it was. Raises `calls.Unavailable`, and errors of the database.
    """
    orders: list[list[Any]] = []
    refused: dict[int, Exception] = {}
    for place, letter in enumerate(letters):
        try:
            orders.append(order_of(letter, head))
        except django.db.Error:  # says nothing of this mail
            raise
        except Exception as error:
            refused[place] = error
    written = iter(calls.write_mails(head.compiled, head.fixed, headers_of(head), orders))
    return [
        refused[place] if place in refused else _mail(letter, next(written))
        for place, letter in enumerate(letters)
    ]


def _mail(letter: Letter, written: calls.Written | Exception) -> Mail | Exception:
    if isinstance(written, Exception):
        return written
    content = with_crlf(written.content)
    links = [(number, place, url) for number, place, url in written.links]
    return Mail(letter.message_id, written.sender, written.recipient, content, links)


def headers_of(head: Letterhead) -> dict[str, Any]:
    """What all mails of one content say in their headers: keywords of `build_email`."""
    return {
        "sender_name": head.sender.name,
        "sender_address": head.sender.address,
        "reply_to": head.sender.reply_to,
        "feedback_id": f"{head.campaign}:rapport" if head.campaign else "",
    }


def order_of(letter: Letter, head: Letterhead) -> list[Any]:
    """What one mail is made of beside that: person, data, addresses, whether measured, its own
    headers. Raises ContentError.
    """
    urls = urls_of(letter, head)
    own = {
        "to_name": letter.name,
        "to_address": letter.address,
        "message_id": message_id(letter, head.sender),
        "list_unsubscribe_url": urls["unsubscribe"] if head.is_marketing else None,
    }
    return [letter.person, letter.data, urls, letter.measuring, own]


def message_id(letter: Letter, sender: Sender) -> str:
    """`<public id@the sender's domain>`. Raises ContentError."""
    return f"<{letter.public_id}@{wire_domain(sender.address.rpartition('@')[2])}>"


def urls_of(letter: Letter, head: Letterhead) -> dict[str, str]:
    """The addresses of one message, keywords of MessageUrls; tokens hold profile and message."""
    base: str = settings.BASE_URL
    numbers = letter.key
    click = open_pixel = ""
    if letter.measuring:
        click = f"{base}/t/c/{tokens.issue('click', *numbers)}/"
        open_pixel = f"{base}/t/o/{tokens.issue('open', *numbers)}.gif"
    preferences = f"{base}/preferences/{tokens.issue('preferences', *numbers)}/"
    return {
        "unsubscribe": f"{base}/u/{tokens.issue('unsubscribe', *numbers)}/",
        "preferences": preferences,
        "view": "",
        "open_pixel": open_pixel,
        "click": click,
        "campaign": head.campaign,
    }


def forget_letterheads() -> None:
    """Between tests."""
    _kept.cache_clear()
    _measuring.cache_clear()

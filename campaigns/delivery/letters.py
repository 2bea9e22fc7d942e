"""From queued rows to letters: all of a chunk is read at once, for its channel to write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any, cast

import msgspec
from django.db import connection

from campaigns.channels.base import Letter, Letterhead
from campaigns.composition.contents import sender_data
from campaigns.composition.senders import default_sender
from campaigns.content.kinds import PreparedContent, content_kind
from campaigns.delivery.claims import Chunk
from campaigns.gate.terms import quiet_hours_of
from campaigns.models import CampaignVersion, ContentVersion, Sender
from campaigns.models.message import GIVEN, HELD, OWN_LINKS
from campaigns.people.whose import JOIN_OWNER, PERSON
from campaigns.plan import is_single, messages_in
from config.postgres.sql import ids_of, run, sql
from consent.ledger.acts import BLOCKING
from consent.models import Purpose, Topic
from consent.models.purpose import MEASURING
from consent.policy.places import UNKNOWN, place_of
from consent.policy.resolving import PolicyTable, policy_table
from consent.policy.terms import ON, PERMISSION, TRACKING
from consent.reach.judging import judged_addresses
from segments.insight.computed.reading import with_computed
from segments.models import Segment
from segments.profiling import is_built_on_profiling


@dataclass(frozen=True)
class _Kept:
    """What never changes of one content version: kept by the process."""

    content: PreparedContent
    purpose_id: int
    version: CampaignVersion | None
    step: dict[str, Any]


@lru_cache(maxsize=256)
def _kept(content_version_id: int) -> _Kept:
    row = ContentVersion.objects.select_related("version__campaign").get(pk=content_version_id)
    steps = messages_in(row.version.steps) if row.version else []
    step = next((dict(node.step) for node in steps if node.key == row.step), {})
    content = content_kind(row.channel).load(row.compiled)
    return _Kept(content, row.purpose_id, row.version, step)


def _sender(version: CampaignVersion | None) -> Sender | None:
    if version is None:
        return default_sender()
    if version.sender_id is None:
        return None
    return Sender.objects.filter(pk=version.sender_id).first()


def letterhead(content_version_id: int) -> Letterhead:
    """As it is now: a sender that was changed a moment ago is on the next ones. Two to four
    queries for the messages of a chunk that share a content.
    """
    kept = _kept(content_version_id)
    version, step = kept.version, kept.step
    sender = _sender(version)
    topic = Topic.objects.filter(slug=step["topic"]).first() if step.get("topic") else None
    purpose = Purpose.objects.get(pk=kept.purpose_id)
    return Letterhead(
        content=kept.content,
        purpose=purpose,
        topic_id=topic.pk if topic else None,
        sender=sender,
        fixed=sender_data(sender),
        campaign=version.campaign.slug if version else "",
        # on a longer way the segment is where people came from: they go on when they have left it
        segment=version.entry.get("segment", "") if version and is_single(version.steps) else "",
        goal=version.goal if version else None,
        quiet_hours=quiet_hours_of(step if version else None, purpose),
        is_profiling=_is_profiling(version),
        launched_at=version.campaign.launched_at if version else None,
    )


def _is_profiling(version: CampaignVersion | None) -> bool:
    if version is None:
        return False
    slug = version.entry.get("segment", "")
    rules = Segment.objects.filter(slug=slug).values_list("rule", flat=True)
    return is_built_on_profiling(rules, version.steps)


_READ = f"""
SELECT m.profile_id, m.id, m.address, m.content_version_id, p.display_name, p.traits, m.data,
       m.public_id, m.attempts, m.expires_at, p.public_id, p.locale, p.country, p.time_zone,
       p.lifecycle, p.id, m.is_marketing
FROM unnest(%s::bigint[], %s::bigint[]) AS g(profile_id, id)
JOIN message m ON m.profile_id = g.profile_id AND m.id = g.id
{JOIN_OWNER} JOIN profile p ON p.id = {PERSON}
WHERE m.state = 'queued' AND m.due_at <= %s
ORDER BY m.content_version_id, m.profile_id, m.id
"""  # noqa: S608 - pieces of ours


def read_letters(chunk: Chunk, now: datetime) -> list[Letter]:
    """The queued messages of a chunk that are due, with their people: three queries for any."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [chunk.profile_ids, chunk.message_ids, now])
        rows = cursor.fetchall()
    letters, marketing = [], []
    traits = {row[15]: _decode(row[5]) for row in rows}
    with_computed(traits)
    for row in rows:
        letter = _letter(row, traits[row[15]])
        letters.append(letter)
        if row[-1]:
            marketing.append(letter)
    for content, some in groupby(marketing, key=lambda letter: letter.content_version_id):
        own = list(some)
        allowed = _may_measure(own, chunk.channel, _purpose(_kept(content).purpose_id))
        for letter in own:
            letter.measuring = letter.message_id in allowed
    return letters


_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _letter(row: Sequence[Any], traits: dict[str, Any]) -> Letter:
    given = _given(_decode(row[6]))
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
    return {name: value for name, value in kept.items() if name not in ("word", OWN_LINKS, HELD)}


_ADDRESSES = """
SELECT g.profile_id, g.id AS message_id, g.address, NULL::bytea AS digest, '' AS deliverability
FROM unnest({profiles}::bigint[], {messages}::bigint[], {addresses}::text[])
     AS g(profile_id, id, address)"""


def _may_measure(letters: Sequence[Letter], channel: str, purpose: Purpose) -> set[int]:
    """Whose opens and clicks may be measured: by the policy of where each lives, with permission
    for `measuring` on this channel, unless it was refused, or never.
    """
    table = policy_table()
    asked = [(letter, _tracking(table, letter, channel, purpose)) for letter in letters]
    unless_refused = {letter.message_id for letter, how in asked if how == ON}
    letters = [letter for letter, how in asked if how in (ON, PERMISSION)]
    if not letters:
        return set()
    addresses = sql(
        _ADDRESSES,
        profiles=[letter.person_id for letter in letters],
        messages=[letter.message_id for letter in letters],
        addresses=[letter.address for letter in letters],
    )
    lines = judged_addresses(addresses, purpose=_measuring(), channel=channel, few=True)
    query = sql(
        "SELECT message_id FROM ({lines}) q WHERE entry_id IS NOT NULL"
        " OR message_id = ANY({free}::bigint[]) AND status <> ALL({blocking})",
        lines=lines,
        free=sorted(unless_refused),
        blocking=list(BLOCKING),
    )
    return set(ids_of(run(query)))


def _tracking(table: PolicyTable, letter: Letter, channel: str, purpose: Purpose) -> str:
    if letter.person is None:
        return PERMISSION
    return str(table.value(TRACKING, place_of_letter(letter), channel, purpose) or PERMISSION)


def place_of_letter(letter: Letter) -> str:
    """Where its person lives; UNKNOWN where that is not known."""
    if letter.person is None:
        return UNKNOWN
    traits, _name, profile = letter.person
    return place_of(profile["country"], traits)


@lru_cache(maxsize=1)
def _measuring() -> Purpose:
    return Purpose.objects.get(slug=MEASURING)


@lru_cache(maxsize=256)
def _purpose(number: int) -> Purpose:
    """What messages are sent for keeps its class."""
    return Purpose.objects.get(pk=number)


def forget_letterheads() -> None:
    """Between tests."""
    _purpose.cache_clear()
    _kept.cache_clear()
    _measuring.cache_clear()

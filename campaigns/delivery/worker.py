"""The unit of work `delivery`: lease a chunk, hand its messages over in batches, settle each.

It goes over the channels that send and knows none by name. What is known of one provider
(`circuits`) says nothing of another.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.utils import timezone

from campaigns.channels.base import (
    AGAIN,
    BOUNCED,
    CHANNELS,
    SENT,
    TEMPORARY,
    UNKNOWN,
    Channel,
    Letter,
    Letterhead,
    NoTarget,
    Parcel,
    ParcelOutcome,
    Session,
)
from campaigns.delivery.bounces import note_bounces
from campaigns.delivery.claims import (
    INTERRUPTED,
    Chunk,
    Key,
    Settled,
    chunks_left,
    exclude_refused,
    lease_chunk,
    mark_handing_over,
    release_chunk,
)
from campaigns.delivery.composing import Composed, compose
from campaigns.delivery.holding import closed, hold
from campaigns.delivery.letters import letterhead, read_letters
from campaigns.delivery.outcomes import note_nowhere
from campaigns.delivery.rechecks import Recheck, recheck_of
from campaigns.delivery.settling import persistently, settle, settle_kept
from campaigns.delivery.visits import DeliveryVisit
from campaigns.faults import clear_fault, note_fault, place_of
from config.postgres.sql import Sql
from config.workspace.work import circuits, stopping
from config.workspace.work.due import Left
from config.workspace.work.faults import is_outage, log_failure, pause_after

log = logging.getLogger(__name__)
SLICE_SECONDS = 4.0  # then the others' turn; the rest of the chunk is given back
BACKOFF_SECONDS = (30, 120, 600, 1800, 3600, 7200)


def close_sessions() -> None:
    """End what this thread holds open (end of a process, between tests)."""
    for _name, channel in CHANNELS:
        channel.close()


def deliver() -> int:
    """Hand over from one chunk of each channel for some seconds; how many messages it looked at, 0
    when none is due.

    Nothing is tried at a provider whose circuit is open (`workspace.work.circuits`). Whatever
    happens on the way, a chunk is given back with nothing left marked; where even that fails, the
    lease runs out and whoever takes it over settles what is left. Raises outages of the database;
    what else holds up a campaign is written on it.
    """
    settle_kept()
    return sum(_deliver_on(name, channel) for name, channel in CHANNELS)


def left() -> Left:
    """Chunks that are due, of the channels that send."""
    return chunks_left(CHANNELS.names())


def _deliver_on(name: str, channel: Channel) -> int:
    now = timezone.now()
    try:
        target = channel.session()
    except NoTarget as error:
        if chunks_left([name]).due:
            note_nowhere(name, error)
        return 0
    if circuits.is_open(target.name, now):
        return 0
    chunk = lease_chunk(name, now)
    return _deliver_leased(chunk, channel, target) if chunk else 0


def _deliver_leased(chunk: Chunk, channel: Channel, target: Session) -> int:
    not_before: datetime | None = None
    turn: circuits.Turn | None = None
    visit: DeliveryVisit | None = None
    try:
        turn = circuits.take_turn(target.name, timezone.now())
        if turn is None:
            return 0
        visit = DeliveryVisit(chunk, channel, target, turn)
        return max(_deliver_chunk(visit), 1)
    except Exception as error:
        if is_outage(error):
            raise
        not_before = _hold_up(chunk, error)
        return 1
    finally:
        persistently(lambda: release_chunk(chunk, not_before))
        if turn is circuits.Turn.ONE and (visit is None or not visit.is_tried):
            circuits.give_back(target.name)


def _hold_up(chunk: Chunk, error: Exception) -> datetime | None:
    """A campaign waits with all its chunks and shows why; a single message waits by itself."""
    if chunk.campaign_id is not None:
        note_fault(chunk.campaign_id, error)
        return None
    log_failure(log, "a single message cannot be handed over", place_of(error), chunk.attempts)
    return timezone.now() + pause_after(chunk.attempts)


def _deliver_chunk(visit: DeliveryVisit) -> int:
    letters = read_letters(visit.chunk, timezone.now())
    deadline = time.monotonic() + SLICE_SECONDS
    seen = 0
    for content_version_id, group in groupby(letters, key=lambda one: one.content_version_id):
        head = letterhead(content_version_id)
        recheck = recheck_of(head, visit.chunk.channel)
        part = list(group)
        while part:
            batch, part = part[: visit.portion], part[visit.portion :]
            seen += len(batch)
            if not _deliver_batch(visit, batch, head, recheck):
                return seen
            if time.monotonic() > deadline or stopping.asked():
                return seen
    return seen


def _deliver_batch(
    visit: DeliveryVisit, letters: Sequence[Letter], head: Letterhead, recheck: Recheck
) -> bool:
    """Write, mark, hand over, settle; False where the rest of the chunk has to wait.

    Raises what keeps every message of this content from being written, before any is marked.
    """
    chunk = visit.chunk
    keys, now = [letter.key for letter in letters], timezone.now()
    since = recheck.of(sorted({letter.person_id for letter in letters}), now)
    try:
        composed = compose(visit.channel, letters, head)
    except Exception:
        _exclude(chunk, keys, head, since)
        raise
    # those behind one that took too long stay queued, for the next turn
    letters = [letter for letter in letters if letter.message_id not in composed.untried]
    keys = [letter.key for letter in letters]
    if composed.parcels and not visit.is_let_in(keys):
        _exclude(chunk, keys, head, since)
        return False
    letters = _hold(chunk, letters, head, recheck, since)
    keys = [letter.key for letter in letters]
    with stopping.patiently():
        marked = _mark(chunk, letters, head, since, composed)
        outcomes = _hand_over(marked, composed, visit.target) if marked else []
    visit.note([one for one in outcomes if one.key in composed.parcels])
    if len(marked) < len(letters):
        _exclude(chunk, [key for key in keys if key[1] not in marked], head, since)
    if not marked:
        return _is_ours(chunk)
    if chunk.was_held_up and chunk.campaign_id is not None:
        clear_fault(chunk.campaign_id)
    bounced = [(marked[o.key], o.word) for o in outcomes if o.kind == BOUNCED]
    if bounced:
        note_bounces(chunk.channel, visit.channel.bounced_event, chunk.campaign_id, bounced)
    return not visit.is_over and not all(one.kind in (TEMPORARY, AGAIN) for one in outcomes)


def _hold(
    chunk: Chunk, letters: Sequence[Letter], head: Letterhead, recheck: Recheck, since: Sql
) -> Sequence[Letter]:
    """Those that may leave at this hour; the others wait for theirs, unless another reason ends
    them: those come first.
    """
    untils = closed(letters, recheck.hours, timezone.now())
    if not untils or recheck.hours is None:
        return letters
    held = [letter for letter in letters if letter.message_id in untils]
    _exclude(chunk, [letter.key for letter in held], head, since)
    hold(chunk, held, untils, hold=recheck.hours.hold)
    return [letter for letter in letters if letter.message_id not in untils]


def _mark(
    chunk: Chunk, letters: Sequence[Letter], head: Letterhead, since: Sql, composed: Composed
) -> dict[int, Letter]:
    """Those that may be handed over, by message. Where marking fails nothing was handed over."""
    try:
        marked = mark_handing_over(
            chunk,
            [letter.key for letter in letters],
            purpose=head.purpose,
            topic_id=head.topic_id,
            now=timezone.now(),
            since=since,
            links=composed.links,
        )
    except BaseException:  # it may have been committed all the same
        now = timezone.now()
        settle([_queued(letter, "", now) for letter in letters], now)
        raise
    return {letter.message_id: letter for letter in letters if letter.message_id in marked}


def _exclude(chunk: Chunk, keys: Sequence[Key], head: Letterhead, since: Sql) -> None:
    exclude_refused(
        keys,
        purpose=head.purpose,
        channel=chunk.channel,
        topic_id=head.topic_id,
        now=timezone.now(),
        since=since,
    )


def _hand_over(
    letters: dict[int, Letter], composed: Composed, target: Session
) -> list[ParcelOutcome]:
    """One after the other, and settle all of them, also where something breaks in between."""
    parcels = [composed.parcels[key] for key in letters if key in composed.parcels]
    outcomes = [composed.refused[key] for key in letters if key in composed.refused]
    answered: list[ParcelOutcome] = []
    try:
        answered.extend(target.send(parcels))
    finally:
        outcomes += [*answered, *_broken_off(parcels[len(answered) :])]
        now = timezone.now()
        settle([_settled(letters[o.key], o, composed.reference_of(o), now) for o in outcomes], now)
    return outcomes


def _broken_off(parcels: Sequence[Parcel]) -> Iterator[ParcelOutcome]:
    """Of the one under way nobody knows what became of it; those behind it have not left."""
    for place, parcel in enumerate(parcels):
        yield ParcelOutcome(parcel.key, AGAIN if place else UNKNOWN, "" if place else INTERRUPTED)


def _is_ours(chunk: Chunk) -> bool:
    """Whether it makes sense to go on: the lease still stands and the campaign runs."""
    from campaigns.models import Campaign, MessageChunk  # noqa: PLC0415 - beside its only use

    if not MessageChunk.objects.filter(pk=chunk.id, lease=chunk.lease).exists():
        return False
    if chunk.campaign_id is None:
        return True
    running = Campaign.objects.filter(pk=chunk.campaign_id, status=Campaign.Status.RUNNING)
    return running.exists()


def _settled(letter: Letter, outcome: ParcelOutcome, reference: str, now: datetime) -> Settled:
    if outcome.kind == SENT:
        return Settled(*letter.key, state="sent", provider_ref=reference)
    if outcome.kind == AGAIN:
        return _queued(letter, outcome.word, now)
    if outcome.kind != TEMPORARY:
        ours = reference if outcome.kind == UNKNOWN else ""
        return Settled(*letter.key, outcome.kind, reason=outcome.word, provider_ref=ours)
    pauses = BACKOFF_SECONDS
    again = now + timedelta(seconds=pauses[min(letter.attempts, len(pauses) - 1)])
    if again >= letter.expires_at:
        return Settled(*letter.key, state="failed", reason=outcome.word)
    return _queued(letter, outcome.word, again)


def _queued(letter: Letter, word: str, at: datetime) -> Settled:
    attempt = letter.attempts + 1  # as it was marked
    return Settled(*letter.key, state="queued", reason=word, retry_at=at, attempt=attempt)

"""The unit of work `delivery`: lease a chunk, hand its messages over in batches, settle each."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.utils import timezone

from campaigns.channels.email import (
    BOUNCED,
    SENT,
    TEMPORARY,
    Mail,
    NoTarget,
    Outcome,
    SmtpSession,
    smtp_target,
)
from campaigns.content.errors import Abort, ContentError
from campaigns.delivery.claims import (
    BATCH,
    Chunk,
    Settled,
    exclude_refused,
    lease_chunk,
    mark_handing_over,
    release_chunk,
    settle,
)
from campaigns.delivery.letters import (
    Letter,
    Letterhead,
    letterhead,
    message_id,
    read_letters,
    write_mail,
)
from campaigns.delivery.outcomes import note_nowhere, note_outcomes
from campaigns.delivery.setbacks import note_bounces

CHANNEL = "email"
SLICE_SECONDS = 4.0  # then the others' turn; the rest of the chunk is given back
BACKOFF_SECONDS = (30, 120, 600, 1800, 3600, 7200)
_local = threading.local()


def session() -> SmtpSession:
    """This thread's connection to wherever mails go now. Raises NoTarget."""
    url = smtp_target()
    kept: SmtpSession | None = getattr(_local, "session", None)
    if kept is None or kept.url != url:
        if kept is not None:
            kept.close()
        kept = _local.session = SmtpSession(url)
    return kept


def close_session() -> None:
    """Close this thread's connection (end of a process, between tests)."""
    kept: SmtpSession | None = getattr(_local, "session", None)
    if kept is not None:
        kept.close()
    _local.session = None


def deliver() -> int:
    """Hand over from one chunk for some seconds; how many it looked at, 0 when none is due."""
    chunk = lease_chunk(CHANNEL, timezone.now())
    if chunk is None:
        return 0
    try:
        target = session()
    except NoTarget as error:
        note_nowhere(CHANNEL, error)
        release_chunk(chunk)
        return 0
    try:
        return max(_deliver_chunk(chunk, target), 1)
    finally:
        release_chunk(chunk)


def _deliver_chunk(chunk: Chunk, target: SmtpSession) -> int:
    letters = read_letters(chunk)
    deadline = time.monotonic() + SLICE_SECONDS
    seen = 0
    for content_version_id, group in groupby(letters, key=lambda one: one.content_version_id):
        head = letterhead(content_version_id)
        part = list(group)
        for start in range(0, len(part), BATCH):
            batch = part[start : start + BATCH]
            began = time.monotonic()
            if not _deliver_batch(chunk, batch, head, target):
                return seen + len(batch)
            seen += len(batch)
            _throttle(head, len(batch), began)
            if time.monotonic() > deadline:
                return seen
    return seen


def _throttle(head: Letterhead, count: int, began: float) -> None:
    if head.per_second:
        time.sleep(max(0.0, count / head.per_second - (time.monotonic() - began)))


def _deliver_batch(
    chunk: Chunk, letters: Sequence[Letter], head: Letterhead, target: SmtpSession
) -> bool:
    """Mark, hand over, settle; False where the rest of the chunk has to wait."""
    now = timezone.now()
    keys = [letter.key for letter in letters]
    marked = mark_handing_over(chunk, keys, purpose=head.purpose, topic_id=head.topic_id, now=now)
    if len(marked) < len(letters):
        rest = [letter.key for letter in letters if letter.message_id not in marked]
        exclude_refused(
            rest, purpose=head.purpose, channel=chunk.channel, topic_id=head.topic_id, now=now
        )
    if not marked:
        return _is_ours(chunk)
    chosen = {letter.message_id: letter for letter in letters if letter.message_id in marked}
    outcomes = _hand_over(chosen, head, target)
    now = timezone.now()
    settle([_settled(chosen[o.key], o, head, now) for o in outcomes], now)
    bounced = [(chosen[o.key], o.word) for o in outcomes if o.kind == BOUNCED]
    if bounced:
        note_bounces(chunk.campaign_id, bounced)
    return not all(outcome.kind == TEMPORARY for outcome in outcomes)


def _is_ours(chunk: Chunk) -> bool:
    """Whether it makes sense to go on: the lease still stands and the campaign runs."""
    from campaigns.models import Campaign, MessageChunk  # noqa: PLC0415 - beside its only use

    if not MessageChunk.objects.filter(pk=chunk.id, lease=chunk.lease).exists():
        return False
    if chunk.campaign_id is None:
        return True
    running = Campaign.objects.filter(pk=chunk.campaign_id, status=Campaign.Status.RUNNING)
    return running.exists()


def _hand_over(letters: dict[int, Letter], head: Letterhead, target: SmtpSession) -> list[Outcome]:
    mails: list[Mail] = []
    outcomes: list[Outcome] = []
    for letter in letters.values():
        try:
            mails.append(write_mail(letter, head))
        except Abort as abort:
            outcomes.append(Outcome(letter.message_id, "cancelled", abort.reason))
        except ContentError as error:
            outcomes.append(Outcome(letter.message_id, "failed", str(error)))
    answered = list(target.send(mails))
    note_outcomes(CHANNEL, answered)
    return outcomes + answered


def _settled(letter: Letter, outcome: Outcome, head: Letterhead, now: datetime) -> Settled:
    if outcome.kind == SENT:
        reference = message_id(letter, head.sender)
        return Settled(*letter.key, state="sent", provider_ref=reference)
    if outcome.kind != TEMPORARY:
        return Settled(*letter.key, state=outcome.kind, reason=outcome.word)
    pauses = BACKOFF_SECONDS
    again = now + timedelta(seconds=pauses[min(letter.attempts, len(pauses) - 1)])
    if again >= letter.expires_at:
        return Settled(*letter.key, state="failed", reason=outcome.word)
    return Settled(*letter.key, state="queued", reason=outcome.word, retry_at=again)

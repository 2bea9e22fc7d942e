"""Hands over the mails of the installation's own (`config.workspace.mails.outgoing`)."""

import logging
import time
from dataclasses import dataclass
from typing import Final

from cryptography.fernet import InvalidToken
from django.utils import timezone

from campaigns.channels.base import (
    AGAIN,
    BOUNCED,
    FAILED,
    SENT,
    Channel,
    NoTarget,
    ParcelOutcome,
    Session,
    channel_of,
)
from campaigns.composition.senders import default_sender
from campaigns.content.errors import ContentError
from campaigns.models import Sender
from config.workspace.mails import outgoing as mails
from config.workspace.models import OutgoingMail
from config.workspace.work import circuits, stopping
from config.workspace.work.circuits import Turn
from config.workspace.work.reasons import provider_word

log = logging.getLogger(__name__)
SECONDS: Final = 4.0  # of one run
CHANNEL: Final = "email"  # the one that carries them
UNREADABLE: Final = "it was written with another SECRETS_KEY"
UNWRITABLE: Final = "its address cannot stand in a mail"


@dataclass(frozen=True)
class _Way:
    """How the mails of one run go out."""

    channel: Channel
    session: Session
    sender: Sender
    turn: Turn


def send_due(seconds: float = SECONDS) -> int:
    """How many were tried or given up, 0 when none is due; none is tried without a sender or a
    server, where what waits is seen as standing still. Raises outages of the database.
    """
    handled = mails.give_up_late()
    sender, channel = default_sender(), channel_of(CHANNEL)
    if sender is None or not mails.is_any_due():
        return handled
    try:
        session = channel.session()
    except NoTarget:
        return handled
    turn = circuits.take_turn(session.name, timezone.now())
    until = time.monotonic() + seconds
    while turn and time.monotonic() < until and not stopping.asked():
        row = mails.claim()
        if row is None:
            break
        handled += 1
        turn = _send(row, _Way(channel, session, sender, turn))
    return handled


def _send(row: OutgoingMail, way: _Way) -> Turn | None:
    """What may be tried next; None where the server is left alone now."""
    try:
        parcel = way.channel.service_parcel(row.pk, mails.content_of(row), way.sender)
    except InvalidToken:
        mails.given_up(row, UNREADABLE)
        return way.turn
    except ContentError:
        mails.given_up(row, UNWRITABLE)
        return way.turn
    outcome = next(iter(way.session.send([parcel])))
    _settle(row, outcome)
    if outcome.server_fails or outcome.kind == AGAIN:
        if outcome.server_fails:
            circuits.failed(way.session.name, CHANNEL, outcome.word, turn=way.turn)
        return None
    if way.turn is Turn.ONE:
        circuits.worked(way.session.name)
    return Turn.ALL


def _settle(row: OutgoingMail, outcome: ParcelOutcome) -> None:
    word = provider_word(outcome.word)
    if outcome.kind == SENT:
        mails.sent(row)
    elif outcome.kind in (FAILED, BOUNCED):
        mails.given_up(row, word)
    else:
        mails.try_later(row, word)
        log.info("a mail is tried again later: %s", outcome.kind)

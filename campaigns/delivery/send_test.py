"""A test: written and handed over as any other message, to a colleague, and kept nowhere.

A test is no person: it makes no profile, message or event, so nothing can count it. What its way
out names is nobody (`consent.preferences.hooks.NOBODY`); the other links lead straight to their
targets, as for a person who may not be measured.
"""

import threading
import uuid
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.channels.base import (
    SENT,
    UNKNOWN,
    Letter,
    Letterhead,
    NoTarget,
    Parcel,
    ParcelOutcome,
    channel_of,
)
from campaigns.composition.contents import sender_data
from campaigns.content.errors import Abort, ContentError
from campaigns.content.kinds import PreparedContent
from campaigns.content.sandbox.calls import NotTried, Unavailable
from campaigns.content.words import said
from campaigns.models import Sender
from config.workspace.digests import contact_digest
from consent.channels import contact_kind
from consent.models import Purpose
from consent.preferences.hooks import NOBODY
from consent.suppression.suppressing import silenced
from profiles.identifiers.normalise import normalise

__all__ = ["SENT", "UNKNOWN", "NoTarget", "NotWritten", "ParcelOutcome", "send_test"]

AT_ONCE = 2
_at_once = threading.BoundedSemaphore(AT_ONCE)


class NotWritten(Exception):
    """There is nothing to hand over; why not, in words."""


def send_test(  # noqa: PLR0913 - keyword only, each a part of one message
    channel: str,
    content: PreparedContent,
    *,
    sender: Sender,
    purpose: Purpose,
    campaign: str,
    data: Mapping[str, Any],
    address: str,
    name: str = "",
) -> ParcelOutcome:
    """Write it with `data` and hand it over now; the provider's word on what became of it.

    One look-up and one session. Raises NotWritten, NoTarget (nowhere to hand it over to).
    """
    _refuse_unusable(contact_kind(channel), address)
    head = Letterhead(
        content=content,
        purpose=purpose,
        topic_id=None,
        sender=sender,
        fixed=sender_data(sender),
        campaign=campaign,
    )
    profile_id, message_id = NOBODY
    letter = Letter(
        profile_id=profile_id,
        message_id=message_id,
        address=address,
        content_version_id=0,
        name=name,
        data=dict(data),
        public_id=str(uuid.uuid4()),
        person_id=profile_id,
        attempts=0,
        expires_at=timezone.now(),
    )
    parcel = _written(channel, letter, head)
    session = channel_of(channel).hurried_session()
    if not _at_once.acquire(blocking=False):
        raise NotWritten(_("other tests are just being sent. Try again in a moment."))
    try:
        return next(iter(session.send([parcel])))
    finally:
        session.close()
        _at_once.release()


def _written(channel: str, letter: Letter, head: Letterhead) -> Parcel:
    """Raises NotWritten."""
    try:
        written = channel_of(channel).compose([letter], head)[0]
    except Unavailable as error:
        words = _("The console is busy with other content. Try again in a moment.")
        raise NotWritten(words) from error
    if isinstance(written, ContentError | Abort | NotTried):
        words = said(written) if isinstance(written, ContentError) else str(written)
        raise NotWritten(words) from written
    if isinstance(written, Exception):
        raise written
    return written


def _refuse_unusable(kind: str, address: str) -> None:
    """Nothing is sent where nothing may be, such as after a hard bounce."""
    value = normalise(kind, address)
    if not value:
        raise NotWritten(_("Your own mail address cannot be used."))
    row = silenced(kind, [contact_digest(kind, value)]).first()
    if row is not None:
        values = {"reason": row.get_reason_display()}
        raise NotWritten(_("your own address is suppressed (%(reason)s).") % values)

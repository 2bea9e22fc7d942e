"""A test mail: written and handed over as any other, to a colleague, and kept nowhere.

A test is no person: it makes no profile, message or event, so nothing can count it. What its way
out names is nobody (`consent.hooks.NOBODY`); the other links lead straight to their targets, as
for a person who may not be measured.
"""

import threading
import uuid
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.channels.email import (
    SENT,
    UNKNOWN,
    Mail,
    NoTarget,
    Outcome,
    SmtpSession,
    smtp_target,
)
from campaigns.channels.smtp import Patience
from campaigns.content.errors import Abort, ContentError
from campaigns.content.render import Compiled
from campaigns.content.sandbox.calls import NotTried, Unavailable
from campaigns.content.words import said
from campaigns.delivery.letters import Letter, Letterhead, write_mails
from campaigns.models import Sender
from campaigns.services.contents import sender_data
from config.workspace.digests import contact_digest
from consent.hooks import NOBODY
from consent.models import Purpose, Suppression
from profiles.identity.normalise import normalise

__all__ = ["SENT", "UNKNOWN", "NoTarget", "NotWritten", "Outcome", "send_test"]


# somebody waits in front of a page, and a thread of the web server with them
PATIENCE = Patience(connect=3.0, reply=2.0, accept=4.0)
AT_ONCE = 2
_at_once = threading.BoundedSemaphore(AT_ONCE)


class NotWritten(Exception):
    """There is no mail to hand over; why not, in words."""


def send_test(  # noqa: PLR0913 - keyword only, each a part of one mail
    compiled: Compiled,
    *,
    sender: Sender,
    purpose: Purpose,
    campaign: str,
    data: Mapping[str, Any],
    address: str,
    name: str = "",
) -> Outcome:
    """Write the mail with `data` and hand it over now; the provider's word on what became of it.

    One look-up and one SMTP session. Raises NotWritten, NoTarget (nowhere to hand it over to).
    """
    _refuse_unusable(address)
    head = Letterhead(
        compiled=compiled,
        purpose=purpose,
        topic_id=None,
        sender=sender,
        fixed=sender_data(sender),
        campaign=campaign,
        per_second=0.0,
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
    mail = _written(letter, head)
    session = SmtpSession(smtp_target(), PATIENCE)
    if not _at_once.acquire(blocking=False):
        raise NotWritten(_("other tests are just being sent. Try again in a moment."))
    try:
        return next(iter(session.send([mail])))
    finally:
        session.close()
        _at_once.release()


def _written(letter: Letter, head: Letterhead) -> Mail:
    """Raises NotWritten."""
    try:
        mail = write_mails([letter], head)[0]
    except Unavailable as error:
        words = _("The console is busy with other content. Try again in a moment.")
        raise NotWritten(words) from error
    if isinstance(mail, ContentError | Abort | NotTried):
        raise NotWritten(said(mail) if isinstance(mail, ContentError) else str(mail)) from mail
    if isinstance(mail, Exception):
        raise mail
    return mail


def _refuse_unusable(address: str) -> None:
    """Nothing is sent where nothing may be, such as after a hard bounce."""
    value = normalise("email", address)
    if not value:
        raise NotWritten(_("Your own mail address cannot be used."))
    digest = contact_digest("email", value)
    rows = Suppression.objects.filter(kind="email", digest=digest, level=Suppression.Level.ALL)
    row = rows.first()
    if row is not None:
        values = {"reason": row.get_reason_display()}
        raise NotWritten(_("your own address is suppressed (%(reason)s).") % values)

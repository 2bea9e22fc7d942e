"""Mails of our own (a link, a letter), kept sealed until a channel has handed them over.

Whoever writes one needs neither a person nor a campaign: `write` in the caller's transaction, and
the unit of work `mails` (of the app that sends) claims what is due. One whose worker is killed in
the middle is sent again: rather twice than never.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.workspace.access.tokens import seal, unseal
from config.workspace.digests import contact_digest
from config.workspace.models import OutgoingMail
from config.workspace.registry import Registry
from config.workspace.work.due import wake
from config.workspace.work.pruning import PORTION, PRUNERS, deleted

WORK: Final = "mails"
# what has to be there before any can leave: whoever hands over signs in
NEEDED: Registry[Callable[[], bool]] = Registry("what mails of our own need")
# seconds until the next try; then as long again
PAUSES: Final = (30, 120, 600, 1_800, 3_600)
LEASE_SECONDS: Final = 180  # of one mail: whoever hands it over may have been killed
KEPT: Final = timedelta(days=30)
TOO_LATE: Final = "too late: nobody took it in time"
OLDEST_DUE: Final = (
    "SELECT min(due_at) FROM outgoing_mail"
    " WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= now()"
)
_LATE: Final = """
UPDATE outgoing_mail SET failed_at = statement_timestamp(), sealed = '', last_error = %s
WHERE sent_at IS NULL AND failed_at IS NULL AND expires_at <= statement_timestamp()
  AND due_at <= statement_timestamp()
"""
_CLAIM: Final = """
UPDATE outgoing_mail SET attempts = attempts + 1,
    due_at = statement_timestamp() + interval '1 second' * %s
WHERE id = (SELECT id FROM outgoing_mail
            WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= statement_timestamp()
            ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
_OLD: Final = """
    DELETE FROM outgoing_mail WHERE id IN (
        SELECT id FROM outgoing_mail WHERE created_at < %s
          AND (sent_at IS NOT NULL OR failed_at IS NOT NULL) LIMIT %s)
"""


def leave() -> bool:
    """Whether mails leave this installation: there is a server, and somebody whom they are from.

    The demo mailbox is no way out.
    """
    return bool(settings.EMAIL_URL) and all(is_there() for _name, is_there in NEEDED)


@dataclass(frozen=True)
class ServiceMail:
    """What one says: paragraphs of plain text, and at most one button."""

    to: str
    subject: str
    paragraphs: Sequence[str]
    button: str = ""
    url: str = ""
    closing: Sequence[str] = field(default_factory=list)  # below the button, small
    language: str = "en"


def write(
    kind: str,
    key: str,
    mail: ServiceMail,
    *,
    lasting: timedelta,
    channel: str = "email",
    kind_of_address: str = "email",
) -> OutgoingMail:
    """Have it sent, at once and for `lasting` at most. The same key is the same mail, once."""
    now = timezone.now()
    row, _is_new = OutgoingMail.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "channel": channel,
            "digest": contact_digest(kind_of_address, mail.to),
            "sealed": seal(json.dumps(asdict(mail)).encode()),
            "due_at": now,
            "expires_at": now + lasting,
        },
    )
    wake(WORK)
    return row


def content_of(row: OutgoingMail) -> ServiceMail:
    """What a mail that waits says. Raises InvalidToken with another SECRETS_KEY."""
    return ServiceMail(**json.loads(unseal(row.sealed)))


def give_up_late() -> int:
    """What nobody could send in its time is not sent any more; how many."""
    return deleted(_LATE, [TOO_LATE])


def is_any_due() -> bool:
    """By the index of what waits."""
    rows = OutgoingMail.objects.filter(sent_at=None, failed_at=None)
    return rows.filter(due_at__lte=timezone.now()).exists()


def claim() -> OutgoingMail | None:
    """One that is due, held for `LEASE_SECONDS`; committed before it is handed over."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_SECONDS])
        found = cursor.fetchone()
    return OutgoingMail.objects.get(pk=found[0]) if found else None


def sent(row: OutgoingMail) -> None:
    """A server has taken it: what it said is not kept."""
    _settle(row, sent_at=timezone.now(), sealed=b"", last_error="")


def given_up(row: OutgoingMail, why: str) -> None:
    """Nobody will take it; `why` in words of ours."""
    _settle(row, failed_at=timezone.now(), sealed=b"", last_error=why)


def try_later(row: OutgoingMail, why: str) -> None:
    """Not now; `why` in words of ours."""
    pause = PAUSES[min(row.attempts, len(PAUSES)) - 1]
    _settle(row, due_at=timezone.now() + timedelta(seconds=pause), last_error=why)


def _settle(row: OutgoingMail, **change: Any) -> None:
    OutgoingMail.objects.filter(pk=row.pk).update(**change)


@PRUNERS.register("outgoing_mails")
def prune(now: datetime) -> int:
    """Mails that were sent or given up, by the index of their making."""
    return deleted(_OLD, [now - KEPT, PORTION])

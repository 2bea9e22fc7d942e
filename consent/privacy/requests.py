"""Privacy requests: received, confirmed, extended, handed to somebody, cancelled, completed.

What a request does is carried out by `due`; here is what people decide about it.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.models import User
from config.workspace.registry import Registry
from config.workspace.selectors import workspace
from config.workspace.work.due import wake
from consent.forwarding import requests as told
from consent.models import ErasedIdentifier, PrivacyRequest, RequestComment
from consent.models.privacy import Regulation, RequestType
from consent.privacy.deadlines import AT_ONCE, clock, extended
from consent.privacy.duties import held, keep_by_duty
from profiles.identifiers.normalise import normalise, normalise_kind
from profiles.models import Profile
from profiles.selectors.finding import NotAPerson, by_reference
from profiles.selectors.masking import EVERYTHING

Status = PrivacyRequest.Status
# name -> function(request, step), in the transaction of the step: what follows from it (letters).
# Steps are "confirmed", "extended", "completed" and "cancelled"; of an erasure also "leaving", when
# the person is taken out and still known, and "certifying", before the certificate is made.
FOLLOWING: Registry[Callable[[PrivacyRequest, str], None]] = Registry("following a step")
WORK = "privacy"
# of `result`: days that the address is kept sealed at most, until the last letter is delivered
SEALED_DAYS = "address_sealed_days"
REVIEW = "review"  # of `result`: since when something waits for somebody to read it
MOST_DETAILS = 10_000  # characters
BY_HAND = (RequestType.RECTIFICATION, RequestType.LIMIT_SENSITIVE)


class CannotBeDone(ValueError):
    """Why this request cannot be given this turn now, in the reader's language."""


class NotOne(ValueError):
    """What the identifiers lead to is more than one person, or they are none. `path` says which."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Asked:
    """Whom a request is about: nobody that we know, or one person; and by what they were named."""

    person: Profile | None
    identities: list[dict[str, str]]


@dataclass(frozen=True)
class Forwarded:
    """What is kept of a request that another system passed on (`PrivacyRequest`)."""

    external_id: uuid.UUID
    controller: str
    callback_urls: list[str]
    asked_digest: bytes
    forwarded_at: datetime


def asked(references: Sequence[str]) -> Asked:
    """Whom `kind:value` name, all of them the same person. Raises NotOne."""
    found: dict[int, Profile] = {}
    identities = []
    for n, reference in enumerate(references):
        given, colon, value = reference.partition(":")
        kind = normalise_kind(given)
        text = normalise(kind, value, workspace().country) if colon and kind else ""
        if not text:
            path = f"identifiers[{n}]"
            raise NotOne(path, _("An identifier is written as email:jane@example.com."))
        identities.append({"kind": kind, "value": text})
        try:
            person = by_reference(f"{kind}:{text}", shown=EVERYTHING)
        except NotAPerson:
            continue
        found[person.pk] = person
    if len(found) > 1:
        raise NotOne("identifiers", _("These are %(n)d different people.") % {"n": len(found)})
    return Asked(next(iter(found.values()), None), identities)


@transaction.atomic
def open_request(  # noqa: PLR0913 - keyword only, each a part of what is asked
    *,
    type_: str,
    references: Sequence[str],
    regulation: str = Regulation.GDPR,
    origin: str = "api",
    language: str = "",
    received_at: datetime | None = None,
    is_blocking: bool = False,
    details: str = "",
    forwarded: Forwarded | None = None,
) -> PrivacyRequest:
    """Take a request in and start its clock. What needs no proof acts at once. Raises NotOne.

    The same type for the same person twice is one request while it is open, unless another system
    passed it on: that asks for it by a number of its own.
    """
    whom = asked(references)
    at = received_at or timezone.now()
    same = None if forwarded else _same_open(type_, whom)
    if same:
        return _with_more(same, details)
    times = clock(regulation, type_, at)
    request = PrivacyRequest.objects.create(
        type=type_,
        regulation=regulation,
        origin=origin,
        profile_id=whom.person.pk if whom.person else None,
        identities=whom.identities,
        language=language or (whom.person.locale if whom.person else "") or workspace().locale,
        received_at=at,
        confirm_by=times.confirm_by,
        due_at=times.due_at,
        is_blocking=is_blocking,
        details=details.strip()[:MOST_DETAILS],
        **(asdict(forwarded) if forwarded else {}),
    )
    if type_ == RequestType.ERASURE:
        keep_by_duty(request)
    _noted("privacy.received", request, type=type_, law=regulation)
    told.opened(request)
    return start(request) if type_ in AT_ONCE else request


def _with_more(request: PrivacyRequest, details: str) -> PrivacyRequest:
    """What somebody writes a second time stands below the first, until it is known to be theirs."""
    return request if request.proven_at else write_more(request, details)


@transaction.atomic
def write_more(request: PrivacyRequest, details: str) -> PrivacyRequest:
    """What the person adds, who is known to be them. Raises CannotBeDone."""
    row = _open(request)
    more = details.strip()
    if more and more not in row.details:
        row.details = f"{row.details}\n\n{more}".strip()[:MOST_DETAILS]
        row.save(update_fields=["details"])
        _noted("privacy.written_to", row)
    return row


def _same_open(type_: str, whom: Asked) -> PrivacyRequest | None:
    rows = PrivacyRequest.objects.filter(type=type_, status__in=PrivacyRequest.OPEN)
    if whom.person:
        return rows.filter(profile_id=whom.person.pk).first()
    return rows.filter(profile_id=None, identities=whom.identities).first()


@transaction.atomic
def confirm(request: PrivacyRequest, *, proof: str = "") -> PrivacyRequest:
    """Tell that it was received, and that whoever asks is who they say; with it the work may begin.

    Raises CannotBeDone.
    """
    row = _open(request)
    now = timezone.now()
    is_first = row.confirmed_at is None
    row.confirmed_at = row.confirmed_at or now
    row.proven_at, row.proven_by = row.proven_at or now, row.proven_by or proof or "officer"
    row.save()
    _noted("privacy.confirmed", row)
    if is_first:
        follow(row, "confirmed")
    return row


@transaction.atomic
def extend(request: PrivacyRequest, *, because: str) -> PrivacyRequest:
    """Give it the longer time that its law knows, once, before it is due. Raises CannotBeDone."""
    row = _open(request)
    until = extended(row.regulation, row.type, row.received_at)
    if until is None:
        raise CannotBeDone(_("This law knows no extension for such a request."))
    if row.extended_at:
        raise CannotBeDone(_("It was extended already."))
    if timezone.now() > row.due_at:
        raise CannotBeDone(_("It is overdue: an extension had to be told before."))
    if not because.strip():
        raise CannotBeDone(_("Say why: the person is told."))
    row.extended_at, row.extended_because, row.due_at = timezone.now(), because.strip(), until
    row.save()
    _noted("privacy.extended", row)
    follow(row, "extended")
    return row


@transaction.atomic
def start(request: PrivacyRequest) -> PrivacyRequest:
    """Have it carried out, by the next run of the work and all that follow until it is done.

    Raises CannotBeDone.
    """
    row = _open(request)
    if row.type not in AT_ONCE and not row.proven_at:
        raise CannotBeDone(_("First confirm that whoever asks is the person."))
    if PrivacyRequest.objects.filter(held(), pk=row.pk).exists():
        raise CannotBeDone(_("Everything is held for now: end the hold first."))
    row.status, row.started_at = Status.IN_PROGRESS, timezone.now()
    row.save()
    _noted("privacy.started", row)
    wake(WORK)
    return row


@transaction.atomic
def settle(request: PrivacyRequest, *, because: str = "") -> PrivacyRequest:
    """Have it carried out; what only people can do (a correction) was done, and is closed so.

    Whoever settles it says with it that whoever asked is the person. Raises CannotBeDone.
    """
    row = _open(request)
    if not row.proven_at:
        row.proven_at = timezone.now()
        row.proven_by = because or str(audit.current_actor())
    row.save()
    if row.type not in BY_HAND:
        return start(row)
    return complete(row, because=because)


@transaction.atomic
def cancel(request: PrivacyRequest, *, because: str = "") -> PrivacyRequest:
    """Close it undone, while nothing was done. Raises CannotBeDone."""
    row = _open(request)
    if row.erasing_since is not None:
        raise CannotBeDone(_("The erasure has begun: what is erased cannot be brought back."))
    return close_undone(row, because=because)


@transaction.atomic
def complete(row: PrivacyRequest, *, because: str = "") -> PrivacyRequest:
    """Close it as done, whoever did it; all that was changed of `row` is saved with it."""
    _close(row, Status.COMPLETED, because)
    _noted("privacy.completed", row)
    follow(row, "completed")
    return row


@transaction.atomic
def close_undone(row: PrivacyRequest, *, because: str) -> PrivacyRequest:
    """The same for one of which nothing was done, or nothing is left to do."""
    _close(row, Status.CANCELLED, because)
    _noted("privacy.cancelled", row)
    follow(row, "cancelled")
    return row


def follow(row: PrivacyRequest, step: str) -> None:
    """Whatever signed in at `FOLLOWING`."""
    for _name, then in FOLLOWING:
        then(row, step)


def _close(row: PrivacyRequest, status: str, because: str) -> None:
    row.status, row.completed_at = status, timezone.now()
    row.result.pop(REVIEW, None)
    row.closed_because = because.strip()
    row.save()


@transaction.atomic
def assign(request: PrivacyRequest, user: User | None) -> PrivacyRequest:
    """Say who of the team answers it."""
    row = _open(request)
    row.assigned_to = user
    row.save(update_fields=["assigned_to"])
    _noted("privacy.assigned", row)
    return row


@transaction.atomic
def comment(request: PrivacyRequest, author: User, text: str) -> RequestComment:
    """Leave word for the team. Raises CannotBeDone."""
    if not text.strip():
        raise CannotBeDone(_("Write something."))
    row = RequestComment.objects.create(request=request, author=author, text=text.strip()[:5000])
    _noted("privacy.commented", request)
    return row


@transaction.atomic
def release(request: PrivacyRequest, *, because: str) -> int:
    """End the block of an erasure: what is new may come in again; how many identifiers it was.

    What is dated before the erasure is refused all the same. Raises CannotBeDone.
    """
    if not because.strip():
        raise CannotBeDone(_("Say why it is released."))
    rows = ErasedIdentifier.objects.filter(
        request_id=request.pk, is_blocked=True, released_at__isnull=True
    )
    n = rows.update(released_at=timezone.now(), released_because=because.strip())
    if not n:
        raise CannotBeDone(_("Nothing of this request is blocked."))
    _noted("privacy.released", request)
    return n


def is_blocked(request: PrivacyRequest) -> bool:
    """Whether everything of the person is refused, by this request."""
    return ErasedIdentifier.objects.filter(
        request_id=request.pk, is_blocked=True, released_at__isnull=True
    ).exists()


def _open(request: PrivacyRequest) -> PrivacyRequest:
    """The row, locked. Raises CannotBeDone."""
    row = PrivacyRequest.objects.select_for_update().get(pk=request.pk)
    if not row.is_open:
        raise CannotBeDone(
            _("It is %(status)s already.") % {"status": row.get_status_display().lower()}
        )
    return row


def _noted(action: str, request: PrivacyRequest, **detail: Any) -> None:
    audit.record(action, "privacy_request", str(request.public_id), detail=detail)

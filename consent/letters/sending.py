"""Letters go when their step is done: to a verified address of the person, once each.

An erasure forgets the address: it is sealed with the last letter when the person is taken out, and
again in the mail when all is done, until a server took it or a week has passed.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.access.tokens import seal, unseal
from config.workspace.digests import contact_digest
from config.workspace.mails.outgoing import ServiceMail, write
from config.workspace.models import User
from consent.letters.languages import letter_language
from consent.letters.texts import Kind, LetterText, standard_text
from consent.masking import masked
from consent.models import PrivacyRequest, RequestLetter
from consent.models.privacy import RequestType
from consent.privacy.requests import FOLLOWING, SEALED_DAYS, CannotBeDone
from consent.privacy.subject import person_of
from consent.suppression.suppressing import silenced
from profiles.identifiers.addresses import best_address
from profiles.models import Identifier

LASTING: Final = timedelta(days=7)  # that a letter is tried
MOST_SUBJECT, MOST_BODY = 200, 20_000
ARCHIVES: Final = (RequestType.ACCESS, RequestType.PORTABILITY)
_OF_STEP: Final = {
    "confirmed": Kind.RECEIVED,
    "extended": Kind.EXTENDED,
    "completed": Kind.COMPLETED,
    "cancelled": Kind.CANCELLED,
}


@dataclass(frozen=True)
class ShownLetter:
    """A letter as the page shows it, sent or not; `row` where something was said or done of it."""

    kind: Kind
    text: LetterText
    language: str
    row: RequestLetter | None

    @property
    def is_edited(self) -> bool:
        """Whether the words are an officer's."""
        return self.row is not None and self.row.edited_at is not None


def address_of(request: PrivacyRequest) -> str:
    """Where letters go: a verified address of the person, one that they named before any other.

    "" where there is none that may be written to, or another system asked for them: it answers.
    """
    person = person_of(request)
    if person is None or request.external_id is not None:
        return ""
    named = [
        one["value"] for one in request.identities if one["kind"] == "email" and "value" in one
    ]
    theirs = Identifier.objects.filter(profile_id=person.pk, kind="email", value__in=named)
    address = theirs.exclude(verified_at=None).values_list("value", flat=True).first()
    address = address or best_address(person.pk, "email")
    return address if address and _may_be_written_to(address) else ""


def _may_be_written_to(address: str) -> bool:
    return not silenced("email", [contact_digest("email", address)]).exists()


def letters_to_come(request: PrivacyRequest) -> list[Kind]:
    """Which could still be sent, the next first."""
    if not request.is_open or request.external_id is not None:
        return []
    last = Kind.ARCHIVE if request.type in ARCHIVES else Kind.COMPLETED
    first = [] if request.confirmed_at or request.proven_at else [Kind.RECEIVED]
    return [*first, last, *([] if request.extended_at else [Kind.EXTENDED]), Kind.CANCELLED]


def letter_of(request: PrivacyRequest, kind: str) -> ShownLetter:
    """As it would go now, or as it went."""
    row = RequestLetter.objects.filter(request=request, kind=kind).first()
    said = _said(row)
    text = LetterText(said["subject"], said["body"]) if "body" in said else None
    return ShownLetter(
        Kind(kind),
        text or standard_text(request, kind),
        letter_language(request.language),
        row,
    )


def _said(row: RequestLetter | None) -> dict[str, Any]:
    return json.loads(unseal(row.sealed)) if row is not None and row.sealed else {}


@transaction.atomic
def edit(
    request: PrivacyRequest,
    kind: str,
    *,
    subject: str,
    body: str,
    is_withheld: bool,
    user: User | None,
) -> RequestLetter:
    """The officer's words for this request; empty ones are ours again. Raises CannotBeDone."""
    row, _is_new = RequestLetter.objects.get_or_create(request=request, kind=Kind(kind))
    row = RequestLetter.objects.select_for_update().get(pk=row.pk)
    if row.queued_at is not None:
        raise CannotBeDone(_("This letter was sent already."))
    if not request.is_open or request.erasing_since is not None:
        raise CannotBeDone(_("It is too late to change this letter."))
    said = {"subject": subject.strip()[:MOST_SUBJECT], "body": body.strip()[:MOST_BODY]}
    is_ours = not said["body"] or said == vars(standard_text(request, kind))
    if not is_ours and not said["subject"]:
        raise CannotBeDone(_("A letter has a subject."))
    row.sealed = b"" if is_ours else _sealed(said)
    row.edited_by, row.edited_at = (None, None) if is_ours else (user, timezone.now())
    row.is_withheld = is_withheld
    row.save()
    audit.record("privacy.letter_edited", "privacy_request", str(request.public_id))
    return row


def _sealed(said: dict[str, str]) -> bytes:
    return seal(json.dumps(said).encode())


@FOLLOWING.register("letters")
def follow(request: PrivacyRequest, step: str) -> None:
    """The letter of this step, if there is one and somebody to write to."""
    if step == "leaving":
        _keep_address(request)
        return
    if step == "certifying":
        _own_up(request)
        return
    kind = _OF_STEP[step]
    if step == "completed" and request.type in ARCHIVES:
        return  # theirs goes when an archive is released
    send(request, kind)


def _keep_address(request: PrivacyRequest) -> None:
    address = address_of(request)
    if not address:
        return
    row, _is_new = RequestLetter.objects.get_or_create(request=request, kind=Kind.COMPLETED)
    if not row.is_withheld:
        row.sealed = _sealed(_said(row) | {"to": address})
        row.save(update_fields=["sealed"])


def _own_up(request: PrivacyRequest) -> None:
    """What the certificate says of the address that is still to be written to."""
    row = RequestLetter.objects.filter(request=request, kind=Kind.COMPLETED, queued_at=None).first()
    if row is not None and "to" in _said(row):
        request.result[SEALED_DAYS] = LASTING.days


@transaction.atomic
def send(
    request: PrivacyRequest, kind: str, *, url: str = "", button: str = "", again: str = ""
) -> bool:
    """Write it and have it sent; whether somebody is written to. The same one goes once.

    With `again` it goes once more, under that name.
    """
    row, _is_new = RequestLetter.objects.get_or_create(request=request, kind=Kind(kind))
    row = RequestLetter.objects.select_for_update().get(pk=row.pk)
    said = _said(row)
    address = said.get("to") or address_of(request)
    if row.is_withheld or not address or (row.queued_at and not again):
        return False
    letter = letter_of(request, kind)
    mail = ServiceMail(
        address,
        letter.text.subject,
        letter.text.paragraphs,
        button,
        url,
        language=letter.language,
    )
    key = f"privacy:{request.pk}:{kind}:{again}"
    row.mail_id = write(f"privacy.{kind}", key, mail, lasting=LASTING).pk
    is_gone = request.erasing_since is not None
    row.queued_at, row.language = timezone.now(), letter.language
    row.address = "" if is_gone else masked(address)
    row.sealed = b"" if is_gone else _sealed(vars(letter.text))
    row.save()
    audit.record("privacy.letter_sent", "privacy_request", str(request.public_id))
    return True

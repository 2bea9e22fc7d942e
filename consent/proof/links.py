"""A fresh single-use link proves that somebody holds a verified address.

Asked for (`ask`), it is a row and nothing else: `issuing` finds out whose the address is and sends
it. Only digests of it are kept. GET looks at it, and POST alone uses it, since scanners follow
links; using it opens the person's own page (`consent.preferences.own`) for half an hour.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from config.workspace import audit
from config.workspace.access.tokens import seal, unseal
from config.workspace.digests import caller_digest, contact_digest, key_digest
from config.workspace.models import User
from config.workspace.work.due import wake
from config.workspace.work.pruning import PORTION, PRUNERS, deleted
from consent.masking import masked
from consent.models import IdentityLink, PrivacyRequest
from consent.privacy import requests
from profiles.identifiers.addresses import verified_mail
from profiles.models import Profile
from profiles.people.lineage import person_today

WORK: Final = "identity_links"
VALID: Final = timedelta(minutes=15)
OPEN_FOR: Final = timedelta(minutes=30)  # the page that one opens
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_AN_HOUR, MOST_A_DAY = 3, 10  # to one address: by strangers, and for requests
MOST_OF_A_CALLER: Final = 20  # in an hour, to whatever addresses
MOST_ATTEMPTS: Final = 30  # looks at one link
KEPT: Final = timedelta(days=90)
BY_LINK: Final = "link"
OLDEST_DUE: Final = (
    "SELECT min(asked_at) FROM identity_link WHERE sent_at IS NULL AND ended_at IS NULL"
)
_USE: Final = """
UPDATE identity_link SET used_at = statement_timestamp(), pass_digest = %s,
    pass_until = statement_timestamp() + interval '1 second' * %s
WHERE token_digest = %s AND used_at IS NULL AND ended_at IS NULL
  AND expires_at > statement_timestamp()
RETURNING id
"""
_OLD: Final = """
    DELETE FROM identity_link WHERE id IN (
        SELECT id FROM identity_link WHERE asked_at < %s LIMIT %s)
"""
End = IdentityLink.EndReason


class TooMany(Exception):
    """This caller asked for links to very many addresses."""


class LinkState(Enum):
    """How a link stands for whoever opens it."""

    FRESH = "fresh"
    USED = "used"
    EXPIRED = "expired"
    ENDED = "ended"  # replaced, or opened too often
    NONE = "none"  # none of ours


@dataclass(frozen=True)
class Holder:
    """Who proved an address a moment ago: whose it is, and the page that they see until then."""

    link: IdentityLink
    person: Profile | None
    address: str  # "" where it is nobody's any more

    @property
    def until(self) -> datetime:
        """The end of the page."""
        assert self.link.pass_until is not None  # noqa: S101 - it was opened
        return self.link.pass_until


@transaction.atomic
def ask(
    address: str,
    *,
    request: PrivacyRequest | None = None,
    caller: str = "",
    language: str = "",
    user: User | None = None,
) -> IdentityLink | None:
    """Have a link sent to a normalised mail address, if it is one of a person (of `request`).

    None where this address was sent enough of them lately. `caller` is the address of who asks over
    the public pages. Raises TooMany. The same is done whether or not anybody knows the address.
    """
    digest, now = contact_digest("email", address), timezone.now()
    network = caller_digest(caller)
    rows = IdentityLink.objects.filter(asked_at__gt=now - HOUR)
    if network and rows.filter(client_digest=network).count() >= MOST_OF_A_CALLER:
        raise TooMany
    # of strangers and of a request apart: nobody can use up what somebody needs to prove
    to_it = IdentityLink.objects.filter(digest=digest, request__isnull=request is None)
    if to_it.filter(asked_at__gt=now - HOUR).count() >= MOST_AN_HOUR:
        return None
    if to_it.filter(asked_at__gt=now - DAY).count() >= MOST_A_DAY:
        return None
    row = IdentityLink.objects.create(
        request=request,
        digest=digest,
        client_digest=network,
        sealed=seal(address.encode()),
        language=language,
        asked_by=user,
    )
    if request is not None:
        audit.record("privacy.link_asked", "privacy_request", str(request.public_id))
    wake(WORK)
    return row


def address_of_link(row: IdentityLink) -> str:
    """The address of one that was not sent yet."""
    return unseal(row.sealed).decode() if row.sealed else ""


def address_of_used(row: IdentityLink) -> str:
    """Where one that was sent went; "" where that is nobody's verified address any more."""
    return _held_by(row).address


def new_token(row: IdentityLink) -> str:
    """Its secret, of which only the digest is kept. The caller saves."""
    token = secrets.token_urlsafe(32)
    row.token_digest = key_digest(token)
    return token


def look(token: str) -> tuple[LinkState, IdentityLink | None]:
    """How it stands; each look is counted, and too many end it."""
    row = IdentityLink.objects.filter(token_digest=key_digest(token)).first()
    if row is None:
        return LinkState.NONE, None
    now = timezone.now()
    IdentityLink.objects.filter(pk=row.pk, attempts__lte=MOST_ATTEMPTS).update(
        attempts=F("attempts") + 1, opened_at=row.opened_at or now
    )
    if row.used_at:
        return LinkState.USED, row
    if row.attempts >= MOST_ATTEMPTS:
        IdentityLink.objects.filter(pk=row.pk, ended_at=None).update(
            ended_at=now, ended_because=End.TOO_OFTEN
        )
    if row.ended_at or row.attempts >= MOST_ATTEMPTS:
        return LinkState.ENDED, row
    if row.expires_at is None or row.expires_at <= now:
        return LinkState.EXPIRED, row
    return LinkState.FRESH, row


@transaction.atomic
def use(token: str) -> str | None:
    """Use it up; the secret of the page that it opens, None where it is not fresh any more.

    Of two at the same moment one is the first. A request that waits for it is confirmed.
    """
    secret = secrets.token_urlsafe(32)
    with connection.cursor() as cursor:
        cursor.execute(_USE, [key_digest(secret), OPEN_FOR.total_seconds(), key_digest(token)])
        found = cursor.fetchone()
    if not found:
        return None
    row = IdentityLink.objects.select_related("request").get(pk=found[0])
    holder = _held_by(row)
    if holder.person is None:
        return None if row.request is None else secret
    if row.request is not None and row.request.is_open and not row.request.proven_at:
        requests.confirm(row.request, proof=f"{BY_LINK}: {masked(holder.address)}")
        audit.record("privacy.proven", "privacy_request", str(row.request.public_id))
    return secret


def holder_of(secret: str) -> Holder | None:
    """Whose page this is, while it is open."""
    rows = IdentityLink.objects.select_related("request")
    row = rows.filter(pass_digest=key_digest(secret), pass_until__gt=timezone.now()).first()
    return _held_by(row) if row else None


def _held_by(row: IdentityLink) -> Holder:
    """The address as it is today: whoever lost it since has no page by it."""
    person = person_today(row.profile_id or 0)
    address = verified_mail(person.pk, row.identifier_id or 0) if person else ""
    return Holder(row, person if address else None, address)


@PRUNERS.register("identity_links")
def prune(now: datetime) -> int:
    """Links of long ago, by the index of their making."""
    return deleted(_OLD, [now - KEPT, PORTION])

"""How far a request is with proving who asks."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from config.workspace.models import OutgoingMail, User
from consent.letters.sending import address_of
from consent.models import IdentityLink, PrivacyRequest
from consent.privacy.deadlines import AT_ONCE
from consent.privacy.requests import CannotBeDone
from consent.proof import links


@dataclass(frozen=True)
class ShownLink:
    """One link as the officer sees it, and what became of its mail."""

    row: IdentityLink
    mail: OutgoingMail | None
    now: datetime

    @property
    def is_fresh(self) -> bool:
        """Whether the person can still use it."""
        row = self.row
        is_open = row.used_at is None and row.ended_at is None
        return is_open and row.expires_at is not None and row.expires_at > self.now

    @property
    def is_under_way(self) -> bool:
        """Asked for, and not sent yet."""
        return self.row.sent_at is None and self.row.ended_at is None


@dataclass(frozen=True)
class ProofStanding:
    """Whether it is needed, the address that a link can go to, and the links, the newest first."""

    is_needed: bool
    address: str
    links: list[ShownLink]

    @property
    def waits(self) -> bool:
        """Whether it is the person's turn."""
        return bool(self.links) and (self.links[0].is_fresh or self.links[0].is_under_way)


def standing_of(request: PrivacyRequest) -> ProofStanding:
    """Five queries at most."""
    rows = list(IdentityLink.objects.filter(request=request).order_by("-id")[:20])
    mails = OutgoingMail.objects.in_bulk([row.mail_id for row in rows if row.mail_id])
    now = timezone.now()
    shown = [ShownLink(row, mails.get(row.mail_id or 0), now) for row in rows]
    is_needed = request.is_open and request.type not in AT_ONCE and request.proven_at is None
    return ProofStanding(is_needed, address_of(request) if is_needed else "", shown)


def send_link(request: PrivacyRequest, user: User | None) -> IdentityLink:
    """Have a fresh one sent to a verified address of the person. Raises CannotBeDone."""
    standing = standing_of(request)
    if not standing.is_needed:
        raise CannotBeDone(_("Nobody has to prove anything for it, or it is proved already."))
    if not standing.address:
        raise CannotBeDone(_("No verified mail address of the person is known."))
    row = links.ask(standing.address, request=request, language=request.language, user=user)
    if row is None:
        raise CannotBeDone(_("Several links went to this address lately. Try again in an hour."))
    return row

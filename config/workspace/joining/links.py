"""Links that let somebody in once: invitations to the team, and ways to a new password.

A link says the row and how many were made of it, signed (`tokens`); that it is used, taken back,
out of time or not the newest is asked of the row, locked while it is used. Nothing of it is kept.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.access import tokens
from config.workspace.joining import letters
from config.workspace.models import AccessLink, User
from config.workspace.permissions import may, may_give
from config.workspace.roles.callers import KeyUser, is_in_force
from config.workspace.work.due import wake

INVITED_FOR = timedelta(days=7)
RESET_FOR = timedelta(hours=1)
UNIT = "access_links"
Kind = AccessLink.Kind


class CannotInvite(ValueError):
    """Why not, in the reader's language."""


def found(kind: str, token: str, *, lock: bool = False) -> AccessLink | None:
    """The row of a link that may be used now; None for any other. One query."""
    try:
        number, count = tokens.read(f"access.{kind}", token)
    except ValueError:
        return None
    rows = AccessLink.objects.select_for_update() if lock else AccessLink.objects.all()
    link = rows.filter(pk=number, kind=kind, round=count).first()
    return link if link is not None and is_open(link) else None


def is_open(link: AccessLink) -> bool:
    """Neither used nor taken back, its time not over, and by somebody who may still give it."""
    is_done = link.used_at or link.revoked_at or link.expires_at <= timezone.now()
    if is_done:
        return False
    if link.kind == Kind.RESET and (link.user is None or not link.user.is_active):
        return False
    giver = giver_of(link)
    if link.kind == Kind.RESET and giver is None:  # asked for by whoever has the mailbox
        return True
    # of a password the role is asked that its owner has today
    role = link.role if link.user is None else link.user.role
    return may(giver, "team.edit") and may_give(giver, role)


def giver_of(link: AccessLink) -> User | KeyUser | None:
    """Whoever sent it, as far as they may still do anything."""
    key = link.created_by_key
    if key is not None:
        return KeyUser(key) if is_in_force(key) else None
    return link.created_by


def _sign(link: AccessLink, by: User | KeyUser) -> None:
    link.created_by = by if isinstance(by, User) else None
    link.created_by_key = by.key if isinstance(by, KeyUser) else None


@transaction.atomic
def invite(*, email: str, role: str, by: User | KeyUser) -> AccessLink:
    """Invite this address to work here as `role`; mailed where mails leave. Raises CannotInvite."""
    if not may_give(by, role):
        raise CannotInvite(_("This role may do more than yours: an admin can invite for it."))
    if User.objects.filter(email__iexact=email, is_active=True).exists():
        raise CannotInvite(_("Somebody with this address works here already."))
    open_ones = AccessLink.objects.filter(kind=Kind.INVITATION, used_at=None, revoked_at=None)
    if open_ones.filter(email__iexact=email).exists():
        raise CannotInvite(_("This address is invited already: send it again, or take it back."))
    link = AccessLink(kind=Kind.INVITATION, email=email, role=role)
    _sign(link, by)
    link.language = translation.get_language() or ""
    _begin(link, INVITED_FOR)
    audit.record("invitation.created", "invitation", str(link.pk), detail={"role": role})
    return link


@transaction.atomic
def resend(link: AccessLink, *, by: User | KeyUser) -> AccessLink:
    """Anew, for a full time; the link before it works no more. Raises CannotInvite."""
    link = AccessLink.objects.select_for_update().get(pk=link.pk)
    if link.used_at or link.revoked_at:
        raise CannotInvite(_("This invitation was used or taken back."))
    if not may_give(by, link.role):
        raise CannotInvite(_("This role may do more than yours: an admin can invite for it."))
    letters.take_back(link)
    _sign(link, by)
    link.round += 1
    _begin(link, INVITED_FOR)
    audit.record("invitation.sent_again", "invitation", str(link.pk))
    return link


@transaction.atomic
def revoke(link: AccessLink) -> None:
    """The link works no more."""
    open_one = AccessLink.objects.filter(pk=link.pk, used_at=None, revoked_at=None)
    if open_one.update(revoked_at=timezone.now()):
        letters.take_back(link)
        audit.record("invitation.revoked", "invitation", str(link.pk))


def accept(token: str, user: User) -> User | None:
    """Make the invited user, as the form filled it in; None where the link works no more.

    To be called in a transaction: the row stays locked until its end, so that of two who use a link
    at one moment one comes in.
    """
    link = found(Kind.INVITATION, token, lock=True)
    if link is None:
        return None
    user.role, user.email = link.role, link.email
    user.save()
    AccessLink.objects.filter(pk=link.pk).update(used_at=timezone.now(), user=user)
    with audit.acting(audit.actor_of_user(user)):
        audit.record("invitation.accepted", "invitation", str(link.pk))
        audit.record("user.created", "user", str(user.pk), fields=["username", "role"])
    return user


@transaction.atomic
def reset_for(user: User, *, by: User) -> AccessLink:
    """A way to a new password for a member; mailed where mails leave and an address is known.

    Raises CannotInvite where that member may do more than `by`.
    """
    if not may_give(by, user.role):
        raise CannotInvite(_("This role may do more than yours: an admin can do it."))
    end_resets(user)
    link = AccessLink(kind=Kind.RESET, user=user, email=user.email, created_by=by)
    link.language = user.locale or translation.get_language() or ""
    _begin(link, RESET_FOR)
    audit.record("reset.created", "user", str(user.pk))
    return link


def ask_for_reset(typed: str) -> None:
    """Somebody forgot their password, or says so. The same is done whoever it is, and nobody is
    looked up: that is the worker's (`asking`)."""
    language = translation.get_language() or ""
    expires_at = timezone.now() + RESET_FOR
    AccessLink.objects.create(
        kind=Kind.RESET, email=typed[:254], language=language, expires_at=expires_at
    )
    wake(UNIT)


def use_reset(token: str, user: User) -> bool:
    """Whether the link is this user's and works; then it is used up, and their others are ended.

    To be called in the transaction that sets the password.
    """
    link = found(Kind.RESET, token, lock=True)
    if link is None or link.user_id != user.pk:
        return False
    AccessLink.objects.filter(pk=link.pk).update(used_at=timezone.now())
    end_resets(user)
    return True


def end_resets(user: User) -> None:
    """The ways to a new password that this user was given work no more."""
    open_ones = AccessLink.objects.filter(kind=Kind.RESET, user=user, used_at=None, revoked_at=None)
    open_ones.update(revoked_at=timezone.now())


def _begin(link: AccessLink, lasts: timedelta) -> None:
    """From now on; mailed where there is a way and an address."""
    link.expires_at = timezone.now() + lasts
    link.save()
    letters.send(link, lasts)

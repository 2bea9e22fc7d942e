"""Who comes in by a provider's word, and as what: decided by what an admin set, nothing else.

Of all that a provider says only its identifier, address, names and groups are read. A role comes
from the mapping alone: no claim names one.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from config.workspace import audit
from config.workspace.models import IdentityProvider, Role, User


@dataclass(frozen=True)
class Claims:
    """What of a provider's word is read."""

    subject: str
    email: str
    is_email_verified: bool
    groups: Collection[str]


class Refused(Exception):
    """Why somebody does not come in, as a code of WORDS (`signing_in.providers.turning_away`)."""


def role_for(provider: IdentityProvider, claims: Claims) -> str:
    """As what they work here. Raises Refused: another domain, or in no group that may."""
    domain = claims.email.rpartition("@")[2].casefold()
    # an address that the provider does not vouch for is of no domain
    if provider.domains and not (claims.is_email_verified and domain in provider.domains):
        raise Refused("domain")
    groups = set(claims.groups)
    role = next((role for group, role in provider.mapping if group in groups), "")
    role = role or provider.default_role
    if not role:
        raise Refused("groups")
    return role


def known_by_address(provider: IdentityProvider, claims: Claims) -> User | None:
    """Whoever works here already under the address; None where nobody does. Raises Refused.

    An address joins two only where the provider says that it is theirs, and an admin said that the
    provider speaks for its domain: else whoever can write an address there could be anybody here.
    """
    users = User.objects.filter(email__iexact=claims.email) if claims.email else User.objects.none()
    found = list(users[:2])
    if not found:
        return None
    domain = claims.email.rpartition("@")[2].casefold()
    if len(found) > 1 or not claims.is_email_verified or domain not in provider.domains:
        raise Refused("address")
    return found[0]


@transaction.atomic
def take_role(user: User, role: str) -> None:
    """The role that the groups say today. The last admin stays one: nobody could let others in."""
    if user.role == role:
        return
    if user.role == Role.ADMIN and leaves_no_admin([user.pk], lock=True):
        audit.record("user.role_kept", "user", str(user.pk), detail={"role": user.role})
        return
    user.role, user.is_superuser = role, user.is_superuser and role == Role.ADMIN
    user.save(update_fields=["role", "is_superuser"])
    audit.record("user.role_mapped", "user", str(user.pk), detail={"role": role})


def is_last_admin(user: User) -> bool:
    """Whether this is an admin who can come in, and nobody else of the team is one."""
    return leaves_no_admin([user.pk])


def leaves_no_admin(without: Collection[int], *, lock: bool = False) -> bool:
    """Whether all admins who can come in are among these.

    `lock`, in a transaction: of two who take it from each other at one moment one is the last.
    """
    admins = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk")
    rows = admins.select_for_update() if lock else admins
    found = set(rows.values_list("pk", flat=True))
    return bool(found) and found <= set(without)

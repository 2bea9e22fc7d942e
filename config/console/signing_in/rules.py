"""Which roles need a second factor, and whether somebody has shown or set up one."""

from typing import Final

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from config.workspace import audit
from config.workspace.access import sign_in
from config.workspace.models import User
from config.workspace.selectors import workspace
from config.workspace.stored import change_setting

SETTING: Final = "second_factor_roles"
SHOWN: Final = "second_factor"  # in the session: shown at the log-in, or set up since
EVERYBODY: Final = "*"
SSO_ONLY: Final = "sso_only"
BREAK_GLASS: Final = "break_glass"


def required_roles() -> list[str]:
    """Roles by key, or EVERYBODY."""
    return list(workspace().setting(SETTING, []))


def is_required(role: str) -> bool:
    """Whether somebody of this role needs one. No query."""
    return not {EVERYBODY, role}.isdisjoint(required_roles())


def require(roles: list[str]) -> None:
    """From now on these roles need one; who is in without is led to set one up."""
    change_setting(SETTING, lambda _before: sorted(set(roles)))


@transaction.atomic
def take_away(user: User) -> int:
    """All second factors of somebody who lost theirs, and all their sessions; how many factors."""
    factors = Authenticator.objects.filter(user=user)
    count: int = factors.exclude(type=Authenticator.Type.RECOVERY_CODES).count()
    factors.delete()
    sign_in.end_sessions(user)
    audit.record("second_factor.reset", "user", str(user.pk))
    return count


def is_sso_only() -> bool:
    """Whether people come in by a provider alone, save those for whom the glass is broken."""
    return bool(workspace().setting(SSO_ONLY, False))


def break_glass() -> list[int]:
    """Who may come in by their password all the same: the provider may be down, or set wrong."""
    return list(workspace().setting(BREAK_GLASS, []))


def may_come_in_here(user: User) -> bool:
    """Whether their password, or a passkey of theirs, opens the log-in. No query."""
    return not is_sso_only() or user.pk in break_glass()


def keep_sso(is_only: bool, who: list[int]) -> None:
    """From the next log-in on."""
    change_setting(SSO_ONLY, lambda _before: is_only)
    change_setting(BREAK_GLASS, lambda _before: sorted(who))


def is_lacking(request: HttpRequest, user: User) -> bool:
    """Whether this session is to set one up before anything else. At most one query a session."""
    if not is_required(user.role) or request.session.get(SHOWN):
        return False
    factors = Authenticator.objects.filter(user=user)
    if not factors.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        return True
    request.session[SHOWN] = True
    return False

"""Second factors in the audit trail, and that somebody has shown once more who they are."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.dispatch import receiver
from django.http import HttpRequest

from config.console.signing_in import rules
from config.workspace import audit, freshness
from config.workspace.models import User


def _told(action: str, user: User, authenticator: Authenticator) -> None:
    with audit.acting(audit.actor_of_user(user)):
        audit.record(action, "user", str(user.pk), detail={"kind": authenticator.type})


@receiver(signals.authenticator_added, dispatch_uid="rapport.factor_added")
def added(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    """Set up in this session, which therefore has it."""
    request.session[rules.SHOWN] = True
    _told("second_factor.added", user, authenticator)


@receiver(signals.authenticator_removed, dispatch_uid="rapport.factor_removed")
def removed(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    """The session is asked again whether there is one."""
    request.session.pop(rules.SHOWN, None)
    _told("second_factor.removed", user, authenticator)


@receiver(signals.authenticator_reset, dispatch_uid="rapport.factor_reset")
def renewed(user: User, authenticator: Authenticator, **_more: Any) -> None:
    """New recovery codes."""
    _told("second_factor.renewed", user, authenticator)


@receiver(signals.authentication_failed, dispatch_uid="rapport.factor_failed")
def failed(user: User, authenticator: Authenticator, **_more: Any) -> None:
    """A wrong code, after a right password or within a session."""
    with audit.acting(audit.STRANGER):
        detail = {"kind": authenticator.type}
        audit.record("second_factor.failed", "user", str(user.pk), detail=detail)


@receiver(authentication_step_completed, dispatch_uid="rapport.shown_again")
def shown_again(
    request: HttpRequest, user: User, method: str, reauthenticated: bool = False, **more: Any
) -> None:
    """It holds for a while; a log-in has its own entry."""
    if not reauthenticated:
        return
    freshness.note(request)
    how = {"socialaccount": "sso"}.get(method) or str(more.get("type") or method)
    with audit.acting(audit.actor_of_user(user)):
        audit.record("sign_in.shown_again", "user", str(user.pk), detail={"how": how})

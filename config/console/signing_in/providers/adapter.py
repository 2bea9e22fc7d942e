"""Single sign-on over django-allauth: its providers are our rows, its word is decided by ours."""

from typing import Any, Final

from allauth.account.internal.flows.login import record_authentication
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.db import transaction
from django.http import HttpRequest

from config.console.signing_in import rules
from config.console.signing_in.providers.turning_away import turn_away
from config.workspace import audit
from config.workspace.access import tokens
from config.workspace.joining import links
from config.workspace.models import IdentityProvider, User
from config.workspace.permissions import may_everything
from config.workspace.sso import deciding
from config.workspace.sso.calls import GuardedSession
from config.workspace.sso.deciding import Claims, Refused
from config.workspace.sso.offering import offered

LEEWAY: Final = 60  # seconds that two clocks may be apart
OIDC: Final = "openid_connect"  # as allauth calls it
SAML: Final = "saml"


class SingleAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # has no types
    """Which providers there are, and who comes in by their word."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Our rows, as allauth has them; none of them is kept in its own table."""
        found = [app_of(row) for row in offered()]
        return [
            app
            for app in found
            if provider in (None, app.provider, app.provider_id)
            and client_id in (None, app.client_id)
        ]

    def get_requests_session(self) -> GuardedSession:
        """Calls nobody inside."""
        return GuardedSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """`pre_social_login` has decided."""
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody fills in a form."""
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """In or not, and as what. Raises ImmediateHttpResponse where not."""
        row = IdentityProvider.objects.filter(slug=sociallogin.account.provider).first()
        if row is None:
            turn_away(request, "failed")
        claims = claims_of(row, sociallogin)
        is_again = sociallogin.state.get("process") == AuthProcess.REDIRECT
        if is_again and not is_them_anew(request, sociallogin):
            turn_away(request, "another")
        try:
            with transaction.atomic():
                role = deciding.role_for(row, claims)
                if not sociallogin.is_existing:
                    known = deciding.known_by_address(row, claims)
                    if known is not None:
                        _refuse_another_subject(known, row)
                        _end_what_others_may_know(known)
                        sociallogin.connect(request, known)
                if sociallogin.is_existing:
                    with audit.acting(audit.actor_of_user(sociallogin.user)):
                        deciding.take_role(sociallogin.user, role)
                else:
                    sociallogin.user.role = role
                    if not claims.is_email_verified:  # it is nobody's word
                        sociallogin.user.email, sociallogin.email_addresses = "", []
        except Refused as error:
            turn_away(request, str(error))
        if is_again:
            said = {"provider": row.slug, "uid": sociallogin.account.uid}
            record_authentication(
                request, sociallogin.user, "socialaccount", reauthenticated=True, **said
            )

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Made at the first log-in, as the groups say."""
        role = sociallogin.user.role
        user: User = super().save_user(request, sociallogin, form)
        User.objects.filter(pk=user.pk).update(role=role, is_superuser=False)
        user.role, user.is_superuser = role, False
        with audit.acting(audit.actor_of_user(user)):
            audit.record("user.created", "user", str(user.pk), fields=["username", "role"])
        return user

    def on_authentication_error(self, request: HttpRequest, provider: Any, **more: Any) -> None:
        """Back to the log-in, in words. Raises ImmediateHttpResponse."""
        turn_away(request, "failed")


def is_them_anew(request: HttpRequest, login: SocialLogin) -> bool:
    """The same user, who signed in there since they were asked, where the provider says when."""
    if not login.is_existing or login.user != request.user:
        return False
    said = signed_in_at(login.account.extra_data)
    if said is None:  # some say it nowhere; they were asked for it all the same
        return True
    asked_at = (login.state.get("data") or {}).get("asked_at", 0)
    return isinstance(said, int | float) and said >= asked_at - LEEWAY


def signed_in_at(said: dict[str, Any]) -> Any:
    """When they showed there who they are, in seconds since 1970; None where it is not said."""
    if SAML in said:
        return said[SAML].get("signed_in_at")
    return (said.get("id_token") or {}).get("auth_time")


def claims_of(row: IdentityProvider, login: SocialLogin) -> Claims:
    """What is read of a provider's word; of what is no list of groups none.

    SAML has no word for an address that is verified: it is where an admin said of which domains
    the provider speaks.
    """
    data = login.account.extra_data
    if row.kind == IdentityProvider.Kind.SAML:
        said: dict[str, Any] = data[SAML]
        return Claims(login.account.uid, said["email"], bool(row.domains), said["groups"])
    parts = [data.get("id_token"), data.get("userinfo")]
    said = {}
    for part in parts:
        said |= part if isinstance(part, dict) else {}
    groups = said.get(row.groups_claim) or []
    listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    email = str(said.get("email") or "")  # what is said today, not what we have kept
    is_verified = said.get("email_verified") is True
    return Claims(login.account.uid, email, is_verified, [str(one) for one in listed])


def _refuse_another_subject(known: User, row: IdentityProvider) -> None:
    """Raises Refused where they come in by this provider already, as somebody else there."""
    if SocialAccount.objects.filter(user=known, provider=row.slug).exists():
        raise Refused("address")


def _end_what_others_may_know(known: User) -> None:
    """Its password, second factors, sessions and links to a new password.

    Nobody has shown yet whose address that is: whoever managed the team could write it at a user
    whose password they know, and wait for its owner's rights. An admin's is no lesser one's to set.
    """
    if may_everything(known):
        return
    known.set_unusable_password()
    known.save(update_fields=["password"])
    links.end_resets(known)
    with audit.acting(audit.actor_of_user(known)):
        rules.take_away(known)


def app_of(row: IdentityProvider) -> SocialApp:
    """As allauth has it."""
    kind = SAML if row.kind == IdentityProvider.Kind.SAML else OIDC
    app = SocialApp(provider=kind, provider_id=row.slug, name=row.name)
    app.client_id = row.client_id
    app.secret = tokens.unseal(row.sealed_secret).decode() if row.sealed_secret else ""
    app.settings = {"server_url": row.issuer.rstrip("/"), "oauth_pkce_enabled": True}
    return app

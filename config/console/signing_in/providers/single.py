"""Single sign-on over django-allauth: its providers are our rows, its word is decided by ours."""

import json
import time
from typing import Any, Final, NoReturn

import jwt
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from config.console.pages import toast
from config.console.signing_in.entrance import entrance, have_to_wait
from config.workspace import audit
from config.workspace.access import throttle, tokens
from config.workspace.access.client_address import address_of, home_of
from config.workspace.digests import contact_digest
from config.workspace.models import IdentityProvider, User
from config.workspace.sso import deciding
from config.workspace.sso.calls import GuardedSession
from config.workspace.sso.deciding import Claims, Refused

BEGUN: Final = 60  # log-ins that one address begins in 15 minutes
# signed by a key of the provider's own: what it shares with us signs nothing
ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
WORDS: Final = {
    "domain": gettext_lazy("Your address is of no domain that signs in here by this provider."),
    "groups": gettext_lazy("You are in none of the groups that work here. Ask an admin."),
    "address": gettext_lazy(
        "Somebody with your address works here already. Ask an admin to join the two."
    ),
    "another": gettext_lazy("That was somebody else, or not signed in anew."),
    "failed": gettext_lazy("The provider did not let you in, or its answer was not right."),
}
LEEWAY: Final = 60  # seconds that two clocks may be apart
ANEW: Final = {"prompt": "login", "max_age": "0"}  # OpenID Connect Core 1.0, 3.1.2.1
OIDC: Final = "openid_connect"  # as allauth calls it


class SingleAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # has no types
    """Which providers there are, and who comes in by their word."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Our rows, as allauth has them; none of them is kept in its own table."""
        rows = IdentityProvider.objects.filter(is_active=True)
        found = [_app_of(row) for row in rows]
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
            _turn_away(request, "failed")
        claims = claims_of(row, sociallogin)
        is_again = sociallogin.state.get("process") == AuthProcess.REDIRECT
        if is_again and not _is_them_anew(request, sociallogin):
            _turn_away(request, "another")
        try:
            with transaction.atomic():
                role = deciding.role_for(row, claims)
                if not sociallogin.is_existing:
                    known = deciding.known_by_address(row, claims)
                    if known is not None:
                        _refuse_another_subject(known, row)
                        sociallogin.connect(request, known)
                if sociallogin.is_existing:
                    with audit.acting(audit.actor_of_user(sociallogin.user)):
                        deciding.take_role(sociallogin.user, role)
                else:
                    sociallogin.user.role = role
                    if not claims.is_email_verified:  # it is nobody's word
                        sociallogin.user.email, sociallogin.email_addresses = "", []
        except Refused as error:
            _turn_away(request, str(error))
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
        _turn_away(request, "failed")


class OidcAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # has no types
    """The identity token is checked by the provider's own keys, and speaks of the same person."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself. Raises OAuth2Error where it is another."""
        config: dict[str, Any] = super().openid_config
        row = IdentityProvider.objects.get(slug=self.provider_id)
        if config.get("issuer", "").rstrip("/") != row.issuer.rstrip("/"):
            raise OAuth2Error("the provider names another issuer")
        return config

    def _fetch_user_info(self, access_token: str) -> dict[str, Any]:
        if "userinfo_endpoint" not in self.openid_config:
            return {}
        found: dict[str, Any] = super()._fetch_user_info(access_token)
        return found

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Raises OAuth2Error where the two say different people."""
        login = super().complete_login(request, app, token, **kwargs)
        data = login.account.extra_data
        subjects = {part.get("sub") for part in data.values() if isinstance(part, dict) and part}
        if "id_token" not in data or len(subjects) != 1:
            raise OAuth2Error("no identity token, or of somebody else")
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        with GuardedSession() as session:
            keys = session.get(self.openid_config["jwks_uri"]).json()
        try:
            name = jwt.get_unverified_header(id_token).get("kid")
            listed = jwt.PyJWKSet.from_dict(keys).keys
            key = next(one for one in listed if name in (None, one.key_id))
            found: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
                leeway=LEEWAY,
            )
        except (jwt.PyJWTError, StopIteration, ValueError, TypeError) as error:
            raise OAuth2Error("the identity token is not right") from error
        is_of_several = isinstance(found["aud"], list) and len(found["aud"]) > 1
        if is_of_several and found.get("azp") != app.client_id:
            raise OAuth2Error("the identity token is for somebody else")
        return found


@never_cache
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """On to the provider, by a page: a form of ours may lead to no other host (`form-action`)."""
    home = home_of(address_of(request))
    if wait := throttle.seconds_to_wait({"sso_from": (contact_digest("sso", home), BEGUN)}):
        return have_to_wait(request, wait)
    provider = _provider(request, slug)
    try:
        # to come in or to show it again, and for nothing else that the form might name
        answer = provider.redirect(request, **_asked(request))
    except ImmediateHttpResponse as error:
        turned_away: HttpResponse = error.response
        return turned_away
    except Exception as error:  # of the net, or of what it says
        if not _is_theirs(error):
            raise
        return _turned_away(request, "failed")
    context = {"url": answer["Location"], "provider": provider.app.name}
    return entrance(request, "leaving", context)


@never_cache
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the provider with a code, which is changed for its word."""
    _provider(request, provider_id)
    try:
        view = OAuth2CallbackView.adapter_view(OidcAdapter(request, provider_id))
        answer: HttpResponse = view(request)
    except Exception as error:
        if not _is_theirs(error):
            raise
        return _turned_away(request, "failed")
    return answer


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What a provider is asked for: of who is in already, to let them sign in anew."""
    said = {"next_url": get_next_redirect_url(request)}
    if "again" not in request.POST or not request.user.is_authenticated:
        return {"process": AuthProcess.LOGIN, **said}
    anew = {"auth_params": dict(ANEW), "data": {"asked_at": time.time()}}
    return {"process": AuthProcess.REDIRECT, **said, **anew}


def _is_them_anew(request: HttpRequest, login: SocialLogin) -> bool:
    """The same user, who signed in there since they were asked, where the provider says when."""
    if not login.is_existing or login.user != request.user:
        return False
    said = (login.account.extra_data.get("id_token") or {}).get("auth_time")
    if said is None:  # some say it nowhere; they were asked for it all the same
        return True
    asked_at = (login.state.get("data") or {}).get("asked_at", 0)
    return isinstance(said, int | float) and said >= asked_at - LEEWAY


def choices(request: HttpRequest) -> list[IdentityProvider]:
    """What the log-in offers. One query."""
    return list(IdentityProvider.objects.filter(is_active=True).order_by("name"))


def claims_of(row: IdentityProvider, login: SocialLogin) -> Claims:
    """What is read of a provider's word; of what is no list of groups none."""
    data = login.account.extra_data
    parts = [data.get("id_token"), data.get("userinfo")]
    said: dict[str, Any] = {}
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


def _app_of(row: IdentityProvider) -> SocialApp:
    app = SocialApp(provider=OIDC, provider_id=row.slug, name=row.name)
    app.client_id = row.client_id
    app.secret = tokens.unseal(row.sealed_secret).decode() if row.sealed_secret else ""
    app.settings = {"server_url": row.issuer.rstrip("/"), "oauth_pkce_enabled": True}
    return app


def _provider(request: HttpRequest, slug: str) -> Any:
    """Raises Http404."""
    apps = SingleAdapter(request).list_apps(request, provider=slug)
    if not apps:
        raise Http404(slug)
    provider = apps[0].get_provider(request)
    provider.oauth2_adapter_class = OidcAdapter
    return provider


def _is_theirs(error: Exception) -> bool:
    """What a provider does or says, or the net between us."""
    import requests  # noqa: PLC0415 - some tenths of a second at the start

    theirs = (requests.RequestException, OAuth2Error, KeyError, json.JSONDecodeError, OSError)
    return isinstance(error, theirs)


def _turned_away(request: HttpRequest, why: str) -> HttpResponse:
    with audit.acting(audit.STRANGER):
        audit.record("sign_in.refused", "user", detail={"reason": why, "how": "sso"})
    toast(request, WORDS[why], level=messages.ERROR)
    return HttpResponseRedirect(reverse("mfa_index" if why == "another" else "admin:login"))


def _turn_away(request: HttpRequest, why: str) -> NoReturn:
    raise ImmediateHttpResponse(_turned_away(request, why))

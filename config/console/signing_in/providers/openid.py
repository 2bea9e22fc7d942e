"""Providers by OpenID Connect: the code flow, and an identity token that their keys have signed."""

import json
import time
from typing import Any, Final

import jwt
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

from config.console.signing_in.providers.adapter import LEEWAY, app_of
from config.console.signing_in.providers.turning_away import turned_away
from config.workspace.models import IdentityProvider
from config.workspace.sso.calls import GuardedSession
from config.workspace.sso.offering import offered

# signed by a key of the provider's own: what it shares with us signs nothing
ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
ANEW: Final = {"prompt": "login", "max_age": "0"}  # OpenID Connect Core 1.0, 3.1.2.1


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


def ways_of(request: HttpRequest, row: IdentityProvider, *, is_again: bool) -> HttpResponse:
    """Where the browser is led, or where it is turned away to."""
    provider = _provider(request, row)
    said: dict[str, Any] = {"process": AuthProcess.LOGIN}
    if is_again:
        anew = {"auth_params": dict(ANEW), "data": {"asked_at": time.time()}}
        said = {"process": AuthProcess.REDIRECT, **anew}
    try:
        # to come in or to show it again, and for nothing else that the form might name
        answer: HttpResponse = provider.redirect(
            request, next_url=get_next_redirect_url(request), **said
        )
    except ImmediateHttpResponse as error:
        answer = error.response
    except Exception as error:  # of the net, or of what it says
        if not _is_theirs(error):
            raise
        answer = turned_away(request, "failed")
    return answer


@never_cache
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the provider with a code, which is changed for its word. Raises Http404."""
    rows = offered().filter(kind=IdentityProvider.Kind.OIDC)
    _provider(request, get_object_or_404(rows, slug=provider_id))
    try:
        view = OAuth2CallbackView.adapter_view(OidcAdapter(request, provider_id))
        answer: HttpResponse = view(request)
    except Exception as error:
        if not _is_theirs(error):
            raise
        return turned_away(request, "failed")
    return answer


def _provider(request: HttpRequest, row: IdentityProvider) -> Any:
    provider = app_of(row).get_provider(request)
    provider.oauth2_adapter_class = OidcAdapter
    return provider


def _is_theirs(error: Exception) -> bool:
    """What a provider does or says, or the net between us."""
    import requests  # noqa: PLC0415 - some tenths of a second at the start

    theirs = (requests.RequestException, OAuth2Error, KeyError, json.JSONDecodeError, OSError)
    return isinstance(error, theirs)

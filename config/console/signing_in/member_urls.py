"""Addresses that django-allauth knows by name, below /console/."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.urls import path

from config.console.signing_in import again, factors
from config.console.signing_in.again import shown_lately
from config.console.signing_in.factors import of_member, security
from config.console.signing_in.providers import openid, saml, starting


def _now(view: Any) -> Callable[..., Any]:
    """About oneself, by whoever has shown lately who they are."""
    return of_member(shown_lately(view.as_view()))


urlpatterns = [
    path("login/", admin.site.login, name="account_login"),
    path("logout/", admin.site.logout, name="account_logout"),
    path("login/code/", factors.SecondFactor.as_view(), name="mfa_authenticate"),
    path("login/passkey/", factors.PasskeyLogin.as_view(), name="mfa_login_webauthn"),
    path("login/sso/<slug:slug>/", starting.start, name="sso_start"),
    path("login/sso/<slug:provider_id>/back/", openid.callback, name="openid_connect_callback"),
    path("login/sso/<slug:slug>/saml/", saml.back, name="saml_back"),
    path("login/sso/<slug:slug>/metadata/", saml.metadata, name="saml_metadata"),
    path("security/", security, name="mfa_index"),
    path("security/keys/", security, name="mfa_list_webauthn"),
    path(
        "security/again/",
        of_member(factors.PasswordAgain.as_view()),
        name="account_reauthenticate",
    ),
    path("security/again/code/", of_member(factors.CodeAgain.as_view()), name="mfa_reauthenticate"),
    path(
        "security/again/passkey/",
        of_member(factors.PasskeyAgain.as_view()),
        name="mfa_reauthenticate_webauthn",
    ),
    path("security/again/provider/", of_member(again.by_provider), name="sso_again"),
    path("security/again/sent/", of_member(again.sent), name="sent_before"),
    path("security/app/", _now(factors.AddApp), name="mfa_activate_totp"),
    path("security/app/off/", _now(factors.RemoveApp), name="mfa_deactivate_totp"),
    path("security/keys/add/", _now(factors.AddPasskey), name="mfa_add_webauthn"),
    path("security/keys/<int:pk>/", _now(factors.RenamePasskey), name="mfa_edit_webauthn"),
    path("security/keys/<int:pk>/off/", _now(factors.RemovePasskey), name="mfa_remove_webauthn"),
    path("security/codes/", _now(factors.RecoveryCodes), name="mfa_view_recovery_codes"),
    path("security/codes/new/", _now(factors.NewRecoveryCodes), name="mfa_generate_recovery_codes"),
]

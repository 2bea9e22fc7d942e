"""Addresses that django-allauth knows by name, below /console/."""

from django.contrib import admin
from django.urls import path

from config.console.signing_in import factors, single
from config.console.signing_in.factors import of_member, security

urlpatterns = [
    path("login/", admin.site.login, name="account_login"),
    path("logout/", admin.site.logout, name="account_logout"),
    path("login/code/", factors.SecondFactor.as_view(), name="mfa_authenticate"),
    path("login/passkey/", factors.PasskeyLogin.as_view(), name="mfa_login_webauthn"),
    path("login/sso/<slug:slug>/", single.start, name="sso_start"),
    path("login/sso/<slug:provider_id>/back/", single.callback, name="openid_connect_callback"),
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
    path("security/app/", of_member(factors.AddApp.as_view()), name="mfa_activate_totp"),
    path("security/app/off/", of_member(factors.RemoveApp.as_view()), name="mfa_deactivate_totp"),
    path("security/keys/add/", of_member(factors.AddPasskey.as_view()), name="mfa_add_webauthn"),
    path(
        "security/keys/<int:pk>/",
        of_member(factors.RenamePasskey.as_view()),
        name="mfa_edit_webauthn",
    ),
    path(
        "security/keys/<int:pk>/off/",
        of_member(factors.RemovePasskey.as_view()),
        name="mfa_remove_webauthn",
    ),
    path(
        "security/codes/",
        of_member(factors.RecoveryCodes.as_view()),
        name="mfa_view_recovery_codes",
    ),
    path(
        "security/codes/new/",
        of_member(factors.NewRecoveryCodes.as_view()),
        name="mfa_generate_recovery_codes",
    ),
]

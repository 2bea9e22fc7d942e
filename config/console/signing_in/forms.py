"""Forms of the second factor, in our words and under our counts."""

import time
from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgain
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from config.console.signing_in.adapters import too_many
from config.workspace.access import codes

LONGEST_CODE = 40


def code_field(help_text: Any = "") -> forms.CharField:
    """Digits; blanks and dashes may stand among them."""
    attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
    return forms.CharField(
        label=_("Code"),
        max_length=LONGEST_CODE,
        help_text=help_text,
        widget=forms.TextInput(attrs=attributes),
    )


def step_of(secret: str, code: str) -> int | None:
    """The step of time that the code of an app is of: now, the one before or the next."""
    now = int(time.time()) // app_settings.TOTP_PERIOD
    tolerated = range(-app_settings.TOTP_TOLERANCE, app_settings.TOTP_TOLERANCE + 1)
    plain = "".join(code.split()).replace("-", "")
    steps = (now + offset for offset in tolerated)
    fits = (s for s in steps if totp.format_hotp_value(totp.hotp_value(secret, s)) == plain)
    return next(fits, None)


class _CountedCode(BaseAuthenticateForm):  # type: ignore[misc]  # has no types
    """A code of the app or a recovery code: counted before it is looked at, taken once."""

    code = code_field(_("Of your app, or one of your recovery codes."))

    def clean_code(self) -> str:
        """Raises ValidationError, also where too many were wrong: then none is looked at."""
        if wait := codes.seconds_to_wait(context.request, self.user):
            raise ValidationError(too_many(wait))
        code: str = self.cleaned_data["code"]
        found = next((one for one in self._authenticators() if self._fits(one, code)), None)
        if found is None:
            if main := next(iter(self._authenticators()), None):
                self._emit_authentication_failed(main)
            raise get_adapter().validation_error("incorrect_code")
        codes.right(context.request, self.user)
        found.user, self.authenticator = self.user, found
        return code

    def _authenticators(self) -> list[Authenticator]:
        """The app first."""
        rows = Authenticator.objects.filter(user=self.user)
        return list(rows.exclude(type=Authenticator.Type.WEBAUTHN).order_by("-type"))

    @staticmethod
    def _fits(authenticator: Authenticator, code: str) -> bool:
        if authenticator.type != Authenticator.Type.TOTP:
            return bool(authenticator.wrap().validate_code(code))
        secret = get_adapter().decrypt(authenticator.data["secret"])
        step = step_of(secret, code)
        return step is not None and codes.take(authenticator.pk, step)


class CodeForm(_CountedCode, AuthenticateForm):  # type: ignore[misc]
    """At the log-in."""


class CodeAgainForm(_CountedCode, CodeAgain):  # type: ignore[misc]
    """Before something that matters."""


class PasswordAgainForm(ReauthenticateForm):  # type: ignore[misc]  # has no types
    """Before something that matters; the adapter counts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attributes = {"autocomplete": "current-password", "autofocus": True}
        self.fields["password"] = forms.CharField(
            label=_("Password"), widget=forms.PasswordInput(attrs=attributes)
        )

    def clean_password(self) -> str:
        """Raises ValidationError."""
        password: str = self.cleaned_data["password"]
        from allauth.account.adapter import get_adapter as account_adapter  # noqa: PLC0415

        if not account_adapter(context.request).reauthenticate(self.user, password):
            raise ValidationError(_("This is not your password."))
        return password


class AppForm(ActivateTOTPForm):  # type: ignore[misc]  # has no types
    """The first code of an app, which shows that it has the secret."""

    code = code_field(_("The six digits that the app shows."))

    def clean_code(self) -> str:
        """Raises ValidationError."""
        if wait := codes.seconds_to_wait(context.request, self.user):
            raise ValidationError(too_many(wait))
        code: str = self.cleaned_data["code"]
        step = step_of(self.secret, code)
        if step is None:
            raise get_adapter().validation_error("incorrect_code")
        codes.right(context.request, self.user)
        self.step = step
        return code


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # has no types
    """A name for the key, and whether it is to open the log-in without a password."""

    name = forms.CharField(label=_("Name"), max_length=100, required=False)
    passwordless = forms.BooleanField(
        label=_("Sign in with it alone"),
        required=False,
        initial=True,
        help_text=_(
            "It then asks for a finger, a face or a PIN itself, and no password is needed."
        ),
    )


class PasskeyNameForm(EditWebAuthnForm):  # type: ignore[misc]  # has no types
    """Another name."""

    name = forms.CharField(label=_("Name"), max_length=100)

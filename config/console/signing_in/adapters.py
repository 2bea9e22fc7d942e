"""What django-allauth asks of us: how somebody is let in, asked again, and what is kept sealed.

Our log-in counts the tries and looks at the password (`config.console.shell.site`); from there on
allauth leads through what is still to be shown. Its own counting is off: it knows one process.
"""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.utils import get_login_redirect_url
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.console.pages import toast
from config.console.signing_in import again, rules
from config.console.signing_in.providers.adapter import signed_in_at
from config.workspace import freshness
from config.workspace.access import devices, hashing, sign_in, tokens
from config.workspace.models import User
from config.workspace.selectors import workspace


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # has no types
    """Log-ins end in ours: a new key of the session, the trail, a device that is known."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes themself a user."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say what happened."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The trail says it."""

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """As for anybody who may not come in."""
        return HttpResponseRedirect(reverse("admin:login"))

    def pre_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse | None:
        """Not here, where a provider alone lets people in."""
        is_single = bool((more.get("signal_kwargs") or {}).get("sociallogin"))
        if is_single or rules.may_come_in_here(user):
            response: HttpResponse | None = super().pre_login(request, user, **more)
            return response
        toast(request, _("You sign in by single sign-on alone."), level=messages.ERROR)
        return HttpResponseRedirect(reverse("admin:login"))

    def login(self, request: HttpRequest, user: User) -> None:
        """In; the key of the session is new, also of who was signed in already."""
        super().login(request, user)
        request.session.cycle_key()

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        """Said in the trail with all that was shown; the browser is known from now on."""
        shown = [_code_of(one) for one in get_authentication_records(request, user)]
        if any(one != "password" for one in shown):  # the same password twice is one factor
            request.session[rules.SHOWN] = True
        if shown == ["sso"]:  # a provider that somebody is signed in at asks nothing
            freshness.note(request, at=_shown_there_at(more))
        url = get_login_redirect_url(request, more.get("redirect_url"))
        one, how = sign_in.try_by(request, user), ", ".join(dict.fromkeys(shown))
        sign_in.succeeded(one, user, how=how or "password", counted="password" in shown)
        response = HttpResponseRedirect(url)
        devices.remember(response, user.get_username())
        return response

    def reauthenticate(self, user: User, password: str) -> bool:
        """Counted as a log-in, from the same address and of the same name."""
        one = sign_in.try_by(self.request, user)
        if wait := sign_in.seconds_to_wait(one):
            raise ValidationError(too_many(wait))
        with hashing.for_known():
            is_right = user.check_password(password)
        if is_right:
            sign_in.not_looked_at(one)
        else:
            sign_in.failed(one)
        return is_right

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Not of who has come in just now, or shown it since."""
        return not freshness.is_fresh(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """In our words: what lets this user in, and the provider where that is one."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code of your app"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        methods = super().get_reauthentication_methods(user)
        if not rules.may_come_in_here(user):
            methods = [one for one in methods if one["id"] != "reauthenticate"]
        said = [{**one, "description": words[one["id"]]} for one in methods]
        if again.providers_of(user):
            url = reverse("sso_again")
            said.append({"id": "sso", "url": url, "description": _("Use single sign-on")})
        return said


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # has no types
    """Seeds lie encrypted with SECRETS_KEY; what is required cannot be taken away."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code is not right, or was used already."),
        "cannot_delete_authenticator": gettext_lazy(
            "Your role needs a second factor: add another before you take this one away."
        ),
    }

    def get_totp_issuer(self) -> str:
        """The name that the app shows."""
        return workspace().name

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()

    def _get_site_name(self) -> str:
        return workspace().name

    def encrypt(self, text: str) -> str:
        """For the database."""
        return tokens.seal(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Back. Raises InvalidToken with another SECRETS_KEY."""
        return tokens.unseal(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last, where the role needs one."""
        user = authenticator.user
        factors = Authenticator.objects.filter(user=user)
        others = factors.exclude(pk=authenticator.pk).exclude(
            type=Authenticator.Type.RECOVERY_CODES
        )
        return not rules.is_required(user.role) or bool(others.exists())


def too_many(seconds: int) -> str:
    """Why nothing is looked at now, in the reader's language."""
    return _("Too many were wrong. Wait %(n)d minutes, then try again.") % {
        "n": max(round(seconds / 60), 1)
    }


def _shown_there_at(more: dict[str, Any]) -> float:
    """When they showed their provider who they are; 0 where it does not say."""
    login = (more.get("signal_kwargs") or {}).get("sociallogin")
    said = signed_in_at(login.account.extra_data) if login else None
    return min(float(said), time.time()) if isinstance(said, int | float) else 0.0


def _code_of(record: dict[str, Any]) -> str:
    """`password`, `totp`, `webauthn`, `recovery_codes`, `sso`: what was shown, for the trail."""
    if record["method"] == "socialaccount":
        return "sso"
    return str(record.get("type") or record["method"])

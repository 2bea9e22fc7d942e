"""Pages of second factors: what allauth does, drawn in our shell and under our names."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.views import ReauthenticateView as PasswordAgainView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    EditWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from config.console.pages import page, toast
from config.console.signing_in import rules
from config.workspace import audit
from config.workspace.access import codes, hashing, seen
from config.workspace.models import SeenSession, User

View = Callable[..., Any]


def of_member(view: View) -> View:
    """For whoever is signed in, about themself; in their name."""

    @never_cache
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        with audit.acting(audit.actor_of_user(request.user)), hashing.for_known():
            return view(request, *args, **kwargs)

    return checked


class _InShell:
    """What a page of the shell needs; `title` is the page's."""

    title: Any = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the shell's own."""
        given: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        crumbs = [(_("My security"), reverse("mfa_index"))]
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        shell = {"title": self.title, "crumbs": crumbs}
        return {**admin.site.each_context(request), **shell, **given}


class _AtEntrance:
    """A page outside the shell."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what every page has."""
        given: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**admin.site.each_context(self.request), **given}  # type: ignore[attr-defined]


class SecondFactor(_AtEntrance, AuthenticateView):  # type: ignore[misc]
    """After the right password: a code, or a key."""

    template_name = "console/entrance/second_factor.html"


class PasskeyLogin(LoginWebAuthnView):  # type: ignore[misc]
    """In by a passkey alone. There is no page: the log-in has the button."""

    def form_valid(self, form: Any) -> HttpResponse:
        """To where they wanted to go, within this site."""
        response: HttpResponse = super().form_valid(form)
        wanted = self.request.POST.get("next", "")
        is_in = self.request.user.is_authenticated
        is_ours = url_has_allowed_host_and_scheme(
            wanted, {self.request.get_host()}, self.request.is_secure()
        )
        if is_in and wanted and is_ours:
            response["Location"] = wanted
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """Said at the log-in."""
        words = _("This passkey is not known here, or it did not ask who you are.")
        toast(self.request, words, level=messages.ERROR)
        return HttpResponseRedirect(reverse("admin:login"))


class PasswordAgain(_InShell, PasswordAgainView):  # type: ignore[misc]
    """Before something that matters."""

    template_name = "console/security/again.html"
    title = gettext_lazy("Is it you?")


class CodeAgain(_InShell, CodeAgainView):  # type: ignore[misc]
    """By a code."""

    template_name = "console/security/again.html"
    title = gettext_lazy("Is it you?")


class PasskeyAgain(_InShell, ReauthenticateWebAuthnView):  # type: ignore[misc]
    """By a key."""

    template_name = "console/security/again_key.html"
    title = gettext_lazy("Is it you?")

    def form_invalid(self, form: Any) -> HttpResponse:
        """Said on the same page."""
        toast(self.request, _("This passkey was not taken."), level=messages.ERROR)
        return HttpResponseRedirect(self.request.get_full_path())


class AddApp(_InShell, ActivateTOTPView):  # type: ignore[misc]
    """An app that shows codes."""

    template_name = "console/security/app.html"
    title = gettext_lazy("Add an app")

    def form_valid(self, form: Any) -> HttpResponse:
        """The code that shows it is used up by it."""
        response: HttpResponse = super().form_valid(form)
        factor = self.request.user.authenticator_set.filter(type="totp").get()
        codes.take(factor.pk, form.step)
        toast(self.request, _("Your app is added. From now on the log-in asks for its code."))
        return response


class RemoveApp(_InShell, DeactivateTOTPView):  # type: ignore[misc]
    """Asked before; refused where the role needs it."""

    template_name = "console/security/remove.html"
    title = gettext_lazy("Take the app away")


class AddPasskey(_InShell, AddWebAuthnView):  # type: ignore[misc]
    """A passkey, or a key that is plugged in."""

    template_name = "console/security/passkey.html"
    title = gettext_lazy("Add a passkey")

    def form_valid(self, form: Any) -> HttpResponse:
        """Said."""
        response: HttpResponse = super().form_valid(form)
        toast(self.request, _("Your passkey is added."))
        return response


class RenamePasskey(_InShell, EditWebAuthnView):  # type: ignore[misc]
    """Another name."""

    template_name = "console/security/passkey_name.html"
    title = gettext_lazy("Rename a passkey")
    success_url = reverse_lazy("mfa_index")


class RemovePasskey(_InShell, RemoveWebAuthnView):  # type: ignore[misc]
    """Asked before; refused where the role needs it."""

    template_name = "console/security/remove.html"
    title = gettext_lazy("Take a passkey away")
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        """Not the last, where the role needs one."""
        from allauth.mfa.adapter import get_adapter  # noqa: PLC0415 - settings name ours

        if not get_adapter().can_delete_authenticator(self.get_object()):
            words = get_adapter().error_messages["cannot_delete_authenticator"]
            toast(self.request, words, level=messages.ERROR)
            return HttpResponseRedirect(reverse("mfa_index"))
        response: HttpResponse = super().form_valid(form)
        return response


class RecoveryCodes(_InShell, ViewRecoveryCodesView):  # type: ignore[misc]
    """Shown once, after they were made."""

    template_name = "console/security/codes.html"
    title = gettext_lazy("Recovery codes")


class NewRecoveryCodes(_InShell, GenerateRecoveryCodesView):  # type: ignore[misc]
    """The ones before end."""

    template_name = "console/security/new_codes.html"
    title = gettext_lazy("New recovery codes")


@of_member
def security(request: HttpRequest) -> HttpResponse:
    """All on one page. Three queries."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - `of_member` asked
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    kept = next((one for one in factors if one.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "app": next((one for one in factors if one.type == Authenticator.Type.TOTP), None),
        "passkeys": [one for one in factors if one.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(kept.wrap().get_unused_codes()) if kept else None,
        "is_lacking": rules.is_lacking(request, user),
        "is_required": rules.is_required(user.role),
        "sessions": [_session(request, row) for row in seen.of_user(user)],
    }
    return page(request, "console/security/security.html", context, title=_("My security"))


def _session(request: HttpRequest, row: SeenSession) -> dict[str, Any]:
    return {
        "row": row,
        "device": seen.device_in_words(row),
        "is_this": row.session_key == request.session.session_key,
    }

"""A new password for who forgot theirs: asked for by anybody, chosen by whoever has the link."""

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from config.console.pages import toast
from config.console.signing_in.entrance import entrance, have_to_wait
from config.workspace import audit
from config.workspace.access import throttle
from config.workspace.access.client_address import address_of, home_of
from config.workspace.access.guessing import refuse
from config.workspace.digests import contact_digest
from config.workspace.joining import letters, links
from config.workspace.pages.errors import Explained

USED = gettext_noop(
    "This link was used, or another one was sent since, or its time is over. Ask for a new one."
)
OF_ONE, FROM_ONE = 3, 20  # times in 15 minutes that a name is asked for, or one address asks


class ForgottenForm(forms.Form):
    """Who forgot it."""

    name = forms.CharField(
        label=gettext_lazy("Username or email address"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )


@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """The same answer and the same work whoever is named. Without a mail server: whom to ask."""
    form = ForgottenForm(request.POST or None)
    is_possible = letters.is_possible()
    if request.method != "POST" or not is_possible or not form.is_valid():
        context = {"form": form, "is_possible": is_possible}
        return entrance(request, "forgotten", context, status=422 if form.errors else 200)
    typed = form.cleaned_data["name"].strip()
    home = home_of(address_of(request))
    limits = {
        "reset": (contact_digest("reset", typed.casefold()), OF_ONE),
        "reset_from": (contact_digest("reset_from", home), FROM_ONE),
    }
    if wait := throttle.seconds_to_wait(limits):
        return have_to_wait(request, wait)
    links.ask_for_reset(typed)
    return entrance(request, "forgotten_sent", {"minutes": 60})


@never_cache
@sensitive_post_parameters("new_password1", "new_password2")
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """The form behind the link; a used or wrong link is not found. Nobody is signed in by it."""
    link = links.found(links.Kind.RESET, token)
    if link is None or link.user is None:
        refuse(request, Explained(_(USED)))
    form = SetPasswordForm(link.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic(), audit.acting(audit.actor_of_user(link.user)):
            if not links.use_reset(token, link.user):
                raise Explained(_(USED))
            form.save()
        toast(request, _("Your password is changed. Sign in with the new one."))
        return redirect("admin:login")
    context = {"form": form, "member": link.user}
    return entrance(request, "new_password", context, status=422 if form.errors else 200)

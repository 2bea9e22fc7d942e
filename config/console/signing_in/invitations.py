"""What an invitation opens: a form for a name and a password."""

from django import forms
from django.contrib.auth import login
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from config.console.pages import toast
from config.console.signing_in import rules
from config.console.signing_in.entrance import entrance
from config.workspace.access.guessing import refuse
from config.workspace.joining import links
from config.workspace.models import User
from config.workspace.pages.errors import Explained
from config.workspace.permissions import role_in_words

USED = gettext_noop(
    "This link was used or taken back, or its time is over. Ask whoever invited you for a new one."
)
BACKEND = "config.workspace.permissions.RoleBackend"


class InvitedForm(BaseUserCreationForm):  # type: ignore[type-arg]  # no generic at run time
    """A name and a password typed twice; address and role are the invitation's."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150, required=False)

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name")


@never_cache
@sensitive_post_parameters("password1", "password2")
def view(request: HttpRequest, token: str) -> HttpResponse:
    """The form behind the link; a used or wrong link is not found."""
    link = links.found(links.Kind.INVITATION, token)
    if link is None:
        refuse(request, Explained(_(USED)))
    form = InvitedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            user = links.accept(token, form.save(commit=False))
        if user is None:
            raise Explained(_(USED))
        if not rules.may_come_in_here(user):
            toast(request, _("You sign in by single sign-on alone."))
            return redirect("admin:login")
        login(request, user, backend=BACKEND)
        return redirect("/console/")
    context = {"form": form, "link": link, "role": role_in_words(link.role)}
    return entrance(request, "invitation", context, status=422 if form.errors else 200)

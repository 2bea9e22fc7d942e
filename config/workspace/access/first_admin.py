"""The one-time link with which an empty installation gets its first admin."""

from hmac import compare_digest
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.forms import BaseUserCreationForm
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from config import paths
from config.workspace import audit
from config.workspace.access.guessing import refuse
from config.workspace.models import User
from config.workspace.pages.errors import Explained

FILE = "first_admin"  # kept beside the other secrets of the installation until it is used
USED = gettext_noop(
    "This link was used, or another one was printed since. Sign in, or take the newest one."
)
BACKEND = "config.workspace.permissions.RoleBackend"


class FirstAdminForm(BaseUserCreationForm):  # type: ignore[type-arg]  # no generic at run time
    """Name, address and a password typed twice."""

    email = forms.EmailField(required=False)

    class Meta:
        model = User
        fields = ("username", "email")


def path() -> str:
    """The link's path. The same until it is used, however often it is asked for."""
    return f"/console/first-admin/{paths.kept_secret(Path(settings.VAR_DIR), FILE)}/"


def is_valid(token: str) -> bool:
    """Is this the link's token, and is there still nobody?"""
    file = Path(settings.VAR_DIR) / f"{FILE}.txt"
    if not file.exists() or User.objects.exists():
        return False
    return compare_digest(file.read_text().strip().encode(), token.encode())


@transaction.atomic
def make_first_admin(form: FirstAdminForm, token: str) -> User | None:
    """Make the admin and use the link up; None when somebody else was first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('rapport.first_admin'))")
    if not is_valid(token):
        return None
    user: User = form.save(commit=False)
    user.is_superuser = True
    user.save()
    with audit.acting(audit.actor_of_user(user)):
        audit.record("user.created", "user", str(user.pk), fields=["username", "role"])
    file = Path(settings.VAR_DIR) / f"{FILE}.txt"
    transaction.on_commit(lambda: file.unlink(missing_ok=True))
    return user


@never_cache
@sensitive_post_parameters("password1", "password2")
def view(request: HttpRequest, token: str) -> HttpResponse:
    """The form behind the link; a used or wrong link is not found."""
    if not is_valid(token):
        refuse(request, Explained(_(USED)))
    form = FirstAdminForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = make_first_admin(form, token)
        if user is None:
            raise Explained(_(USED))
        login(request, user, backend=BACKEND)
        return redirect("/console/")
    context: dict[str, Any] = {**admin.site.each_context(request), "form": form}
    status = 422 if form.errors else 200
    response = TemplateResponse(request, "workspace/first_admin.html", context, status=status)
    # The address is the secret, so that no other site may see it. "no-referrer" would be too much:
    # it makes browsers send the form with `Origin: null`, which the CSRF check refuses.
    response["Referrer-Policy"] = "same-origin"
    return response

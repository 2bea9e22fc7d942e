"""A new value for an API key, while the one before still works for as long as is chosen."""

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from config.console.pages import page
from config.workspace.access.keys import ScopeAbove, rotate_api_key
from config.workspace.models import ApiKey
from config.workspace.permissions import requires

KEPT = (
    (0, gettext_lazy("not at all")),
    (1, gettext_lazy("an hour")),
    (24, gettext_lazy("a day")),
    (168, gettext_lazy("a week")),
    (720, gettext_lazy("30 days")),
)


class RenewForm(forms.Form):
    """For how long the value before works beside the new one."""

    hours = forms.TypedChoiceField(
        label=gettext_lazy("The key as it is works on for"), choices=KEPT, coerce=int, initial=168
    )


@requires("team.edit")
@require_http_methods(["GET", "POST"])
def rotate(request: HttpRequest, key_id: int) -> HttpResponse:
    """Asked; then the new value, shown this once. Raises Http404."""
    key = get_object_or_404(ApiKey, pk=key_id, revoked_at=None)
    form = RenewForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "key": key}
    context["back"] = reverse("admin:workspace_apikey_changelist")
    if request.method == "POST" and form.is_valid():
        hours = form.cleaned_data["hours"]
        try:
            context["value"] = rotate_api_key(key=key, keep=timedelta(hours=hours), by=request.user)
            key.refresh_from_db()
        except ScopeAbove as error:
            form.add_error(None, str(error))
    crumbs = [(_("Settings"), None), (_("API keys"), context["back"]), (str(key), None)]
    title = _("Renew %(name)s") % {"name": key.name}
    status = 422 if form.errors else 200
    return page(
        request, "console/team/key.html", context, title=title, crumbs=crumbs, status=status
    )

"""What an erasure leaves on a ground: chosen on a page of its own, ended on the request's."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from config.console.pages import page, toast
from config.workspace.permissions import requires
from consent.models import ErasureException, PrivacyRequest
from consent.models.exceptions import DataClass, Ground
from consent.pages.requests.lists import EDIT, VIEW, crumbs_of
from consent.privacy.erasure import exceptions
from consent.privacy.requests import CannotBeDone


class KeepForm(forms.Form):
    """What stays, why, and for how long."""

    data_class = forms.ChoiceField(label=gettext_lazy("What stays"), choices=DataClass.choices)
    ground = forms.ChoiceField(label=gettext_lazy("On which ground"), choices=Ground.choices)
    because = forms.CharField(
        label=gettext_lazy("The law or the case"),
        help_text=gettext_lazy("The person is told, and the certificate says it."),
        max_length=300,
    )
    until = forms.DateField(
        label=gettext_lazy("Until"),
        help_text=gettext_lazy("Empty, also the months: until somebody ends it."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    months = forms.IntegerField(
        label=gettext_lazy("Or for so many months"),
        help_text=gettext_lazy("Counted for each order or message from its own day."),
        required=False,
        min_value=1,
        max_value=exceptions.MOST_MONTHS,
    )

    def clean(self) -> dict[str, Any]:
        """One end, which lies ahead."""
        given = super().clean() or {}
        try:
            exceptions.check(months=given.get("months"), until=given.get("until"))
        except CannotBeDone as error:
            self.add_error("until", str(error))
        return given


@requires(VIEW)
@requires(EDIT)
def keep_view(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Choose something that has to stay."""
    row = get_object_or_404(PrivacyRequest, public_id=public_id)
    form = KeepForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            exceptions.keep(row, **form.cleaned_data)
        except CannotBeDone as error:
            form.add_error(None, str(error))
        else:
            toast(request, _("It stays, on this ground."))
            return redirect("consent:request", row.public_id)
    return page(
        request,
        "consent/keep.html",
        {"form": form, "row": row},
        title=_("What has to stay"),
        crumbs=crumbs_of(row),
    )


@require_POST
@requires(EDIT)
def end_view(request: HttpRequest, public_id: uuid.UUID, number: int) -> HttpResponse:
    """It stays no longer."""
    row = get_object_or_404(ErasureException, pk=number, request__public_id=public_id)
    try:
        exceptions.end(row, because=request.POST.get("because", ""))
    except CannotBeDone as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        toast(request, _("It stays no longer."))
    return redirect("consent:request", public_id)

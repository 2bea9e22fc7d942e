"""The map of personal data, and the register of processing."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from config.console.pages import ApiCall, attachment, page, toast
from config.workspace import audit
from config.workspace.permissions import may, requires
from config.workspace.selectors import workspace
from consent.datamap import deciding, register
from consent.datamap.fields import PLACES, MappedField, mapped
from consent.models import ProcessingRecord, Purpose
from profiles.personal.names import Nature
from profiles.selectors.masking import Shown, shown_to

VIEW, EDIT = "privacy.view", "privacy.edit"


@requires(VIEW)
def data_map_view(request: HttpRequest) -> HttpResponse:
    """Every field: what nobody has decided yet first."""
    shown = shown_to(request.user)
    fields = mapped()
    lines = [_line(one, shown) for one in fields]
    return page(
        request,
        "consent/data_map.html",
        {
            "undecided": [line for line in lines if not line["field"].is_decided],
            "groups": [
                (label, [line for line in lines if line["field"].place == place])
                for place, label in PLACES.items()
            ],
            "may_edit": may(request.user, EDIT),
            "counted": any(fields),
        },
        title=_("Data map"),
        crumbs=[(_("Privacy"), None)],
        api_call=ApiCall("GET", "/api/data-map/"),
    )


def _line(one: MappedField, shown: Shown) -> dict[str, Any]:
    if one.tag_id:
        url = reverse("admin:profiles_fieldtag_change", args=[one.tag_id])
    else:
        given = urlencode({"place": one.place, "name": one.name})
        url = f"{reverse('admin:profiles_fieldtag_add')}?{given}"
    name = one.name.removeprefix("profile.").replace("_", " ")
    return {
        "field": one,
        "name": shown.text(name if one.name.startswith("profile.") else one.name),
        "url": url,
        "place": PLACES[one.place],
        "seen_by": _("every role that sees people")
        if one.nature is Nature.HARMLESS
        else ", ".join(one.seen_by),
    }


@require_POST
@requires(VIEW)
@requires(EDIT)
def decide_view(request: HttpRequest) -> HttpResponse:
    """Say of one field what it is."""
    given = request.POST
    try:
        deciding.decide(given.get("place", ""), given.get("name", ""), given.get("what", ""))
    except deciding.FieldRefused as error:
        toast(request, str(error), level=messages.WARNING)
    else:
        toast(request, _("Decided: it holds everywhere from now on."))
    return redirect("consent:data_map")


class ControllerForm(forms.Form):
    """Who answers for the processing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in register.CONTROLLER_FIELDS.items():
            self.fields[name] = forms.CharField(label=label, required=False, max_length=500)


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a purpose does with data."""

    class Meta:
        model = ProcessingRecord
        fields = register.FIELDS
        widgets = {  # noqa: RUF012 - Django's own shape
            name: forms.Textarea(attrs={"rows": 2}) for name in register.FIELDS if name != "basis"
        }
        help_texts = {  # noqa: RUF012 - as above
            "people": gettext_lazy("Categories of people: customers, visitors, subscribers ..."),
            "transfers": gettext_lazy("Which countries, and by which safeguard; “none” counts."),
        }


@requires(VIEW)
def register_view(request: HttpRequest) -> HttpResponse:
    """What the article asks for, a purpose at a time; it prints as it is."""
    return page(
        request,
        "consent/register.html",
        {
            "entries": [
                (entry, [(register.label_of(name), _said(entry.record, name)) for name in
                         register.FIELDS])
                for entry in register.entries()
            ],
            "controller": [
                (label, register.controller()[name])
                for name, label in register.CONTROLLER_FIELDS.items()
            ],
            "may_edit": may(request.user, EDIT),
        },
        title=_("Register of processing"),
        crumbs=_crumbs(),
    )  # fmt: skip


def _said(record: ProcessingRecord, name: str) -> str:
    return str(record.get_basis_display() if name == "basis" else getattr(record, name))


def _crumbs() -> list[tuple[str, str | None]]:
    return [(_("Privacy"), None), (_("Data map"), reverse("consent:data_map"))]


@requires(VIEW)
def register_csv_view(request: HttpRequest) -> HttpResponse:
    """As a file."""
    audit.record("processing_record.downloaded", "processing_record")
    return attachment(register.as_csv(), "register-of-processing.csv", "text/csv")


@requires(VIEW)
@requires(EDIT)
def record_view(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down what a purpose does."""
    purpose = get_object_or_404(Purpose, slug=slug)
    row = ProcessingRecord.objects.filter(purpose=purpose).first()
    form = RecordForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        register.write_down(purpose, form.cleaned_data)
        toast(request, _("Written down."))
        return redirect("consent:register")
    return _form(request, form, purpose.title)


@requires(VIEW)
@requires(EDIT)
def controller_view(request: HttpRequest) -> HttpResponse:
    """Write down who answers for it."""
    form = ControllerForm(request.POST or None, initial=register.controller())
    if request.method == "POST" and form.is_valid():
        register.name_controller(form.cleaned_data)
        toast(request, _("Written down."))
        return redirect("consent:register")
    return _form(request, form, workspace().name)


def _form(request: HttpRequest, form: Any, title: str) -> HttpResponse:
    return page(
        request,
        "consent/register_form.html",
        {"form": form},
        title=title,
        crumbs=[*_crumbs(), (_("Register of processing"), reverse("consent:register"))],
    )

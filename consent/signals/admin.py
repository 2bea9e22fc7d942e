"""Which names of consent platforms mean which of our purposes: a list and a form."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.workspace.forms.audited import AuditedAdmin
from config.workspace.forms.listed import ListWords
from consent.models import SignalMapping
from consent.signals.mappable import mappable_purposes, name_fault


class SignalMappingForm(forms.ModelForm):  # type: ignore[type-arg]
    """One name and the purpose that it decides on."""

    class Meta:
        model = SignalMapping
        fields = ("source", "signal", "name", "purpose")

    def clean(self) -> dict[str, Any]:
        """Names of the IAB are those that there are."""
        data: dict[str, Any] = super().clean() or {}
        fault = name_fault(data.get("signal", ""), data.get("name", ""))
        if fault:
            self.add_error("name", fault)
        return data


@admin.register(SignalMapping)
class SignalMappingAdmin(AuditedAdmin):
    """Consent objects, TCF and GPP: what each of their names decides on here."""

    words = ListWords(
        title=_("Consent signals"),
        lead=_("What the names of consent platforms decide on here."),
        counted=lambda n: ngettext("%(n)s signal", "%(n)s signals", n),
        new=_("New signal"),
        none=_("No signal yet"),
        gone=_("What comes under this name decides on nothing any more."),
    )

    empty_text = _(
        "What consent platforms call things, and which purpose each is about. Categories that "
        "come and are not here stand under Settings, Data warnings."
    )
    form = SignalMappingForm
    list_display = ("name", "signal", "source_words", "purpose_words")
    list_filter = ("signal", "source", "purpose")
    list_select_related = ("source", "purpose")
    search_fields = ("name",)

    @admin.display(description=_("source"), ordering="source")
    def source_words(self, row: SignalMapping) -> str:
        """Its name, or that it is for all."""
        return str(row.source) if row.source else gettext("every source")

    @admin.display(description=_("purpose"), ordering="purpose")
    def purpose_words(self, row: SignalMapping) -> str:
        """Its name, or that there is none."""
        return row.purpose.title if row.purpose else gettext("decides on nothing")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """In words for whoever only looks: who reads permissions need not open sources."""
        if self.has_change_permission(request, obj):
            return super().get_fields(request, obj)
        return ("source_words", "signal", "name", "purpose_words")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The words are no fields of the form."""
        if self.has_change_permission(request, obj):
            return super().get_readonly_fields(request, obj)
        return ("source_words", "purpose_words")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only what a banner may speak of, and sources that may send."""
        if db_field.name == "purpose":
            kwargs["queryset"] = mappable_purposes()
            kwargs["empty_label"] = _("decides on nothing")
        elif db_field.name == "source":
            kwargs["queryset"] = db_field.remote_field.model.objects.filter(is_internal=False)
            kwargs["empty_label"] = _("every source")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

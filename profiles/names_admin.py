"""Names that came from outside, to hide; and what about the data is not as it should be."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.workspace.admin import AuditedAdmin
from config.workspace.admin_lookups import OnlyItsFilters, ReadOnly
from config.workspace.permissions import may
from profiles.models import DataWarning, TraitName
from profiles.selectors.masking import looks_personal

HIDE, SHOW = "hide_names", "show_names"


class NamesAdmin(AuditedAdmin):
    """A list of names. Many are hidden at once; what came in under them stays."""

    actions = (HIDE, SHOW)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the names that hold somebody's number, for who may not see it."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if may(request.user, "people.personal"):
            return rows
        names = self.model._default_manager.values_list("name", flat=True)
        return rows.exclude(name__in=[name for name in names if looks_personal(name)])

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A name appears when it first comes in."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What came in stays."""
        return False

    @admin.action(description=_("Hide in pickers"), permissions=["change"])
    def hide_names(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Those chosen."""
        self._set_hidden(request, queryset, hidden=True)

    @admin.action(description=_("Offer in pickers again"), permissions=["change"])
    def show_names(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Those chosen."""
        self._set_hidden(request, queryset, hidden=False)

    def _set_hidden(self, request: HttpRequest, queryset: QuerySet[Any], *, hidden: bool) -> None:
        for row in queryset.exclude(is_hidden=hidden):
            self._record(request, "changed", row, ["is_hidden"])
        queryset.update(is_hidden=hidden)


@admin.register(TraitName)
class TraitNameAdmin(NamesAdmin):
    """The names of traits that came in."""

    list_display = ("name", "is_proven", "is_hidden", "made_at")
    list_filter = ("is_proven", "is_hidden")
    search_fields = ("name",)
    fields = ("name", "is_hidden")
    readonly_fields = ("name",)


@admin.register(DataWarning)
class DataWarningAdmin(ReadOnly, OnlyItsFilters):
    """What was kept but cannot be used, or was left out, counted by source."""

    list_display = ("what", "source", "event_name", "detail", "count", "last_seen")
    list_filter = ("source", "code")
    list_display_links = None
    list_select_related = ("source",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataWarning]:
        """Without those that name somebody, for who may not see it."""
        rows: QuerySet[DataWarning] = super().get_queryset(request)
        if may(request.user, "people.personal"):
            return rows
        names = DataWarning.objects.values_list("event_name", flat=True).distinct()
        return rows.exclude(event_name__in=[name for name in names if looks_personal(name)])

    @admin.display(description=_("What"), ordering="code")
    def what(self, row: DataWarning) -> str:
        """In words."""
        return str(WORDS.get(row.code, row.code.replace("_", " ")))


WORDS = {
    "unusable_identifier": _("An identifier that can be nobody's"),
    "identifier_of_another": _("An identifier that another person has, or for which is no room"),
    "identifier_sent_away": _("An unproven identifier made room for a proven one"),
    "shared_identifier": _("An identifier that people may share, too often to list"),
    "value_not_a_number": _("A value that is no number"),
    "value_out_of_range": _("A value that is too large"),
    "unknown_currency": _("A currency without a rate"),
    "trait_name": _("A trait whose name is too long"),
    "trait_size": _("A trait whose value is too large"),
    "trait_number": _("Too many traits of one person"),
    "trait_total": _("Too much said of one person"),
    "too_many_names": _("Too many new names in a day"),
}

"""Names that came from outside, to hide."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from config.workspace.forms.audited import AuditedAdmin
from config.workspace.forms.listed import ListWords
from config.workspace.forms.used import line_of
from config.workspace.lifecycle.usage import users
from config.workspace.permissions import may
from profiles.changes import redefined
from profiles.models import TraitName
from profiles.selectors.masking import looks_personal

HIDE, SHOW = "hide_names", "show_names"


class NamesAdmin(AuditedAdmin):
    """A list of names. Many are hidden at once; what came in under them stays."""

    actions = (HIDE, SHOW)
    of = "event"  # what rules call it by
    # what says how the values of a name compare
    meaning = ("numbers", "is_number", "value_property")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Rules that ask by it are asked anew where it means something else now."""
        super().save_model(request, obj, form, change)
        if set(self.meaning) & set(form.changed_data):
            redefined(f"{self.of}:{obj.name}")

    @display(description=_("Used by"))  # type: ignore[untyped-decorator]
    def used_by(self, row: Any) -> SafeString:
        """Who reads it: whom it would starve if it were called otherwise, or came no more."""
        found = users(self.of, row.name) if row is not None else []
        if not found:
            return format_html("{}", _("Nobody"))
        lines = [(line_of(use, getattr(row, "reader", None)),) for use in found]
        return format_html('<ul class="r-uses">{}</ul>', format_html_join("", "<li>{}</li>", lines))

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """With whom it is shown to: the column above is given the row alone."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.reader = request.user
        return row

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

    words = ListWords(
        title=_("Trait names"),
        lead=_("What is known of people, by the names that it came under."),
        counted=lambda n: ngettext("%(n)s name", "%(n)s names", n),
        none=_("No trait has come in yet"),
    )

    of = "trait"
    list_display = ("name", "is_number", "is_proven", "is_hidden", "made_at")
    list_filter = ("is_proven", "is_hidden")
    search_fields = ("name",)
    fields = ("name", "is_number", "is_hidden", "used_by")
    readonly_fields = ("name", "used_by")

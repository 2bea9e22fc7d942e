"""Lists and forms of what others may use: they show who does, and go through the services."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanSwitchWidget

from config.workspace import audit
from config.workspace.forms.audited import AuditedAdmin
from config.workspace.lifecycle.archiving import archive, delete, restore
from config.workspace.lifecycle.usage import KINDS, InUse, Use, users
from config.workspace.pages.open_pages import is_open


def key_of(kind: str, row: Any) -> str:
    """By what its users name it."""
    known = KINDS.get(kind)
    return str(getattr(row, known.key)) if known else ""


def line_of(use: Use, reader: Any = None) -> SafeString:
    """A user of it, as a door where there is a page that the reader may open."""
    if not use.url or (reader is not None and not is_open(reader, use.url)):
        return format_html("{}", str(use))
    return format_html('<a class="r-door" href="{}">{}</a>', use.url, str(use))


class ArchivableForm(forms.ModelForm):  # type: ignore[type-arg]
    """With a switch that archives and restores; who is in the way is said beside it."""

    used_kind: ClassVar[str]
    is_archived = forms.BooleanField(
        label=_("Archived"),
        required=False,
        help_text=_("Offered nowhere any more; its name stays taken, and it can be restored."),
        widget=UnfoldBooleanSwitchWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was_archived = bool(self.instance.pk and self.instance.archived_at)
        self.initial["is_archived"] = self.was_archived

    def clean(self) -> dict[str, Any]:
        """Nobody may need what is to be archived."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("is_archived") and self.instance.pk and not self.was_archived:
            key = key_of(self.used_kind, self.instance)
            standing = [use for use in users(self.used_kind, key) if use.binds]
            if standing:
                self.add_error("is_archived", str(InUse(standing)))
        return data


class ArchivedFilter(admin.SimpleListFilter):
    """What is in use by default; the archive on request."""

    title = _("Archived")
    parameter_name = "archived"
    is_tabs = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Two lists."""
        return [("", _("In use")), ("1", _("Archived"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Without a third that shows both."""
        chosen = self.value() or ""
        for value, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value} if value else {})
            if not value:
                query = changelist.get_query_string(remove=[self.parameter_name])
            yield {"selected": chosen == value, "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """One of them."""
        return queryset.filter(archived_at__isnull=self.value() != "1")


class UsedAdmin(AuditedAdmin):
    """What others may use: named on its form, deleted only where nobody does."""

    used_kind: ClassVar[str]

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """With whom it is shown to: the columns below are given the row alone."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.reader = request.user
        return row

    @display(description=_("Used by"))  # type: ignore[untyped-decorator]
    def used_by(self, row: Any) -> SafeString:
        """Each with its door."""
        if row is None or row.pk is None:
            return format_html("{}", "–")
        found = users(self.used_kind, key_of(self.used_kind, row))
        if not found:
            return format_html("{}", _("Nobody"))
        lines = [(line_of(use, getattr(row, "reader", None)),) for use in found]
        return format_html('<ul class="r-uses">{}</ul>', format_html_join("", "<li>{}</li>", lines))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """As it is; then into the archive or out of it, by the service."""
        super().save_model(request, obj, form, change)
        if not isinstance(form, ArchivableForm):
            return
        wanted = form.cleaned_data.get("is_archived", False)
        if wanted == form.was_archived:
            return
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            change_it = archive if wanted else restore
            try:
                change_it(self.used_kind, key_of(self.used_kind, obj))
            except InUse as error:  # since the form was checked
                messages.error(request, str(error))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Django's question before a delete: whoever uses it stands in the way."""
        standing = [
            line_of(use, request.user)
            for row in objs
            for use in users(self.used_kind, self._key(row))
        ]
        if standing:
            return [str(row) for row in objs], {}, set(), standing
        return super().get_deleted_objects(objs, request)

    def _key(self, row: Any) -> str:
        return key_of(self.used_kind, row)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Back to the form with the users, where one came in between."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except InUse as error:
            messages.error(request, str(error))
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[object_id]))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """By the service."""
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            delete(self.used_kind, self._key(obj))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Each by the service; what came into use meanwhile stays, and is said."""
        for row in queryset:
            try:
                self.delete_model(request, row)
            except InUse as error:
                messages.error(request, f"{row}: {error}")

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Recorded by the service already."""

"""Lists and forms of the admin as pages of the console: their words, their one action, their save.

Django names a page after the model ("Select sender to change", "Add source", "6 sources"). Here
each list says in `words` what it is called, what it is for, and how its rows are counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

Words = str | Promise
MOMENT = "%Y-%m-%dT%H:%M"  # as the browser's own picker writes it
SHORT = 120  # characters of a name in a sentence


@dataclass(frozen=True)
class ListWords:
    """What the pages of a model say.

    `title` as the navigation has it; `lead` one sentence below it; `counted` the rows, by their
    number: "%(n)s people in the team". `new` is the button and the title of the empty form; "" is
    for what nobody makes by hand. `gone`: what happens when one is deleted.
    """

    title: Words
    lead: Words
    counted: Callable[[int], str]
    new: Words = ""
    none: Words = ""
    gone: Words = ""
    save: Words = ""


class MomentInput(forms.DateTimeInput):
    """A day and a time, by the browser's own picker, in the reader's zone."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format=MOMENT)


class DayInput(forms.DateInput):
    """A day, by the browser's own picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


def in_zone() -> str:
    """Whose clock a time is meant by."""
    name = timezone.get_current_timezone_name().replace("_", " ")
    return _("By the clock of %(zone)s.") % {"zone": name}


def named(row: Any) -> str:
    """How a row is called in a sentence."""
    name = str(row)
    return name if len(name) <= SHORT else f"{name[:SHORT]}…"


class ListedAdmin(ModelAdmin):  # type: ignore[misc]
    """The base of every list and form of the console that comes from the admin."""

    words: ClassVar[ListWords]
    empty_text: Words = ""
    nothing_chosen: ClassVar[dict[str, Words]] = {}  # by field: what an empty choice means
    show_full_result_count = False

    def name_of(self, row: Any) -> str:
        """How one of them is called in titles and sentences."""
        return named(row)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Under its name, with its sentence."""
        context = {
            "title": self.words.title,
            "lead": self.words.lead,
            "list_words": self.words,
            **(extra_context or {}),
        }
        answer: HttpResponse = super().changelist_view(request, context)
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Named after what it shows; a new one after what is made."""
        context = {"list_words": self.words, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """One way to save, and one way back."""
        row = kwargs.get("obj")
        context["title"] = self.words.new if row is None else self.name_of(row)
        context["show_save_and_continue"] = False
        context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The question, in our words."""
        row = self.get_object(request, object_id)
        title = _("Delete “%(name)s”?") % {"name": self.name_of(row)} if row is not None else ""
        context = {"list_words": self.words, "title": title, **(extra_context or {})}
        answer: HttpResponse = super().delete_view(request, object_id, context)
        return answer

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done to it stands in the audit trail."""
        query = urlencode({"q": object_id, "target_kind": self.opts.model_name})
        trail = reverse("admin:workspace_auditentry_changelist")
        return HttpResponseRedirect(f"{trail}?{query}")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Times by the browser's picker with their zone said; no small windows beside a choice."""
        if isinstance(db_field, models.DateTimeField):
            kwargs.setdefault("form_class", forms.DateTimeField)
            kwargs.setdefault("widget", MomentInput)
            field: Any = db_field.formfield(**kwargs)
            field.help_text = " ".join(filter(None, [str(field.help_text), in_zone()]))
            return field
        if isinstance(db_field, models.DateField):
            return db_field.formfield(**{"widget": DayInput, **kwargs})
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            for name in ("can_add_related", "can_change_related", "can_delete_related"):
                setattr(field.widget, name, False)
            field.widget.can_view_related = False
            field.widget = field.widget.widget
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nothing chosen yet, or nothing at all, in our words."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            nothing = _("none") if db_field.blank else _("Choose one")
            field.empty_label = kwargs.get("empty_label") or nothing
        return field

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The same of choices."""
        if "choices" not in kwargs:
            nothing = [("", self.nothing_chosen.get(db_field.name) or _("none"))]
            kwargs["choices"] = db_field.get_choices(
                include_blank=db_field.blank, blank_choice=nothing
            )
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Said by its name, and back to the list."""
        if IS_POPUP_VAR in request.POST:
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, _("“%(name)s” is there now.") % {"name": self.name_of(obj)})
        return self.response_post_save_add(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        """The same of one that was there."""
        if IS_POPUP_VAR in request.POST:
            return super().response_change(request, obj)
        messages.success(request, _("“%(name)s” is saved.") % {"name": self.name_of(obj)})
        return self.response_post_save_change(request, obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> Any:
        """The same of one that is gone."""
        if IS_POPUP_VAR in request.POST:
            return super().response_delete(request, obj_display, obj_id)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": obj_display[:SHORT]})
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        kept = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        return HttpResponseRedirect(add_preserved_filters(kept, address))


@admin.action(permissions=["delete"], description=gettext_lazy("Delete"))
def delete_chosen(
    model_admin: ListedAdmin, request: HttpRequest, queryset: QuerySet[Any]
) -> TemplateResponse | None:
    """Asked first, of all that were chosen; None leads back to the list.

    Raises PermissionDenied where something goes along that this user may not delete.
    """
    rows = list(queryset)
    objects, _counts, lacking, standing = model_admin.get_deleted_objects(queryset, request)
    what = model_admin.words.counted(len(rows)) % {"n": len(rows)}
    if request.POST.get("post") and not standing:
        if lacking:
            raise PermissionDenied
        model_admin.log_deletions(request, queryset)
        model_admin.delete_queryset(request, queryset)
        messages.success(request, _("Deleted: %(what)s.") % {"what": what})
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Delete %(what)s?") % {"what": what},
        "list_words": model_admin.words,
        "rows": rows,
        "deleted_objects": objects,
        "perms_lacking": lacking,
        "protected": standing,
        "opts": model_admin.opts,
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "admin/delete_selected_confirmation.html", context)

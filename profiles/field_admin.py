"""The catalogue of what is personal: what an admin says of a name, and names left unsaid."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.workspace.forms.audited import AuditedAdmin
from config.workspace.forms.listed import ListWords
from config.workspace.permissions import may
from profiles.models import FieldTag, UsualName
from profiles.personal.names import FieldPlace, plain
from profiles.personal.tags import FIXED, tags_changed
from profiles.personal.usual import forget_usual
from profiles.selectors.fields import unknown_fields
from profiles.selectors.masking import looks_personal


class FieldTagForm(forms.ModelForm):  # type: ignore[type-arg]
    """One name; the same name in another spelling is the same name."""

    class Meta:
        model = FieldTag
        fields = ("place", "name", "is_personal", "kind", "sensitivity", "purpose", "basis")

    def clean(self) -> dict[str, Any]:
        """No second word for one name, and addresses stay what they are."""
        data: dict[str, Any] = super().clean() or {}
        place, name = data.get("place"), plain(data.get("name") or "")
        if not place or not name:
            return data
        if not data.get("is_personal") and (FieldPlace(place), name) in FIXED:
            raise ValidationError(_("Addresses and names of people are always personal."))
        if data.get("sensitivity"):
            data["is_personal"] = True
        elif data.get("purpose"):
            raise ValidationError(
                {"purpose": _("Only special-category and child data are read for one purpose.")}
            )
        others = FieldTag.objects.filter(place=place).exclude(pk=self.instance.pk)
        if any(plain(other) == name for other in others.values_list("name", flat=True)):
            raise ValidationError({"name": _("This name has a tag already.")})
        return data


@admin.register(UsualName)
class UsualNameAdmin(AuditedAdmin):
    """Names that are personal or harmless wherever they come; a tag of one's own goes before."""

    words = ListWords(
        title=_("Usual names"),
        lead=_(
            "Names of traits and properties that are personal, or harmless, wherever they "
            "come from."
        ),
        counted=lambda n: ngettext("%(n)s name", "%(n)s names", n),
        new=_("New name"),
        none=_("No name yet"),
        gone=_(
            "Of data with this name nothing is known then: roles without personal data "
            "are not shown it."
        ),
    )

    list_display = ("name", "where", "is_personal", "kind", "is_ending", "sensitivity")
    list_filter = ("is_personal", "sensitivity", "place")
    search_fields = ("name",)

    @admin.display(description=_("of"), ordering="place")
    def where(self, row: UsualName) -> str:
        """Where it is meant, else everywhere."""
        places: dict[str, Any] = dict(FieldTag._meta.get_field("place").flatchoices)
        return str(places.get(row.place, row.place)) if row.place else gettext("everything")

    def save_model(self, request: HttpRequest, obj: UsualName, form: Any, change: bool) -> None:
        """As names are compared; from now on."""
        obj.name = plain(obj.name)
        super().save_model(request, obj, form, change)
        _usual_changed()

    def delete_model(self, request: HttpRequest, obj: UsualName) -> None:
        """It is unknown then."""
        super().delete_model(request, obj)
        _usual_changed()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """They are unknown then."""
        super().delete_queryset(request, queryset)
        _usual_changed()


def _usual_changed() -> None:
    forget_usual()
    tags_changed()


@admin.register(FieldTag)
class FieldTagAdmin(AuditedAdmin):
    """Which traits, properties and kinds of identifier are personal, whatever the lists say."""

    words = ListWords(
        title=_("Personal data"),
        lead=_("What you say of a name goes before the list of usual names."),
        counted=lambda n: ngettext("%(n)s name", "%(n)s names", n),
        new=_("New name"),
        none=_("You have said nothing of any name yet"),
        gone=_("The list of usual names decides about it again."),
    )

    form = FieldTagForm
    list_display = ("name", "place", "is_personal", "kind", "sensitivity", "purpose")
    list_filter = ("place", "is_personal", "sensitivity")
    search_fields = ("name",)
    list_before_template = "profiles/_unknown_fields.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the names that came in lately and of which nothing is known."""
        add = reverse("admin:profiles_fieldtag_add")
        unknown = [
            (place, name, f"{add}?{urlencode({'place': place.value, 'name': name})}")
            for place, name in unknown_fields()
            if may(request.user, "people.personal") or not looks_personal(name)
        ]
        context = {"unknown_fields": unknown, **(extra_context or {})}
        answer: HttpResponse = super().changelist_view(request, context)
        return answer

    def save_model(self, request: HttpRequest, obj: FieldTag, form: Any, change: bool) -> None:
        """From now on."""
        super().save_model(request, obj, form, change)
        tags_changed()

    def delete_model(self, request: HttpRequest, obj: FieldTag) -> None:
        """The lists hold again."""
        super().delete_model(request, obj)
        tags_changed()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """The lists hold again."""
        super().delete_queryset(request, queryset)
        tags_changed()

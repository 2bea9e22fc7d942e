"""Purposes, topics, wordings and suppressions as lists and forms of the console."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from config.workspace.forms.audited import AuditedAdmin
from config.workspace.forms.listed import ListWords
from config.workspace.forms.lookups import ReadOnly
from config.workspace.forms.pickers import language_choices
from config.workspace.forms.used import ArchivableForm, ArchivedFilter, UsedAdmin
from config.workspace.lifecycle.usage import users
from config.workspace.pages.open_pages import open_to
from config.workspace.permissions import may
from config.workspace.selectors import workspace
from consent.confirming.words import current_texts, say_own
from consent.models import Purpose, Suppression, Topic, Wording
from consent.privacy import admin as privacy_admin  # noqa: F401 - signs itself in
from consent.signals import admin as signals_admin  # noqa: F401 - signs itself in
from consent.suppression.asking import ask
from consent.suppression.suppressing import release, suppress
from consent.words import ADDRESS_KINDS
from profiles.identifiers.normalise import normalise

LANGUAGES = ("en", "id")  # of the forms below
TEXTS = ("subject", "text", "statement")


def _line(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=200, widget=UnfoldAdminTextInputWidget()
    )


def _lines(label: Any) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    return forms.CharField(label=label, required=False, max_length=1000, widget=widget)


def link(reader: Any, url: str, words: str) -> SafeString:
    """A name, as a door where the reader may go there."""
    url = open_to(reader, url)
    if not url:
        return format_html('<bdi class="r-name">{}</bdi>', words)
    return format_html('<a class="r-door r-name" href="{}">{}</a>', url, words)


class PurposeForm(ArchivableForm):
    """A purpose; what it means stays while somebody needs it to mean that."""

    used_kind = "purpose"
    subject_en = _line(_("Subject, English"))
    text_en = _lines(_("What the mail says, English"))
    statement_en = _lines(_("What is agreed to, English"))
    subject_id = _line(_("Subject, Indonesian"))
    text_id = _lines(_("What the mail says, Indonesian"))
    statement_id = _lines(_("What is agreed to, Indonesian"))

    class Meta:
        model = Purpose
        fields = (
            "name", "slug", "description", "purpose_class", "position", "double_opt_in",
            "confirm_days", "remind_days",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language in LANGUAGES:
            texts = current_texts(self.instance, language)
            self.initial.update({f"{name}_{language}": texts[name] for name in TEXTS})

    def save(self, commit: bool = True) -> Any:
        """With the words of its double opt-in: a version each, where they were changed."""
        saved = super().save(commit)
        if not saved.pk:  # a new one is kept by the admin, and has the words that all have
            return saved
        for language in LANGUAGES:
            texts = {name: self.cleaned_data.get(f"{name}_{language}") or "" for name in TEXTS}
            if any(f"{name}_{language}" in self.changed_data for name in TEXTS):
                say_own(saved, language, texts)
        return saved


class TopicForm(ArchivableForm):
    """A topic."""

    used_kind = "topic"

    class Meta:
        model = Topic
        fields = ("purpose", "name", "slug", "description", "position")


@admin.register(Purpose)
class PurposeAdmin(UsedAdmin):
    """What permission is given for. The class decides what the gate asks: an officer's affair."""

    words = ListWords(
        title=_("Purposes"),
        lead=_("What people give permission for."),
        counted=lambda n: ngettext("%(n)s purpose", "%(n)s purposes", n),
        new=_("New purpose"),
        none=_("No purpose yet"),
        gone=_("Nobody can be asked for it any more. What people said stays in their history."),
    )

    list_display = ("title_words", "slug", "purpose_class", "about_words")
    list_filter = (ArchivedFilter, "purpose_class")
    search_fields = ("name", "slug")
    form = PurposeForm
    used_kind = "purpose"

    @admin.display(description=_("name"), ordering="name")
    def title_words(self, purpose: Purpose) -> str:
        """In the reader's language, where it came along."""
        return purpose.title

    @admin.display(description=_("description"), ordering="description")
    def about_words(self, purpose: Purpose) -> str:
        """The same."""
        return purpose.about

    def name_of(self, row: Purpose) -> str:
        """The same in titles."""
        return row.title

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who uses it, once there is one; a ready-made one is never archived."""
        fields = ("name", "slug", "description", "purpose_class", "position")
        asking = ("double_opt_in", "confirm_days", "remind_days")
        if obj is None:
            return [(None, {"fields": fields}), (_("Double opt-in"), {"fields": asking})]
        more = (
            ("used_by", "topics_of")
            if obj.is_ready_made
            else ("is_archived", "used_by", "topics_of")
        )
        words = [f"{name}_{language}" for language in LANGUAGES for name in TEXTS]
        told = _(
            "{purpose} stands for its name. Each change is a version: who was asked in the "
            "old words agreed to those."
        )
        return [
            (None, {"fields": (*fields, *more)}),
            (_("Double opt-in"), {"fields": asking}),
            (_("Its words"), {"fields": words, "description": told, "classes": ["collapse"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The slug is what campaigns and rules name it by; its class is what they were made for."""
        if obj is None:
            return ()
        bound = obj.is_ready_made or any(use.binds for use in users("purpose", obj.slug))
        read = ("slug", "used_by", "topics_of")
        return ("purpose_class", *read) if bound else read

    @admin.display(description=_("Topics"))
    def topics_of(self, purpose: Purpose) -> SafeString:
        """What people choose inside it, each with its door, and the way to one more."""
        rows = Topic.objects.filter(purpose=purpose, archived_at=None).order_by("position", "name")
        reader = getattr(purpose, "reader", None)
        lines = [
            (link(reader, reverse("admin:consent_topic_change", args=[row.pk]), row.name),)
            for row in rows
        ]
        add = open_to(reader, f"{reverse('admin:consent_topic_add')}?purpose={purpose.pk}")
        more = format_html('<a class="r-btn r-btn-s" href="{}">{}</a>', add, _("New topic"))
        found = format_html_join("", "<li>{}</li>", lines)
        listed = format_html('<ul class="r-uses">{}</ul>', found) if lines else ""
        return format_html("{}{}", listed, more if add else "")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ready-made ones stay."""
        if obj is not None and obj.is_ready_made:
            return False
        return bool(super().has_delete_permission(request, obj))


@admin.register(Topic)
class TopicAdmin(UsedAdmin):
    """Topics as a list of their own."""

    words = ListWords(
        title=_("Topics"),
        lead=_("What people choose to hear about, on the preference page."),
        counted=lambda n: ngettext("%(n)s topic", "%(n)s topics", n),
        new=_("New topic"),
        none=_("No topic yet"),
        gone=_("It leaves the preference page. What people chose stays in their history."),
    )

    empty_text = _(
        "What people may choose to hear about, such as news or offers. Topics stand on the "
        "preference page."
    )
    list_display = ("name", "slug", "purpose", "description")
    list_filter = (ArchivedFilter, "purpose")
    search_fields = ("name", "slug")
    form = TopicForm
    used_kind = "topic"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Who uses it, once there is one."""
        fields = ("purpose", "name", "slug", "description", "position")
        return (*fields, "is_archived", "used_by") if obj is not None else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What people chose stays what they chose."""
        return ("purpose", "slug", "used_by") if obj is not None else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """The slug out of the name of a new one."""
        return {"slug": ("name",)} if obj is None else {}


class SuppressionForm(forms.ModelForm):  # type: ignore[type-arg]
    """An address to suppress; only its keyed digest is kept."""

    value = forms.CharField(label=_("Address"), max_length=320, widget=UnfoldAdminTextInputWidget())
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=list(ADDRESS_KINDS.items()),
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = Suppression
        fields = ("kind", "reason", "detail")

    def clean(self) -> dict[str, Any]:
        """Normalise the address as everywhere else."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("value") and data.get("kind"):
            data["value"] = normalise(data["kind"], data["value"], workspace().country)
            if not data["value"]:
                self.add_error("value", _("This is no address of that kind."))
        return data


@admin.register(Suppression)
class SuppressionAdmin(AuditedAdmin):
    """Addresses that must not be used; masked, since only digests are kept."""

    words = ListWords(
        title=_("Suppressions"),
        lead=_(
            "Addresses that nothing is sent to. Only a digest of each is kept, so ask by "
            "the whole address."
        ),
        counted=lambda n: ngettext("%(n)s address", "%(n)s addresses", n),
        new=_("Suppress an address"),
        none=_("No address is suppressed"),
        save=_("Suppress it"),
        gone=_("The address may be written to again, as far as its owner permits."),
    )

    empty_text = _(
        "Addresses that are not written to any more. Those that bounce or complain come here by "
        "themselves."
    )
    form = SuppressionForm
    list_display = ("hint", "kind_words", "level", "reason", "detail", "created_at")
    list_filter = ("kind", "level", "reason")
    fields = ("kind", "value", "reason", "detail")
    search_fields = ("digest",)  # by `get_search_results` alone: exactly, and never by a part
    search_help_text = _("Is jane@example.com blocked?")
    list_before_template = "consent/_suppressed.html"

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Who may not see addresses does not ask by one: the answer would be one."""
        return self.search_fields if may(request.user, "people.personal") else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """The address that was asked for, in any spelling, and nothing else."""
        if not search_term or not self.get_search_fields(request):
            return queryset, False
        found = ask(search_term)
        return queryset.filter(pk__in=[row.pk for row in found.rows]), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With yes or no, where somebody asks by an address."""
        term = request.GET.get("q", "").strip().replace("\x00", "")
        asked = ask(term) if term and self.get_search_fields(request) else None
        context = {"asked": asked, "asked_for": term, **(extra_context or {})}
        answer: HttpResponse = super().changelist_view(request, context)
        return answer

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service; said again, the first stays."""
        row, _new = suppress(
            kind=form.cleaned_data["kind"],
            value=form.cleaned_data["value"],
            reason=form.cleaned_data["reason"],
            detail=form.cleaned_data["detail"],
        )
        obj.pk = row.pk

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Whoever fills in the form does it by hand."""
        given = super().get_changeform_initial_data(request)
        return {"reason": Suppression.Reason.MANUAL, **given}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Added and released, never changed."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the role says."""
        return may(request.user, "suppressions.view")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """What a mail server said quotes the address: only for who may see that."""
        return tuple(self._kept(request, self.list_display))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Of one that is there: what is kept."""
        if obj is None:
            return ("kind", "value", "reason", "detail")
        kept = ("hint", "kind_words", "level", "reason", "detail", "created_at")
        return tuple(self._kept(request, kept))

    @admin.display(description=_("Kind"), ordering="kind")
    def kind_words(self, row: Suppression) -> str:
        """What kind of address it is."""
        return str(ADDRESS_KINDS.get(row.kind, row.kind))

    @staticmethod
    def _kept(request: HttpRequest, names: Any) -> list[str]:
        personal = may(request.user, "people.personal")
        return [name for name in names if personal or name != "detail"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The form with the address only for a new one."""
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Suppression) -> None:
        """Back into use."""
        release(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        """Each through the service."""
        for row in queryset:
            release(row)


class ByLanguage(admin.SimpleListFilter):
    """By the language, in the reader's words."""

    title, parameter_name = _("language"), "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Those that there are."""
        names = dict(language_choices())
        codes = model_admin.get_queryset(request).order_by("language").distinct("language")
        return [(code, names.get(code, code)) for code in codes.values_list("language", flat=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those in one."""
        return queryset.filter(language=self.value()) if self.value() else queryset


@admin.register(Wording)
class WordingAdmin(ReadOnly, AuditedAdmin):
    """What people were asked in, every version of it. Written by the forms that show it."""

    words = ListWords(
        title=_("Wordings"),
        lead=_("What people read when they were asked, every version of it."),
        counted=lambda n: ngettext("%(n)s wording", "%(n)s wordings", n),
        none=_("Nobody has been asked yet"),
    )

    empty_text = _("The words of forms that ask for permission, every version that was shown.")
    list_display = ("key", "language_words", "version", "at")
    list_filter = ("key", ByLanguage)
    fields = ("key", "language_words", "version", "at", "shown_words")
    readonly_fields = fields

    @admin.display(description=_("language"), ordering="language")
    def language_words(self, wording: Wording) -> str:
        """By its name."""
        return dict(language_choices()).get(wording.language, wording.language)

    @admin.display(description=_("texts"))
    def shown_words(self, wording: Wording) -> str:
        """As the person read it."""
        return wording.text

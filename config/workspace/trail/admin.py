"""The audit trail in the console: who did what to which thing, in words; read only."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from config.workspace.forms.listed import ListWords
from config.workspace.forms.lookups import LookedUp, OnlyItsFilters, ReadOnly
from config.workspace.models import AuditEntry, User
from config.workspace.permissions import may, requires
from config.workspace.trail import export
from config.workspace.trail.filters import ByUser, SinceDay, UntilDay
from config.workspace.trail.targets import Target, name_of_user, targets_of
from config.workspace.trail.words import (
    ACTORS,
    KINDS,
    SAME_VERB,
    VERBS,
    choices_of_actions,
    detail_in_words,
    field_in_words,
    in_words,
    kind_in_words,
)

NOTHING = "\N{EN DASH}"


class InWords(admin.SimpleListFilter):
    """A filter by codes that are said in words. No query for its choices."""

    words: ClassVar[Any]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """By their words."""
        choices = [(code, capfirst(str(words))) for code, words in self.words.items()]
        return sorted(choices, key=lambda choice: choice[1].casefold())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the code."""
        return (
            queryset.filter(**{str(self.parameter_name): self.value()})
            if self.value()
            else queryset
        )


class ByAction(admin.SimpleListFilter):
    """By what was done: a code, or what may happen to things of any kind."""

    title, parameter_name = _("what happened"), "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """By their words."""
        return choices_of_actions()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Some codes name the kind, some leave it to the entry."""
        code = self.value() or ""
        kind, _dot, verb = code.partition(".")
        if verb:
            return queryset.filter(Q(action=code) | Q(action=verb, target_kind=kind))
        if code in VERBS:
            verbs = [own for own, same in SAME_VERB.items() if same == code]
            return queryset.filter(Q(action__endswith=f".{code}") | Q(action__in=verbs))
        return queryset


class ByKind(InWords):
    """By what it was done to."""

    title, parameter_name = _("what it is about"), "target_kind"
    words: ClassVar[Any] = {code: name for code, name in KINDS.items() if code != "apikey"}


class ByActor(InWords):
    """By who acted."""

    title, parameter_name, words = _("who acted"), "actor_kind", ACTORS


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, OnlyItsFilters, LookedUp):
    """Who looked at what and changed what."""

    words = ListWords(
        title=_("Audit trail"),
        lead=_(
            "Who looked at what and changed what, sealed so that nobody can change it afterwards."
        ),
        counted=lambda n: ngettext("%(n)s entry", "%(n)s entries", n),
        none=_("Nothing has happened yet"),
    )

    list_display = ("at", "actor", "shown_action", "which", "shown_fields")
    list_filter = (ByAction, ByKind, ByActor, ByUser, SinceDay, UntilDay)
    list_before_template = "workspace/_trail_tools.html"
    search_fields = ("=target",)
    search_help_text = _("The key of a thing, as its address has it")
    show_full_result_count = False
    list_per_page = 50
    exact = ("at",)
    fields = ("at", "actor", "shown_action", "kind", "which", "shown_detail", "shown_fields")
    readonly_fields = fields

    def look_up(self, request: HttpRequest, rows: list[Any]) -> None:
        """What each is about and who acted; a door only where this user may go."""
        targets = targets_of(rows)
        actors = {entry.actor_id for entry in rows if entry.actor_kind == "user"}
        names = {user.pk: name_of_user(user) for user in User.objects.filter(pk__in=actors)}
        for entry in rows:
            entry.shown_target = _for(request, targets.get(entry.pk))
            known = names.get(entry.actor_id) if entry.actor_kind == "user" else None
            entry.shown_actor = known or entry.actor_name

    def get_urls(self) -> list[URLPattern]:
        """And the whole list as a file."""
        view = requires("audit.view", again=True)(self.exported)
        own = path("export/<slug:kind>/", view, name="workspace_auditentry_export")
        return [own, *super().get_urls()]

    def exported(self, request: HttpRequest, kind: str) -> Any:
        """What the list shows by the same filters, all of it. Raises Http404."""
        if kind not in export.KINDS:
            raise Http404(kind)
        changelist = super(LookedUp, self).get_changelist_instance(request)
        return export.answer(changelist.get_queryset(request), kind)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """One of them."""
        entry = super().get_object(request, object_id, from_field)
        if entry is not None:
            self.look_up(request, [entry])
        return entry

    @display(  # type: ignore[untyped-decorator]
        description=_("By"), ordering="actor_name"
    )
    def actor(self, entry: Any) -> str:
        """A name; of who has none, what they are."""
        return entry.shown_actor or str(ACTORS.get(entry.actor_kind, entry.actor_kind))

    @display(  # type: ignore[untyped-decorator]
        description=_("What happened"), ordering="action"
    )
    def shown_action(self, entry: AuditEntry) -> str:
        """In words."""
        return in_words(entry)

    @display(  # type: ignore[untyped-decorator]
        description=_("What it is about")
    )
    def kind(self, entry: AuditEntry) -> str:
        """In words."""
        return kind_in_words(entry.target_kind)

    @display(  # type: ignore[untyped-decorator]
        description=_("Which"), ordering="target"
    )
    def which(self, entry: Any) -> SafeString | str:
        """By name, as a door where the thing is there and may be opened."""
        target: Target | None = entry.shown_target
        if target is None:
            return NOTHING
        if not target.url:
            return target.name
        return format_html('<a class="r-door" href="{}">{}</a>', target.url, target.name)

    @display(  # type: ignore[untyped-decorator]
        description=_("More")
    )
    def shown_detail(self, entry: AuditEntry) -> str:
        """Names and counts; an address as a digest, the same for the same address."""
        return detail_in_words(entry.detail) or NOTHING

    @display(  # type: ignore[untyped-decorator]
        description=_("Fields")
    )
    def shown_fields(self, entry: AuditEntry) -> str:
        """Names only; values are never kept."""
        return ", ".join(map(field_in_words, entry.fields)) or NOTHING


def _for(request: HttpRequest, target: Target | None) -> Target | None:
    if target is None or may(request.user, target.permission or "audit.view"):
        return target
    return Target(target.name)

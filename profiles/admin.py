"""Sources, event definitions and exchange rates as lists and forms of the console."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Aggregate, Case, Count, IntegerField, QuerySet, Sum, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.console.words import ago, num
from config.workspace import audit
from config.workspace.forms.audited import AuditedAdmin
from config.workspace.forms.listed import ListWords
from config.workspace.forms.pickers import currency_choices, is_currency, picked
from config.workspace.forms.used import UsedAdmin
from config.workspace.pages.open_pages import open_to
from config.workspace.permissions import may
from profiles import field_admin, warnings_admin  # noqa: F401 - each signs itself in
from profiles.calls.reasons import code_in_words
from profiles.models import Event, EventDefinition, ExchangeRate, RefusalCount, Rejection, Source
from profiles.names_admin import NamesAdmin
from profiles.selectors.live import last_event_id
from profiles.services.sources import create_source, permissions_for
from profiles.views.sources import show_key

COUNTED = 200_000  # of the newest events: beyond that "calls today" is a lower bound


def midnight() -> datetime:
    """The beginning of the reader's day."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def _by_source(rows: QuerySet[Any], total: Aggregate) -> Case:
    counts = rows.order_by().values_list("source_id").annotate(total=total)
    whens = [When(pk=source_id, then=Value(n)) for source_id, n in counts]
    return Case(*whens, default=Value(0), output_field=IntegerField())


def _may_handle(request: HttpRequest, kind: str) -> bool:
    """Also what stands for no kind yet."""
    return all(may(request.user, one) for one in permissions_for(kind))


@admin.register(Source)
class SourceAdmin(UsedAdmin):
    """Where calls come from. A write key is shown once: when it is made or changed."""

    words = ListWords(
        title=_("Sources"),
        lead=_("Where calls come from, how many, and what was refused."),
        counted=lambda n: ngettext("%(n)s source", "%(n)s sources", n),
        new=_("New source"),
        none=_("No source yet"),
        save=_("Make the source"),
        gone=_("Calls with its key are refused from then on. What came in by it stays."),
    )

    used_kind = "source"
    empty_text = _(
        "A source is where calls come from: your shop, your app, a file. Each has a write key of "
        "its own."
    )

    list_display = (
        "name",
        "shown_kind",
        "enabled",
        "last_call",
        "calls_today",
        "refused_today",
        "trust",
        "write_key_hint",
    )
    list_filter = ("kind", "enabled")
    search_fields = ("name",)
    fields = ("name", "kind", "trust", "enabled", "write_key", "refused_lately", "used_by")
    readonly_fields = ("write_key", "refused_lately", "used_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        """With today's counts, by two queries over the newest calls."""
        rows: QuerySet[Source] = super().get_queryset(request).filter(is_internal=False)
        today = {"received_at__gte": midnight()}
        kept = Event.objects.filter(id__gt=last_event_id() - COUNTED, **today)
        refused = RefusalCount.objects.filter(at__gte=midnight())
        return rows.annotate(
            kept=_by_source(kept, Count("id")), refused=_by_source(refused, Sum("n"))
        )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new source needs a name and a kind."""
        if obj is None:
            return ("name", "kind")
        handled = _may_handle(request, obj.kind)
        return [name for name in self.fields if handled or name != "write_key"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The kind says what a source may prove; it stays."""
        return ("kind", "write_key", "refused_lately", "used_by") if obj else ()

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The kinds that this user may make."""
        field = super().formfield_for_choice_field(db_field, request, **kwargs)
        if db_field.name == "kind" and field is not None:
            field.choices = [one for one in field.choices if _may_handle(request, one[0])]
            if not _may_handle(request, Source.Kind.SERVER):
                field.help_text = _(
                    "A server's word proves whose an address is, and mails go there: such a source "
                    "is made by somebody who may see people."
                )
        return field

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One that proves needs more."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or _may_handle(request, obj.kind))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for a change; many at once are of any kind."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and _may_handle(request, obj.kind if obj else Source.Kind.SERVER)

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        """A new one is made by the service, which makes its key."""
        if change:
            super().save_model(request, obj, form, change)
            return
        with audit.acting(audit.actor_of_user(request.user)):  # type: ignore[arg-type]
            source, key = create_source(name=obj.name, kind=obj.kind)
        obj.pk = source.pk
        request.made_key = (source, key)  # type: ignore[attr-defined]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Recorded by the service already."""

    def response_add(
        self, request: HttpRequest, obj: Source, post_url_continue: Any = None
    ) -> HttpResponse:
        """The key, this once: in this answer and nowhere else."""
        source, key = request.made_key  # type: ignore[attr-defined]
        return show_key(request, source, key)

    @admin.display(description=_("Kind"), ordering="kind")
    def shown_kind(self, source: Source) -> str:
        """With whether its identifiers prove anything."""
        word = _("verified") if source.is_verified else _("client")
        return f"{source.get_kind_display()} ({word})"

    @admin.display(description=_("Last call"), ordering="last_seen_at")
    def last_call(self, source: Source) -> SafeString | str:
        """2 h ago."""
        return ago(source.last_seen_at)

    @admin.display(description=_("Calls today"))
    def calls_today(self, source: Any) -> SafeString:
        """A door to live events."""
        return self._door(source, source.kept, "kept")

    @admin.display(description=_("Refused today"))
    def refused_today(self, source: Any) -> SafeString:
        """A door to the refused ones."""
        return self._door(source, source.refused, "refused")

    def _door(self, source: Source, count: int, status: str) -> SafeString:
        address = f"{reverse('profiles:live')}?source={source.pk}&status={status}"
        return format_html('<a class="r-door" href="{}">{}</a>', address, num(count))

    @admin.display(description=_("Refused in 7 days"))
    def refused_lately(self, source: Source) -> SafeString | str:
        """By reason: all of them, and how many are kept to be read."""
        since = timezone.now() - timedelta(days=7)
        rows = RefusalCount.objects.filter(source=source, at__gte=since).values_list("code")
        sums = list(rows.annotate(total=Sum("n")).order_by("-total"))
        there = Rejection.objects.filter(source=source, received_at__gte=since).order_by()
        kept = dict(there.values_list("code").annotate(n=Count("id")))
        words = _("{n} {reason} ({kept} of them can be read)")
        lines = [
            (words.format(n=num(n), reason=code_in_words(code), kept=num(kept.get(code, 0))),)
            for code, n in sums
        ]
        return format_html_join(mark_safe("<br>"), "{}", lines) if lines else gettext("none")

    @admin.display(description=_("Write key"))
    def write_key(self, source: Source) -> SafeString:
        """Its beginning, and the way to a new one."""
        address = reverse("profiles:rotate_key", args=[source.pk])
        if not open_to(getattr(source, "reader", None), address):
            return format_html("<code>{}…</code>", source.write_key_hint)
        return format_html(
            '<code>{}…</code> <a class="r-door" href="{}">{}</a>',
            source.write_key_hint,
            address,
            _("Change the key"),
        )


@admin.register(EventDefinition)
class EventDefinitionAdmin(NamesAdmin):
    """What the names of events mean: their value, whether they are conversions."""

    words = ListWords(
        title=_("Event definitions"),
        lead=_("What the names of events mean here: which is worth money, which is a conversion."),
        counted=lambda n: ngettext("%(n)s name", "%(n)s names", n),
        none=_("No event has come in yet"),
    )

    list_display = (
        "name",
        "value_property",
        "is_money",
        "is_conversion",
        "is_proven",
        "is_hidden",
        "first_seen",
        "last_seen",
    )
    list_filter = ("is_money", "is_conversion", "is_proven", "is_hidden")
    search_fields = ("name",)
    fields = (
        *("name", "value_property", "is_money", "is_conversion", "numbers", "is_hidden", "tags"),
        "used_by",
    )
    readonly_fields = ("name", "used_by")


@admin.register(ExchangeRate)
class ExchangeRateAdmin(AuditedAdmin):
    """What a unit of a currency is worth, from a day on."""

    words = ListWords(
        title=_("Exchange rates"),
        lead=_("What a unit of another currency is worth in yours, from a day on."),
        counted=lambda n: ngettext("%(n)s rate", "%(n)s rates", n),
        new=_("New rate"),
        none=_("No rate yet"),
        gone=_("Amounts of that time are counted by the rate before it."),
    )

    list_display = ("currency_words", "day", "rate")
    list_filter = ("currency",)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The currency by its name."""
        if db_field.name == "currency":
            return picked(db_field, currency_choices, is_currency)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("currency"), ordering="currency")
    def currency_words(self, rate: ExchangeRate) -> str:
        """By its name."""
        return dict(currency_choices()).get(rate.currency, rate.currency)

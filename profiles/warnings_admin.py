"""What about the data is not as it should be: what it means, an example, and what to do."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.console.words import NOTHING, ago, num
from config.workspace.forms.listed import ListWords
from config.workspace.forms.lookups import LookedUp, OnlyItsFilters, ReadOnly
from config.workspace.lifecycle.usage import form_of
from config.workspace.permissions import may
from profiles.models import DataWarning, EventDefinition
from profiles.selectors.masking import FieldPlace, Shown, looks_personal, shown_to
from profiles.warning_words import WARNINGS

IDENTIFIERS = "unusable_identifier"  # whose detail is the kind of identifier, not a property


class ByCode(admin.SimpleListFilter):
    """By what it is, in words."""

    title, parameter_name = _("what"), "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Those that there are."""
        return [(code, warned.title) for code, warned in WARNINGS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the code."""
        return queryset.filter(code=self.value()) if self.value() else queryset


@admin.register(DataWarning)
class DataWarningAdmin(ReadOnly, OnlyItsFilters, LookedUp):
    """What was kept but cannot be used, or was left out, counted by source."""

    words = ListWords(
        title=_("Data warnings"),
        lead=_(
            "What came in and cannot be used as it is: what it means, an example, and what to do."
        ),
        counted=lambda n: ngettext("%(n)s warning", "%(n)s warnings", n),
        none=_("No warning"),
    )

    list_display = ("what", "where", "example_of", "times", "since", "remedy")
    list_filter = (ByCode, "source")
    list_display_links = None
    list_select_related = ("source",)
    empty_text = _("Whatever came in could be used in full.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataWarning]:
        """Without those that name somebody, for who may not see it."""
        rows: QuerySet[DataWarning] = super().get_queryset(request)
        if may(request.user, "people.personal"):
            return rows
        named = DataWarning.objects.values_list("event_name", "detail").distinct()
        hidden = {text for pair in named for text in pair if looks_personal(text)}
        return rows.exclude(event_name__in=hidden).exclude(detail__in=hidden)

    def look_up(self, request: HttpRequest, rows: list[Any]) -> None:
        """What this reader may see and where they may go; one query."""
        shown = shown_to(request.user)
        may_define = may(request.user, "settings.view")
        names = {row.event_name for row in rows} if may_define else set()
        known = EventDefinition.objects.filter(name__in=names).only("name")
        forms = {definition.name: form_of(definition) for definition in known}
        for row in rows:
            warned = WARNINGS.get(row.code)
            is_open = warned is not None and may(request.user, warned.permission)
            row.remedy_url = warned.place(row) if warned and is_open else ""
            row.source_url = form_of(row.source) if may(request.user, "sources.view") else ""
            row.event_url = forms.get(row.event_name, "")
            row.shown_example = _example(row, shown)

    @admin.display(description=_("What"), ordering="code")
    def what(self, row: DataWarning) -> SafeString:
        """Its title, and what it means."""
        warned = WARNINGS.get(row.code)
        if warned is None:
            return format_html("{}", row.code.replace("_", " "))
        return format_html(
            '<span class="r-lines"><b>{}</b><br><small class="r-xs r-sub">{}</small></span>',
            warned.title,
            warned.meaning,
        )

    @admin.display(description=_("Where"), ordering="source__name")
    def where(self, row: Any) -> SafeString:
        """The source, the event, and what of it."""
        lines = [_door(row.source_url, row.source.name), *_parts(row)]
        told = format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))
        return format_html('<span class="r-lines">{}</span>', told)

    @admin.display(description=_("For example"))
    def example_of(self, row: Any) -> SafeString | str:
        """What was sent of late, as this reader may see it."""
        if not row.example:
            return NOTHING
        return format_html('<code class="r-name">{}</code>', row.shown_example)

    @admin.display(description=_("Times"), ordering="count")
    def times(self, row: DataWarning) -> str:
        """How often."""
        return num(row.count)

    @admin.display(description=_("Since"), ordering="first_seen")
    def since(self, row: DataWarning) -> SafeString:
        """When it was first seen, and last."""
        first, last = ago(row.first_seen), ago(row.last_seen)
        words = format_html(gettext("last {}"), last)
        lines = '<span class="r-lines">{}<br><small class="r-xs r-sub">{}</small></span>'
        return format_html(lines, first, words)

    @admin.display(description=_("What to do"))
    def remedy(self, row: Any) -> SafeString | str:
        """In a sentence, as a door where this reader may go there."""
        warned = WARNINGS.get(row.code)
        return _door(row.remedy_url, warned.remedy) if warned else NOTHING


def _example(row: DataWarning, shown: Shown) -> str:
    if row.code == IDENTIFIERS:
        return shown.identifier(row.detail, row.example)
    name = row.detail.removeprefix("products.")
    place = FieldPlace.PROPERTY if name == row.detail else FieldPlace.PRODUCT
    return str(shown.value(name, row.example, place))


def _parts(row: Any) -> Iterator[SafeString]:
    if row.event_name:
        yield _door(row.event_url, row.event_name)
    if row.detail:
        yield format_html('<code class="r-xs r-name">{}</code>', row.detail)


def _door(url: str, words: Any) -> SafeString:
    if not url:
        return format_html('<bdi class="r-name">{}</bdi>', words)
    return format_html('<a class="r-door r-name" href="{}">{}</a>', url, words)

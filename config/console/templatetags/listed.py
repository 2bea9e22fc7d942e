"""Lists and forms of the admin, drawn as the console's own: `{% load listed %}`.

Django's tags write times by its own formats, yes and no as pictures, and counts ungrouped. Here a
value is written as everywhere else in the console.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django import template
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, AdminReadonlyField
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import display_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.template.context import Context
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape, format_html, linebreaks
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.console import words

register = template.Library()
CHECKBOX = "action_checkbox"
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Cell:
    """What stands in one column of one row; `url` where it opens the row."""

    name: str
    label: str
    value: SafeString | str
    url: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Row:
    """One row, with the key that an action on it posts."""

    key: str
    name: str
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True)
class Head:
    """The head of a column: where it leads to be sorted by, and how it is sorted now."""

    name: str
    label: str
    url: str = ""
    sorted: str = ""  # "ascending", "descending"


@register.simple_tag
def list_heads(changelist: Any) -> list[Head]:
    """The columns, without that of the boxes. No query."""
    names = [name for name in changelist.list_display if name != CHECKBOX]
    heads: list[dict[str, Any]] = list(result_headers(changelist))
    found = [head for head in heads if "action-toggle" not in head["text"]]
    return [
        Head(
            str(name),
            words.capitalised(head["text"]),
            head.get("url_primary", "") if head["sortable"] else "",
            _sorted(head),
        )
        for name, head in zip(names, found, strict=True)
    ]


def _sorted(head: dict[str, Any]) -> str:
    if not head.get("sorted"):
        return ""
    return "ascending" if head["ascending"] else "descending"


@register.simple_tag(takes_context=True)
def list_rows(context: Context, changelist: Any) -> Iterator[Row]:
    """The rows of the page; the first column opens each, where it opens."""
    heads = list_heads(changelist)
    for row in changelist.result_list:
        cells = [_cell(changelist, row, head, at == 0) for at, head in enumerate(heads)]
        yield Row(str(row.pk), str(row), cells)


def _cell(changelist: Any, row: Any, head: Head, is_first: bool) -> Cell:
    shown = _shown_of(head.name, row, changelist.model_admin)
    url = _address(changelist, row) if _opens(changelist, head.name, is_first) else ""
    value = _value(head.name, row, changelist.model_admin)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return Cell(head.name, head.label, shown, url, is_number)


def _opens(changelist: Any, name: str, is_first: bool) -> bool:
    links = changelist.list_display_links
    if links is None:
        return False
    return name in links if links else is_first


def _address(changelist: Any, row: Any) -> str:
    try:
        url = changelist.url_for_result(row)
    except NoReverseMatch:
        return ""
    kept = {"preserved_filters": changelist.preserved_filters, "opts": changelist.opts}
    return add_preserved_filters(kept, url)


def _value(name: str, row: Any, model_admin: Any) -> Any:
    try:
        return lookup_field(name, row, model_admin)[2]
    except (ObjectDoesNotExist, AttributeError, ValueError):
        return None


def _shown_of(name: str, row: Any, model_admin: Any) -> SafeString | str:
    try:
        column, attribute, value = lookup_field(name, row, model_admin)
    except ObjectDoesNotExist:
        return words.NOTHING
    if column is not None and column.choices:
        kept = dict(column.flatchoices)
        return conditional_escape(words.capitalised(kept.get(value, value)) or words.NOTHING)
    if column is not None and isinstance(column.remote_field, models.ManyToOneRel):
        value = getattr(row, column.name)
    is_switch = isinstance(column, models.BooleanField) or getattr(attribute, "boolean", False)
    if isinstance(column, models.JSONField):
        return conditional_escape(display_for_field(value, column, words.NOTHING))
    return shown(value, is_switch=is_switch, is_exact=name in getattr(model_admin, "exact", ()))


def shown(value: Any, *, is_switch: bool = False, is_exact: bool = False) -> SafeString | str:
    """A value as the console writes it: times with their zone on hover, numbers grouped."""
    if is_switch or isinstance(value, bool):
        return _switch(value)
    if isinstance(value, datetime):
        return words.at(value) if is_exact else words.ago(value)
    if isinstance(value, date):
        return words.when_words(value)
    if isinstance(value, float):  # a rate is not rounded
        return words.num(value, _decimals(value))
    return words.num(value) if isinstance(value, int) else _text(value)


def _decimals(value: float) -> int:
    return min(len(f"{value:.6f}".rstrip("0").partition(".")[2]), MOST_DECIMALS)


def _text(value: Any) -> SafeString | str:
    if hasattr(value, "__html__"):
        return conditional_escape(value)
    many = isinstance(value, (list, tuple))
    text = ", ".join(map(str, value)) if many else str("" if value is None else value)
    return format_html('<bdi class="r-name">{}</bdi>', text) if text.strip() else words.NOTHING


def _switch(value: Any) -> SafeString:
    if value is None or value == "":
        return format_html('<span class="r-sub">{}</span>', _("unknown"))
    state, word, name = ("is-ok", _("yes"), "ok") if value else ("", _("no"), "x")
    return format_html(
        '<span class="r-chip {}"><svg class="r-i r-i-13" aria-hidden="true">'
        '<use href="#i-{}"/></svg>{}</span>',
        state,
        name,
        word,
    )


@register.filter
def counted(changelist: Any) -> str:
    """How many rows there are, in words: "6 people in the team"."""
    count = changelist.result_count
    said: str = changelist.model_admin.words.counted(count) % {"n": words.num(count)}
    return said


@register.simple_tag
def list_pages(changelist: Any) -> dict[str, Any] | None:
    """Where the page before and the next are, and which this is; None where there is one."""
    if changelist.show_all or not changelist.multi_page:
        return None
    number, last = changelist.page_num, changelist.paginator.num_pages
    return {
        "number": number,
        "last": last,
        "before": changelist.get_query_string({"p": number - 1}) if number > 1 else "",
        "after": changelist.get_query_string({"p": number + 1}) if number < last else "",
    }


@register.simple_tag
def list_actions(action_form: Any) -> list[tuple[str, str]]:
    """What can be done with several rows at once: its code and its words."""
    if not action_form:
        return []
    return [(code, str(said)) for code, said in action_form.fields["action"].choices if code]


@register.simple_tag
def box_name() -> str:
    """The field that the boxes of a list post their keys in."""
    return ACTION_CHECKBOX_NAME


@register.simple_tag
def filter_choices(changelist: Any, spec: Any) -> dict[str, Any]:
    """A filter of the list: its choices, and the one that is on ("" where all are shown)."""
    choices = list(spec.choices(changelist))
    on = next((one for one in choices if one["selected"]), None)
    is_all = not choices or on is None or on is choices[0]
    return {
        "title": words.capitalised(spec.title),
        "choices": [{**one, "display": words.capitalised(one["display"])} for one in choices],
        "on": "" if is_all or on is None else words.capitalised(on["display"]),
        "is_tabs": getattr(spec, "is_tabs", False),
        "is_hidden": getattr(spec, "is_hidden", False),
    }


@register.filter
def readonly(field: AdminReadonlyField) -> SafeString | str:
    """What stands in place of a field that is only read."""
    name: Any = field.field["field"]
    row: Any = field.form.instance
    if isinstance(name, str) and getattr(getattr(row, "_meta", None), "get_field", None):
        column = next((one for one in row._meta.fields if one.name == name), None)
        if isinstance(column, models.ForeignKey):
            return shown(getattr(row, name))
    value = _shown_of(name, row, field.model_admin)
    if not hasattr(value, "__html__"):
        return linebreaks(value, autoescape=True)
    return value


@register.filter
def is_readonly(field: Any) -> bool:
    """Whether it is no field of the form."""
    return bool(getattr(field, "is_readonly", False))


@register.filter
def widget_kind(field: Any) -> str:
    """switch, boxes, or "": how a field is laid out."""
    widget = getattr(getattr(field, "field", None), "field", None)
    name = type(getattr(widget, "widget", None)).__name__
    if "Switch" in name or name in ("CheckboxInput", "UnfoldBooleanWidget"):
        return "switch"
    return "boxes" if name == "CheckboxSelectMultiple" else ""

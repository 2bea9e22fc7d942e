"""Tags and filters that every template has without loading them (docs/console.md lists them).

Nothing here marks foreign text as safe: HTML is made by `format_html` alone.
"""

from typing import Any

from django import template
from django.conf import settings
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config.console import words
from config.console.pages import Crumb, undo_of
from config.console.shell.theme import door_of, group_of, resolve, title_of
from config.workspace.pages import open_pages, rows

register = template.Library()
ICON = 16  # px

TIMES = ("ago", "exact", "exact_ms", "at", "on_day", "clock", "clock_ms", "day_clock", "minute")
for name in (*TIMES, "money", "num", "about", "compact", "pct", "lasting"):
    register.filter(name, getattr(words, name))


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """An icon of the sprite; it says nothing to a screen reader, so a word stands beside it."""
    sized = "" if size == ICON else f"r-i-{size}"
    return format_html(
        '<svg class="r-i {} {}" aria-hidden="true"><use href="#i-{}"/></svg>', sized, css, name
    )


@register.simple_tag
def avatar(name: Any = "", size: str = "") -> SafeString:
    """Initials in a circle; dashed for a person without a name."""
    letters = words.initials(words.name_of(name))
    large = "r-av-l" if size == "l" else ""
    if not letters:
        return format_html('<span class="r-av is-anon {}" aria-hidden="true">?</span>', large)
    return format_html('<span class="r-av {}" aria-hidden="true">{}</span>', large, letters)


@register.filter
def person_name(value: Any) -> SafeString:
    """A customer's name, isolated from the direction of the text around it."""
    name = words.name_of(value)
    if not name:
        return format_html('<span class="r-name r-sub">{}</span>', _("No name yet"))
    return format_html('<bdi class="r-name">{}</bdi>', name)


@register.filter
def or_empty(value: Any) -> Any:
    """What somebody said, or a quiet word where there is nothing to be seen."""
    if not words.is_blank(str(value)):
        return value
    return format_html('<span class="r-sub r-quiet">{}</span>', _("empty"))


@register.filter
def short(value: Any) -> SafeString:
    """The first 8 characters of an id, the whole of it on hover."""
    whole = str(value or "")
    return format_html('<code class="r-mono" title="{}">{}</code>', whole, whole[:8])


@register.simple_tag
def copy(value: Any, label: str = "") -> SafeString:
    """A small button that puts `value` on the clipboard."""
    return format_html(
        '<button class="r-icon r-icon-s" type="button" data-copy="{}" title="{}">{}'
        '<span class="r-vh">{}</span></button>',
        str(value),
        label or _("Copy"),
        icon("copy", 14),
        label or _("Copy"),
    )


def _reader(context: Context) -> Any:
    """Whoever the page is for; None where it is drawn for nobody."""
    return getattr(context.get("request"), "user", None)


@register.simple_tag(takes_context=True)
def open_to(context: Context, url: str | None) -> str:
    """The address, or "" where the reader's role does not open it: `{% open_to url as url %}`."""
    user = _reader(context)
    return open_pages.open_to(user, url) if user else url or ""


@register.simple_tag(takes_context=True)
def who_may(context: Context, permission: str) -> str:
    """Which roles to ask, for a reader whose own does not include the permission."""
    user = _reader(context)
    return open_pages.who_may(user, permission) if user else ""


@register.simple_tag(name="door", takes_context=True)
def door_for_reader(context: Context, url: str | None, text: Any) -> SafeString:
    """`door` where the reader's role opens what is behind it, else only the number."""
    return door(open_to(context, url), text)


def door(url: str | None, text: Any) -> SafeString:
    """A number (or word) that opens what is behind it; without an address only the number."""
    shown = words.num(text) if isinstance(text, (int, float)) else text
    if not url:
        return format_html('<b class="r-n">{}</b>', shown)
    return format_html('<a class="r-door" href="{}">{}</a>', url, shown)


@register.simple_tag
def chip(text: Any, state: str = "", icon_name: str = "") -> SafeString:
    """A state in one or two words; `state` is ok, warn, bad, brand or ""."""
    return format_html(
        '<span class="r-chip {}">{}{}</span>',
        f"is-{state}" if state else "",
        icon(icon_name, 13) if icon_name else "",
        text,
    )


@register.simple_tag
def delta(now: float | None, before: float | None, *, absolute: bool = False) -> SafeString:
    """The change against the week before: an arrow, the share (or number), and a word."""
    change = words.change(now, before, absolute=absolute)
    if change is None:
        return format_html('<span class="r-delta">{}</span>', "")
    return format_html(
        '<span class="r-delta is-{}"><b>{} {}</b><span class="r-vh"> {}</span></span>',
        change.direction,
        change.arrow,
        change.amount,
        change.word,
    )


@register.simple_tag
def curl(call: Any) -> SafeString:
    """An `ApiCall` as a line for a shell, with a copy button."""
    if not call:
        return format_html("{}", "")
    written = call.curl()
    return format_html(
        '<div class="r-curl"><pre class="r-code" tabindex="0"><code><span>{}</span></code></pre>{}'
        "</div>",
        written,
        copy(written, _("Copy this call")),
    )


@register.simple_tag
def first_call() -> str:
    """The smallest call that makes a person and an event; for the first steps."""
    body = '{"userId": "me", "event": "Hello Rapport"}'
    return (
        f"curl -u WRITE_KEY: {settings.BASE_URL}/v1/track \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )


@register.simple_tag
def chart(drawn: Any) -> str:
    """A chart of `config.console.charts` with its table."""
    return render_to_string(drawn.template, {"chart": drawn}) if drawn else ""


@register.simple_tag
def meter(value: float, total: float, label: Any = "", css: str = "") -> SafeString:
    """A thin bar of `value` out of `total`."""
    share = min(max(100 * value / total, 0), 100) if total else 0
    filled = (
        format_html('<i class="{}" style="width:{}%"></i>', css, f"{share:.1f}") if share else ""
    )
    return format_html(
        '<div class="r-meter" role="progressbar" aria-label="{}" aria-valuenow="{}" '
        'aria-valuemin="0" aria-valuemax="{}">{}</div>',
        label,
        str(value),
        str(total),
        filled,
    )


@register.simple_tag(takes_context=True)
def breadcrumbs(context: Context) -> list[Crumb]:
    """Where this page is, as (label, url or None); of lists and forms from their model.

    The line of the menu stands among them where several pages are behind it.
    """
    trail = _trail(context)
    door = str(door_of(context["request"].path)) if "request" in context else ""
    if len(trail) > 1 and door and door not in [str(label) for label, _url in trail]:
        return [trail[0], (door, None), *trail[1:]]
    return trail


def _trail(context: Context) -> list[Crumb]:
    crumbs = context.get("crumbs")
    if crumbs is not None:
        return [*crumbs, (context.get("title", ""), None)]
    opts = context.get("opts")
    if opts is None:
        return [(context.get("title", ""), None)]
    listed = resolve([f"admin:{opts.app_label}_{opts.model_name}_changelist"])
    group = group_of(listed) or opts.app_config.verbose_name
    own = context.get("list_words")
    title = title_of(listed) or (own.title if own else words.capitalised(opts.verbose_name_plural))
    if context.get("cl"):
        return [(group, None), (title, None)]
    if context.get("is_single"):  # the form stands in place of a list of one
        return [(group, None), (context.get("title", ""), None)]
    row = context.get("original") or context.get("object")
    trail: list[Crumb] = [(group, None), (title, listed or None)]
    said = context.get("title", "")
    if row and said != str(row):  # a page about one of them, such as the question of a deletion
        name = f"admin:{opts.app_label}_{opts.model_name}_change"
        trail.append((str(row), resolve([name], row.pk) or None))
    return [*trail, (said, None)]


@register.filter
def undo(message: Any) -> dict[str, Any]:
    """The Undo of a message that `pages.toast` made, or {}."""
    return undo_of(message)


class WhyNode(template.Node):
    """`{% why %}...{% endwhy %}`."""

    def __init__(self, nodelist: NodeList, label: FilterExpression | None) -> None:
        self.nodelist = nodelist
        self.label = label

    def render(self, context: Context) -> SafeString:
        """A `<details>`: works without script."""
        label = self.label.resolve(context) if self.label else _("why?")
        return format_html(
            '<details class="r-why"><summary>{}</summary><div>{}</div></details>',
            label,
            self.nodelist.render(context),
        )


@register.tag
def why(parser: Parser, token: Token) -> WhyNode:
    """The reason, one press away, in place; an argument replaces the word "why?"."""
    parts = token.split_contents()
    label = parser.compile_filter(parts[1]) if len(parts) > 1 else None
    nodelist = parser.parse(("endwhy",))
    parser.delete_first_token()
    return WhyNode(nodelist, label)


class RowNode(template.Node):
    """`{% row %}...{% endrow %}`."""

    def __init__(self, nodelist: NodeList, value: FilterExpression, tag: str) -> None:
        self.nodelist, self.value, self.tag = nodelist, value, tag

    def render(self, context: Context) -> SafeString:
        """The row, or in its place that it cannot be shown."""
        row = self.value.resolve(context)
        if isinstance(row, rows.Unshown):
            return rows.in_place_of(row, self.tag)
        try:
            return self.nodelist.render(context)
        except Exception as error:
            return rows.in_place_of(rows.unshown(error), self.tag)


@register.tag
def row(parser: Parser, token: Token) -> RowNode:
    """`{% row thing "tr" %}`: around what one row of a list draws; `tr`, `li` or `div`."""
    parts = token.split_contents()
    nodelist = parser.parse(("endrow",))
    parser.delete_first_token()
    return RowNode(nodelist, parser.compile_filter(parts[1]), parts[2].strip('"'))

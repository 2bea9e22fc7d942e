"""An archive as it is handed out: JSON for machines, a page of its own for people.

Both are written a row at a time, without what is withheld. The page asks for nothing from anywhere.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from config.workspace.zones import workspace_zone
from consent.archives.files import head_of, rows_of
from consent.archives.redacting import WITHHELD, Withheld
from consent.letters.languages import letter_language
from consent.models import PersonArchive, Redaction
from consent.privacy.words import table_in_words

Row = dict[str, Any]
DEEPEST: Final = 8  # levels of a value that are drawn; deeper ones stand as JSON
_STYLE: Final = """
:root{color-scheme:light dark}*{box-sizing:border-box}
body{margin:0 auto;padding:24px 20px 64px;max-width:900px;font:16px/1.5 system-ui,sans-serif;
color:light-dark(#262d30,#dfe4e6);background:light-dark(#fff,#12171a)}
h1{font-size:28px;line-height:1.2;margin:0 0 4px}h2{font-size:20px;margin:40px 0 8px;
padding-top:16px;border-top:1px solid light-dark(#cbd1d3,#384145)}
h3{font-size:15px;margin:20px 0 4px}
p{margin:8px 0}.q{color:light-dark(#5f6a70,#98a1a5)}nav ul{columns:2;padding-inline-start:20px}
table{border-collapse:collapse;width:100%;margin:8px 0}th,td{text-align:start;vertical-align:top;
padding:6px 12px 6px 0;border-bottom:1px solid light-dark(#e1e5e6,#2a3236);overflow-wrap:anywhere}
th{font-weight:600}article{margin:10px 0;padding:10px 14px;border:1px solid
light-dark(#e1e5e6,#2a3236);border-radius:8px;break-inside:avoid}
dl{display:grid;grid-template-columns:minmax(90px,220px) 1fr;gap:2px 16px;margin:0}
dt{color:light-dark(#5f6a70,#98a1a5);overflow-wrap:anywhere}dd{margin:0;overflow-wrap:anywhere;
min-width:0;unicode-bidi:isolate}
dl dl{grid-template-columns:minmax(60px,130px) 1fr}dl dl dl{display:block;padding-inline-start:8px;
border-inline-start:2px solid light-dark(#e1e5e6,#2a3236)}dd ul{margin:0;padding-inline-start:18px}
.w{font-style:italic;border:1px dashed currentColor;border-radius:4px;padding:0 6px}
@media(max-width:520px){dl{grid-template-columns:1fr}dd{margin-bottom:6px}nav ul{columns:1}}
@media print{body{max-width:none;padding:0;color:#000;background:#fff}nav{display:none}
h2{break-after:avoid}}
"""


def as_json(archive: PersonArchive) -> Iterator[bytes]:
    """One document, a row at a time. Raises FileNotFoundError before the first piece."""
    about, withheld = head_of(archive), Withheld(archive)
    yield b"{"
    for name, value in about.items():
        yield f"{json.dumps(name)}: {_json(value)},\n".encode()
    grounds = {ground: str(Redaction.Ground(ground).label) for ground in _used(archive)}
    yield f'"withheld": {_json(grounds)},\n"data": {{'.encode()
    for number, entry in enumerate(archive.tables):
        table = entry["table"]
        yield f"{',' if number else ''}\n{json.dumps(table)}: [".encode()
        for place, row in rows_of(archive, table):
            comma = "," if place else ""
            yield f"{comma}\n{_json(withheld.row(table, place, row))}".encode()
        yield b"]"
    yield b"}}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _used(archive: PersonArchive) -> list[str]:
    return sorted(set(archive.redactions.values_list("ground", flat=True)))


def as_page(archive: PersonArchive) -> Iterator[bytes]:
    """A whole HTML page in the person's language. Raises FileNotFoundError before the first piece.

    The language is set for each piece alone: whoever reads the pieces does other things between.
    """
    about, withheld = head_of(archive), Withheld(archive)
    language = letter_language(archive.request.language)

    def said(write: Callable[[], str]) -> bytes:
        with translation.override(language), timezone.override(workspace_zone()):
            return write().encode()

    yield said(lambda: _opening(archive, about, language))
    for entry in archive.tables:
        table, rows = entry["table"], entry["rows"]
        yield said(lambda table=table, rows=rows: _table_head(table, rows, about))  # type: ignore[misc]
        for place, row in rows_of(archive, table):
            shown = withheld.row(table, place, row)
            yield said(lambda shown=shown: _row(shown))  # type: ignore[misc]
    yield b"</main></body></html>\n"


def _opening(archive: PersonArchive, about: Row, language: str) -> str:
    made = archive.made_at or timezone.now()
    title = _("What %(who)s holds of you") % {"who": about["controller"]}
    parts = [
        format_html(
            '<!doctype html><html lang="{}" dir="{}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="robots" content="noindex"><title>{}</title><style>{}</style></head>'
            '<body><main><h1>{}</h1><p class="q">{}</p>',
            language,
            "rtl" if get_language_info(language)["bidi"] else "ltr",
            title,
            mark_safe(_STYLE),  # noqa: S308 - ours
            title,
            _("As of %(day)s. The number of your request: %(n)s")
            % {"day": _moment(made), "n": about["request"]},
        ),
        _contents(archive),
        _known_by(about),
        _purposes(about),
        _recipients(about),
        _origin(about),
        _retention(about),
        _logic(about),
        _withheld_part(archive),
        _cut(about),
    ]
    return "\n".join(str(part) for part in parts)


def _contents(archive: PersonArchive) -> SafeString:
    rows = ((one["table"], table_in_words(one["table"]), one["rows"]) for one in archive.tables)
    items = format_html_join("", '<li><a href="#t-{}">{}</a> ({})</li>', rows)
    return format_html("<nav><h3>{}</h3><ul>{}</ul></nav>", _("What is in it"), items)


def _section(title: str, lead: str, body: SafeString | str) -> SafeString:
    return format_html('<h2>{}</h2><p class="q">{}</p>{}', title, lead, body)


def _table(heads: list[str], rows: list[tuple[Any, ...]]) -> SafeString:
    head = format_html_join("", '<th scope="col">{}</th>', ((one,) for one in heads))
    lines = (
        (format_html_join("", "<td><bdi>{}</bdi></td>", ((cell,) for cell in row)),) for row in rows
    )
    body = format_html_join("\n", "<tr>{}</tr>", lines)
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)


def _known_by(about: Row) -> SafeString:
    rows = [(one["kind"], one["value"]) for one in about["identifiers"]]
    lead = _("These are the identifiers under which we keep what follows.")
    return _section(_("By what we know you"), lead, _table([_("Kind"), _("Value")], rows))


def _purposes(about: Row) -> SafeString:
    rows = [(one["name"], one["description"]) for one in about["purposes"]]
    lead = _("What your data may be used for; what you permitted stands under permissions.")
    return _section(_("What it is for"), lead, _table([_("Purpose"), _("What it means")], rows))


def _recipients(about: Row) -> SafeString:
    lead = _("Messages to you were handed to whoever delivers them on these channels:")
    named = ", ".join(about["recipients"]) or _("none so far")
    return _section(_("Who got it"), lead, format_html("<p>{}</p>", named))


def _origin(about: Row) -> SafeString:
    rows = [(one["id"], one["name"], one["kind"]) for one in about["sources"]]
    lead = _("Each row says by the number of its source where it came from.")
    heads = [_("Number"), _("Source"), _("Kind")]
    return _section(_("Where it came from"), lead, _table(heads, rows))


def _retention(about: Row) -> SafeString:
    rows = [(table_in_words(table), why) for table, why in about["retention"].items()]
    lead = _("Why the rows of each table stay, or until when.")
    return _section(_("How long we keep it"), lead, _table([_("What"), _("How long")], rows))


def _logic(about: Row) -> SafeString:
    rows = [(one["name"], one["because"]) for one in about.get("logic", [])]
    rows += [
        (f"{one['model']}: {one['value']}", _json(one["because"]))
        for one in about["automated_decisions"]
    ]
    lead = _("Groups that a rule puts you in, and scores that a machine computes, with the reason.")
    body = _table([_("What"), _("Why")], rows) if rows else format_html("<p>{}</p>", _("None."))
    return _section(_("What machines decide"), lead, body)


def _withheld_part(archive: PersonArchive) -> SafeString | str:
    grounds = [str(Redaction.Ground(one).label) for one in _used(archive)]
    if not grounds:
        return ""
    items = format_html_join("", "<li>{}</li>", ((one,) for one in grounds))
    lead = _("Marked places are left out, on these grounds:")
    return _section(_("What is withheld"), lead, format_html("<ul>{}</ul>", items))


def _cut(about: Row) -> SafeString | str:
    if not about["not_in_full"]:
        return ""
    named = ", ".join(table_in_words(one) for one in about["not_in_full"])
    return format_html("<p><b>{}</b> {}</p>", _("Not in full, for its size:"), named)


def _table_head(table: str, rows: int, about: Row) -> str:
    return str(
        format_html(
            '<h2 id="t-{}">{} ({})</h2><p class="q">{}</p>',
            table,
            table_in_words(table),
            rows,
            about["retention"].get(table, ""),
        )
    )


def _row(row: Row) -> str:
    if set(row) == {WITHHELD}:
        return str(format_html("<article>{}</article>", _mark(row[WITHHELD])))
    return str(format_html("<article>{}</article>", _pairs(row, 0)))


def _pairs(row: Row, depth: int) -> SafeString:
    pairs = ((field_in_words(name), _value(value, depth)) for name, value in row.items())
    return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", pairs))


def _value(value: Any, depth: int) -> SafeString | str:
    if isinstance(value, dict) and set(value) == {WITHHELD}:
        return _mark(value[WITHHELD])
    if depth >= DEEPEST and isinstance(value, dict | list):
        return str(escape(_json(value)))
    if isinstance(value, dict):
        return _pairs(value, depth + 1) if value else "–"
    if isinstance(value, list):
        items = ((_value(one, depth + 1),) for one in value)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", items))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _moment_or_text(str(value))


def value_in_words(value: Any, most: int = 3_000) -> SafeString | str:
    """A value for a screen; a very large one as the beginning of its JSON."""
    text = _json(value)
    return f"{text[:most]}…" if len(text) > most else _value(value, 0)


def _mark(ground: Any) -> SafeString:
    label = Redaction.Ground(ground).label if ground in Redaction.Ground else ground
    return format_html('<span class="w">{}</span>', _("withheld: %(why)s") % {"why": label})


def _moment_or_text(text: str) -> str:
    """A moment as the database writes it, in words; anything else as it is."""
    if len(text) < 19 or text[4:5] != "-" or text[10:11] != "T":  # noqa: PLR2004 - "2026-11-27T..."
        return text
    try:
        found = parse_datetime(text)
    except ValueError:
        return text
    return _moment(found) if found is not None and found.tzinfo is not None else text


def _moment(value: Any) -> str:
    return date_format(timezone.localtime(value), "DATETIME_FORMAT")


def field_in_words(name: str) -> str:
    """`occurred_at` as "occurred at"; a name of somebody's own stays as it is."""
    return name.replace("_", " ") if name.isascii() and name.islower() else name

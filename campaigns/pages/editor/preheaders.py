"""The preheader of a mail: a field of its own in the editor, a part of the source in the mail.

An inbox shows the first words of a mail beside its subject. MJML has a tag for them, HTML a hidden
block; the source is shown without what the field put there, so that each is changed in one place.
"""

import re
from html import escape, unescape

_LIQUID = re.compile(r"({{.*?}}|{%.*?%})", re.DOTALL)
# none of these may try again from each place of a long run: they read what anybody may save
_HEAD = re.compile(r"<mj-head\b[^<>]*+>", re.IGNORECASE)
_MJML = re.compile(r"<mjml\b[^<>]*+>", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^<>]*+>", re.IGNORECASE)
_PREVIEW = re.compile(r"<mj-preview\b[^<>]*+>", re.IGNORECASE)
_PREVIEW_END = re.compile(r"</mj-preview>", re.IGNORECASE)
_EMPTY_HEAD = re.compile(r"(?<![ \t])[ \t]*+<mj-head>\s*+</mj-head>[ \t]*+\n?", re.IGNORECASE)
_HIDDEN = re.compile(r"<div data-preheader style=\"[^\"<>]*+\">")
_HIDDEN_END = re.compile(r"</div>")
_STYLE = "display:none;max-height:0;overflow:hidden;mso-hide:all"


def with_preheader(source: str, words: str, *, is_mjml: bool) -> str:
    """`source` with these words as its preheader, in place of those that it has.

    Without words, and where there is no place for them, the source stays as it is.
    """
    words = " ".join(words.split())
    if not words or not source.strip():
        return source
    plain, _words = without_preheader(source, is_mjml=is_mjml)
    return _in_mjml(plain, _escaped(words)) if is_mjml else _in_html(plain, _escaped(words))


def without_preheader(source: str, *, is_mjml: bool) -> tuple[str, str]:
    """The source without its preheader, and the words of it."""
    opening, closing = (_PREVIEW, _PREVIEW_END) if is_mjml else (_HIDDEN, _HIDDEN_END)
    begin = opening.search(source)
    # where the first has no end, none has
    end = closing.search(source, begin.end()) if begin else None
    if begin is None or end is None:
        return source, ""
    before, after = source[: begin.start()], source[end.end() :]
    words = " ".join(unescape(source[begin.end() : end.start()]).split())
    if not is_mjml:
        return before + after.removeprefix("\n"), words
    rest = before.rstrip(" \t") + after.lstrip(" \t").removeprefix("\n")
    return _EMPTY_HEAD.sub("", rest), words


def _escaped(words: str) -> str:
    """Safe in mark-up; Liquid stays as it is."""
    parts = _LIQUID.split(words)
    return "".join(
        part if index % 2 else escape(part, quote=False) for index, part in enumerate(parts)
    )


def _in_mjml(source: str, words: str) -> str:
    preview = f"    <mj-preview>{words}</mj-preview>\n"
    head = _HEAD.search(source)
    if head and not head[0].endswith("/>"):
        return f"{source[: head.end()]}\n{preview}{source[head.end() :].removeprefix(chr(10))}"
    root = _MJML.search(source)
    if root is None:
        return source
    made = f"\n  <mj-head>\n{preview}  </mj-head>\n"
    return f"{source[: root.end()]}{made}{source[root.end() :].removeprefix(chr(10))}"


def _in_html(source: str, words: str) -> str:
    hidden = f'<div data-preheader style="{_STYLE}">{words}</div>\n'
    body = _BODY.search(source)
    at = body.end() if body else 0
    return source[:at] + hidden + source[at:]

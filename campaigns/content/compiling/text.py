"""The plain text of an HTML mail, with its Liquid kept: made once at save, not once a person."""

import re

from campaigns.content.compiling.html import PreparedHtml
from campaigns.content.markup import MarkupReader
from campaigns.content.masks import Masked, mask


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARAGRAPHS = _names("p h1 h2 h3 h4 h5 h6 table ul ol blockquote pre hr")
_LINES = _names("div tr li section article header footer center dt dd body")
_UNSEEN = _names("script style head title template noscript svg")
_VOID = _names("area base br col embed hr img input link meta source track wbr")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_MARKUP_FILTERS = re.compile(r"\s*\|\s*(?:escape|escape_once|newline_to_br)\b")
# How the maker marks line ends: boxes within boxes end many lines at once, and one is meant.
_LINE, _PARAGRAPH, _BREAK = "\x01", "\x02", "\x03"
# Where an address or the words of a picture end: a blank, but before what closes a sentence
_APART = "\x04"
_APARTS = re.compile(
    rf" *{_APART}[{_APART} ]*(?P<end>$|(?=[\x01-\x03.,;:!?)\]\u2019\u201d\u00bb\u2026]))?"
)
_AROUND = f"{_LINE}{_PARAGRAPH}{_BREAK}{_APART} "  # the words of a link, and none of them
_MARKS = re.compile(r" ?[\x01-\x03][\x01-\x03 ]*")
_SPACE = re.compile(r"[\s\x00-\x1f]+")
_MANY_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")
_PREHEADER = 200  # characters, Liquid pieces counted as their tokens


class _TextMaker(MarkupReader):
    """Collects what is seen, with marks where lines and paragraphs end."""

    def __init__(self, token: re.Pattern[str], spans: dict[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self._token = token
        self.out: list[str] = []
        self.hidden_text: list[str] = []
        self._spans = spans
        self._hidden: list[str] = []  # the open tags from the one that hides on
        self._anchors: list[tuple[str, int]] = []  # address, and where its words begin in `out`

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a line, a link, or something unseen."""
        values = {self._token.sub("", name): value or "" for name, value in attrs}
        if self._hidden or tag in _UNSEEN or _HIDING.search(values.get("style", "")):
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        self._break(tag)
        if tag == "li":
            self.out.append("- ")
        elif tag == "img":
            self._say(_words(values.get("alt", "")))
        elif tag == "area":
            self._anchors.append((values.get("href", ""), len(self.out)))
            self.out.append(_words(values.get("alt", "")))
            self._close_link(*self._anchors.pop())
        elif tag == "a":
            self._anchors.append((values.get("href", ""), len(self.out)))

    def handle_endtag(self, tag: str) -> None:
        """Close the same."""
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag == "a" and self._anchors:
            self._close_link(*self._anchors.pop())
        elif tag in ("td", "th"):
            self.out.append(" ")
        self._break(tag)

    def handle_data(self, data: str) -> None:
        """Words, with the white space that a browser would show."""
        target = self.hidden_text if self._hidden else self.out
        if not self._hidden or self._hidden[0] not in _UNSEEN:
            target.append(_SPACE.sub(" ", data))

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.out.append(_PARAGRAPH)
        elif tag in _LINES:
            self.out.append(_LINE)
        elif tag == "br":
            self.out.append(_BREAK)

    def _say(self, words: str) -> None:
        """Apart from what stands beside it, as the eye has it."""
        if words:
            self.out += _APART, words, _APART

    def _close_link(self, address: str, start: int) -> None:
        shown = self._spans.get(address, address)
        if not shown or shown.startswith("#"):
            return
        before, words, after = _parts("".join(self.out[start:]))
        same = words.rstrip("/") == address.rstrip("/")
        said = shown if same or not words else f"{words}: {shown}"
        self.out[start:] = [before, said, _APART, after]


def _words(text: str) -> str:
    """Of an attribute, on one line."""
    return _SPACE.sub(" ", text).strip()


def _parts(text: str) -> tuple[str, str, str]:
    """The marks before the words of a link, the words, and the marks after them."""
    begun = text.lstrip(_AROUND)
    words = begun.rstrip(_AROUND)
    return text[: len(text) - len(begun)], words, begun[len(words) :]


def from_html(source: str, prepared: PreparedHtml) -> str:
    """The plain text of `source`; its links are the same numbers as in `prepared`.

    Raises ContentError where the Liquid is not closed.
    """
    masked = mask(source)
    maker = _feed(masked, prepared.spans)
    joined = re.sub(" +", " ", _apart("".join(maker.out)))
    text = _MARKS.sub(_line_ends, joined).strip() + "\n"
    return masked.token_pattern.sub(
        lambda match: _MARKUP_FILTERS.sub("", masked.originals[int(match[1])]), text
    )


def _apart(text: str) -> str:
    return _APARTS.sub(lambda found: " " if found["end"] is None else "", text)


def _line_ends(marks: re.Match[str]) -> str:
    """One line end for a run of marks, two where a paragraph ends or a line was left empty."""
    return "\n\n" if _PARAGRAPH in marks[0] or marks[0].count(_BREAK) > 1 else "\n"


def _feed(masked: Masked, spans: dict[str, str]) -> _TextMaker:
    maker = _TextMaker(masked.token_pattern, spans)
    maker.read(masked.text)
    return maker


def preheader(source: str) -> str:
    """What an inbox shows beside the subject: the hidden text of the body, else its first words.

    Liquid is kept; some 200 characters at most. Raises ContentError as `from_html` does.
    """
    masked = mask(source)
    maker = _feed(masked, {})
    hidden = " ".join("".join(maker.hidden_text).split())
    words = hidden or " ".join(_MARKS.sub(" ", _apart("".join(maker.out))).split())
    if len(words) > _PREHEADER:
        words = words[:_PREHEADER].rsplit(" ", 1)[0]  # at a blank, so that no token is cut
    return masked.unmask(words)


def tidy(text: str) -> str:
    """At most one blank line in a row, as a person's empty blocks may leave more."""
    return _MANY_BLANK_LINES.sub("\n\n", text)

"""Prepare an e-mail's HTML once, at save: links, pixel, footer, plain text. Nothing is stripped.

The source is never rewritten by a serialiser, which would change what the marketer tested in
forty mail programs; single spans are replaced in it, everything else stays byte for byte.
"""

import html
import re
from contextlib import suppress
from dataclasses import dataclass, field

from campaigns.content.errors import ContentError, ContentProblem
from campaigns.content.markup import MarkupReader, excess, without_comments
from campaigns.content.masks import Masked, mask
from campaigns.content.templates import liquid
from campaigns.content.templates.nodes import END_HREF, HREF, LINK, PIXEL

OWN_LINKS = ("unsubscribe_url", "preferences_url", "why_url", "view_url", "view_in_browser_url")
_OWN_LINK = re.compile(rf"\{{\{{-?\s*(?:{'|'.join(OWN_LINKS)})\s*-?\}}\}}")
# possessive (++), or a long name without a value would be tried from each of its letters
_ATTRIBUTE = re.compile(r"""(?<![^\s=>"'/])([^\s=>"'/]++)\s*+=\s*+("[^"]*"|'[^']*'|[^\s>]+)""")
_WEB = ("http://", "https://")
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)

FOOTER_STYLE = "padding:24px 16px;font:12px/18px Arial,sans-serif;color:#5c5c5c;text-align:center"
_ADDRESS = "{{ postal_address | newline_to_br }}"
_LEAVE = '<a href="{{ unsubscribe_url }}">{{ unsubscribe_label | default: "Unsubscribe" }}</a>'
_WHY = '<a href="{{ why_url }}">{{ why_label | default: "Why did I get this?" }}</a>'
_CHOOSE = '<a href="{{ preferences_url }}">{{ preferences_label | default: "Preferences" }}</a>'


@dataclass(slots=True)
class PreparedHtml:
    """`html` is Liquid with our link tags; `links[n]` is what link n says in the source."""

    html: str
    links: list[str] = field(default_factory=list)
    problems: list[ContentProblem] = field(default_factory=list)
    spans: dict[str, str] = field(
        default_factory=dict
    )  # masked, unescaped href -> what replaced it


@dataclass(frozen=True, slots=True)
class _Anchor:
    offset: int  # where its start tag begins, in the masked text
    tag: str  # the start tag as written
    is_outlooks: bool = False  # in a comment that Outlook alone reads


# what Outlook reads of a comment: `<!--[if mso]>` and the like, up to `<![endif]-->`
_OUTLOOKS = re.compile(r"\s*\[if\b[^\]]*\]>(.*)<!\[endif\]\s*", re.DOTALL | re.IGNORECASE)
_LINKS = ("a", "area")  # and shapes of VML, which Outlook draws buttons with
_VML = "v:"


class _Finder(MarkupReader):
    """Where the links begin. A parser, not a pattern: scripts hold no links, and of comments only
    those that Outlook reads.
    """

    def __init__(self, text: str, offset: int | None = None) -> None:
        super().__init__()
        self.anchors: list[_Anchor] = []
        self._offset = offset  # of `text`, where it is what Outlook reads of a comment
        self.read(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember links that may be tracked."""
        if (tag in _LINKS or tag.startswith(_VML)) and "data-untracked" not in dict(attrs):
            at, text = self.here + (self._offset or 0), self.get_starttag_text() or ""
            self.anchors.append(_Anchor(at, text, self._offset is not None))

    def handle_comment(self, data: str) -> None:
        """Outlook follows the links in its comments as anybody follows theirs."""
        found = _OUTLOOKS.fullmatch(data)
        if found is None or self._offset is not None:
            return
        with suppress(ContentError):  # what is no mark-up has no links
            inner = _Finder(found[1], self.here + len("<!--") + found.start(1))
            self.anchors += inner.anchors


def prepare(source: str, *, pixel: bool) -> PreparedHtml:
    """Replace the web links of `source` by link tags and place the pixel. Raises ContentError."""
    masked = mask(source)
    if too_much := excess(masked.text):
        raise ContentError(too_much[0], *masked.position(too_much[1]))
    prepared = PreparedHtml("")
    out: list[str] = []
    last = 0
    for anchor in _Finder(masked.text).anchors:
        for start, end in _hrefs(anchor, masked.token_pattern):
            is_seen = not anchor.is_outlooks
            out += masked.text[last:start], _replacement(masked, start, end, prepared, is_seen)
            last = end
    text = masked.unmask("".join((*out, masked.text[last:])))
    prepared.html = before_body_end(text, f"{{% {PIXEL} %}}") if pixel else text
    return prepared


def _hrefs(anchor: _Anchor, token: re.Pattern[str]) -> list[tuple[int, int]]:
    """The spans of the href values, quotes included; two where Liquid chooses between them."""
    return [
        (anchor.offset + match.start(2), anchor.offset + match.end(2))
        for match in _ATTRIBUTE.finditer(anchor.tag)
        if token.sub("", match[1]).lower() == "href"  # a token may touch the name
    ]


def _replacement(
    masked: Masked, start: int, end: int, prepared: PreparedHtml, is_seen: bool
) -> str:
    written = masked.text[start:end]
    value = written[1:-1] if written[0] in "\"'" else written
    tag = _link_tag(masked, value.strip(), start, prepared)
    if tag is None:
        return written
    if is_seen:  # the plain text has what everybody sees
        prepared.spans[html.unescape(value)] = _text_tag(masked, value.strip(), tag)
    return f'"{tag}"'


def _text_tag(masked: Masked, value: str, tag: str) -> str:
    """The same in plain text, where `&amp;` would be five characters of the address."""
    source, plain = masked.unmask(value), masked.unmask(html.unescape(value))
    return tag.replace(source, plain) if source != value else tag


def _link_tag(masked: Masked, value: str, start: int, prepared: PreparedHtml) -> str | None:
    """The tag that stands for this address, or None where it is none to track."""
    source = masked.unmask(value)
    number = len(prepared.links)
    if source == value:
        url = html.unescape(source)
        tag = f"{{% {LINK} {number} %}}" if url.lower().startswith(_WEB) else None
    else:
        url, tag = source, _dynamic_tag(masked, value, source, number)
        if tag and not _whole(tag):
            line, column = masked.position(start)
            message = "a link whose Liquid begins or ends outside of it is not tracked"
            prepared.problems.append(ContentProblem(message, line, column))
            return None
    if tag:
        prepared.links.append(url)
    return tag


def _dynamic_tag(masked: Masked, value: str, source: str, number: int) -> str | None:
    leads = value.lower().startswith(_WEB) or masked.token_pattern.match(value)
    if not leads or _OWN_LINK.fullmatch(source):
        return None
    return f"{{% {HREF} {number} %}}{source}{{% {END_HREF} %}}"


def _whole(tag: str) -> bool:
    try:
        liquid.parse(tag)
    except ContentError:
        return False
    return True


def before_body_end(source: str, addition: str) -> str:
    """`source` with `addition` before its last `</body>`, or at its end."""
    ends = list(_BODY_END.finditer(source))
    at = ends[-1].start() if ends else len(source)
    return source[:at] + addition + source[at:]


def _mentions(source: str, name: str) -> bool:
    return bool(re.search(rf"\{{\{{-?\s*{name}\b", without_comments(source)))


def has_unsubscribe(source: str) -> bool:
    """Does `source` (HTML, MJML or text) write out the unsubscribe link, outside of comments?"""
    return _mentions(source, "unsubscribe_url")


def has_postal_address(source: str) -> bool:
    """Does `source` write out the sender's postal address, outside of comments?"""
    return _mentions(source, "postal_address")


def add_footer(source: str) -> str:
    """`source` with what a marketing mail must show and this one lacks, before `</body>`.

    A postal address and a visible way out. Source: CAN-SPAM Act, 15 U.S.C. 7704(a)(3) and (5).
    """
    lines = [] if has_postal_address(source) else [_ADDRESS]
    if not has_unsubscribe(source):
        lines.append(f"{_LEAVE} &middot; {_CHOOSE} &middot; {_WHY}")
    if not lines:
        return source
    footer = f'<div style="{FOOTER_STYLE}">{"<br>".join(lines)}</div>'
    return before_body_end(source, footer)


def add_text_footer(source: str) -> str:
    """The same for the plain text part."""
    lines = [] if has_postal_address(source) else ["{{ postal_address }}"]
    if not has_unsubscribe(source):
        label = '{{ unsubscribe_label | default: "Unsubscribe" }}'
        lines.append(f"{label}: {{{{ unsubscribe_url }}}}")
    return "\n".join([source.rstrip(), "", "-- ", *lines, ""]) if lines else source

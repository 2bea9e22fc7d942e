"""Reading mark-up without surprises: the standard parser is lenient, but not with everything.

On a comment or tag that is never closed it starts again at each `<`, which takes minutes for
64 KB, and what it makes of `<![x` depends on Python's version: an assertion or a comment.
"""

import re
from collections import Counter
from html.parser import HTMLParser

from campaigns.content.errors import ContentError, position

_OPEN_TAG = re.compile(r"<[a-zA-Z/!?]")
# comments, to step over them, or `<![` that begins neither what Outlook reads nor CDATA
_MARKED = re.compile(r"<!--.*?-->|(<!\[(?!(?:if|else|endif)\b|cdata\[))", re.DOTALL | re.IGNORECASE)


def check_shape(text: str) -> None:
    """Raise ContentError for what is never closed, or is no mark-up of any version. Linear."""
    end = 0
    while (start := text.find("<!--", end)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            raise ContentError("a comment is never closed", *position(text, start))
    last = text.rfind(">")
    if match := _OPEN_TAG.search(text, last + 1):
        raise ContentError("a tag is never closed", *position(text, match.start()))
    if unknown := next((found for found in _MARKED.finditer(text) if found[1]), None):
        raise ContentError("no mark-up begins with <![ here", *position(text, unknown.start()))


def without_comments(text: str) -> str:
    """`text` without its comments, also those never closed. Linear, as a pattern is not."""
    first, *rest = text.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in rest)


MAX_NESTING = 100  # elements in each other; mail programs give up long before
MAX_ELEMENTS = 20_000
_ELEMENT = re.compile(r"<!--.*?-->|<(/?)([a-zA-Z][^\s/>]*)([^>]*)>", re.DOTALL)
_EMPTY = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"]
)
# HTML lets them end without an end tag, so that many of them say nothing of depth
_MAY_STAY_OPEN = frozenset(["p", "li", "td", "th", "tr", "dd", "dt", "option"])


def excess(text: str, *, all_are_closed: bool = False) -> tuple[str, int] | None:
    """What is too much in `text`, in words, and at which offset: nesting or elements. Linear.

    With `all_are_closed` (XML, as MJML is) each element counts; in HTML those do not that may stay
    open. Parsers that call themselves for each level overflow their stack, which ends the process.
    Raises ContentError as `check_shape` does.
    """
    check_shape(text)
    flat = _EMPTY if all_are_closed else _EMPTY | _MAY_STAY_OPEN
    inside: list[str] = []
    times: Counter[str] = Counter()  # how often a name is in `inside`
    count = 0
    for found in _ELEMENT.finditer(text):
        closing, name, rest = found[1], (found[2] or "").lower(), found[3]
        if closing:
            while times[name]:
                times[inside[-1]] -= 1
                if inside.pop() == name:
                    break
            continue
        count += bool(name)
        if count > MAX_ELEMENTS:
            return f"more than {MAX_ELEMENTS:,} elements", found.start()
        if not name or name in flat or rest.endswith("/"):
            continue
        inside.append(name)
        times[name] += 1
        if len(inside) > MAX_NESTING:
            return f"more than {MAX_NESTING} elements within each other", found.start()
    return None


class MarkupReader(HTMLParser):
    """A parser to subclass; knows the offset of where it is."""

    def __init__(self, *, convert_charrefs: bool = False) -> None:
        super().__init__(convert_charrefs=convert_charrefs)
        self._lines = [0]

    def read(self, text: str) -> None:
        """Parse all of `text`. Raises ContentError where it cannot be read."""
        if too_much := excess(text):
            raise ContentError(too_much[0], *position(text, too_much[1]))
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        try:
            self.feed(text)
            self.close()
        except AssertionError as error:
            raise ContentError(f"no mark-up: {error}", *position(text, self.here)) from error

    @property
    def here(self) -> int:
        """Where in the text the current tag or data begins."""
        line, column = self.getpos()
        return self._lines[line - 1] + column

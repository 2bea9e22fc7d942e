"""MJML to HTML, once at save. The HTML still holds its Liquid; `render` fills it for each person.

The compiler is strict XML and silent: it fails on `{% if a < b %}`, and drops unknown tags,
unknown attributes and text between sections without a word. So Liquid travels as tokens, tags
are checked by us, and a token that did not arrive is a problem.
"""

import re
from difflib import get_close_matches

from mjml import mjml2html

from campaigns.content.compiling.mjml_words import ATTRIBUTES, CONTAINERS, ENDINGS, EVERY_ATTRIBUTE
from campaigns.content.errors import ContentError, ContentProblem, Severity
from campaigns.content.markup import MarkupReader, excess
from campaigns.content.masks import Masked, mask

_MAX_DEPTH = 50
_MAX_PROBLEMS = 100
_PLACE = re.compile(r"at position (\d+):")


def compile_mjml(
    source: str, *, social_icon_origin: str | None = None
) -> tuple[str, list[ContentProblem]]:
    """HTML and what was found; the HTML is '' where a problem is an error.

    No font and no include is ever fetched: web fonts are only what the source names by mj-font.
    Raises ContentError where Liquid is not closed.
    """
    masked = mask(source.replace("\r\n", "\n").replace("\r", "\n"))  # CR LF trips the compiler
    try:
        if too_much := excess(masked.text, all_are_closed=True):
            place = masked.position(too_much[1])
            return "", [ContentProblem(f"MJML: {too_much[0]}", *place, severity="error")]
        problems = _Checker(masked).problems
    except ContentError as error:
        return "", [ContentProblem(error.message, severity="error")]
    if any(problem.severity == "error" for problem in problems):
        return "", problems
    try:
        html = mjml2html(masked.text, fonts={}, social_icon_origin=social_icon_origin)
    except Exception as error:  # the compiler raises ValueError, and a PanicException once seen
        return "", [*problems, _failure(masked, error)]
    return masked.unmask(html), [*problems, *_lost(masked, html, problems)][:_MAX_PROBLEMS]


def _failure(masked: Masked, error: Exception) -> ContentProblem:
    message = str(error).replace(" in root template", "")
    place = _PLACE.search(message)
    message = _PLACE.split(message)[0].strip()
    if place is None:
        return ContentProblem(f"MJML: {message}", severity="error")
    offset = len(masked.text.encode()[: int(place[1])].decode(errors="ignore"))
    return ContentProblem(f"MJML: {message}", *masked.position(offset), severity="error")


def _lost(masked: Masked, html: str, known: list[ContentProblem]) -> list[ContentProblem]:
    """Liquid that the compiler dropped, unless a problem names its line already."""
    arrived = {int(match[1]) for match in masked.token_pattern.finditer(html)}
    told = {problem.line for problem in known}
    found = []
    for match in masked.token_pattern.finditer(masked.text):
        number, place = int(match[1]), masked.position(match.start())
        silent = masked.names[number] in ("comment", "doc", "#")
        if number not in arrived and not silent and place[0] not in told:
            shown = " ".join(masked.originals[number].split())[:60]
            found.append(ContentProblem(f"{shown} is lost here: MJML has no place for it", *place))
    return found


class _Checker(MarkupReader):
    """Reads the source for what the compiler would not tell. Lenient: the compiler is strict."""

    def __init__(self, masked: Masked) -> None:
        super().__init__()
        self.problems: list[ContentProblem] = []
        self._masked = masked
        self._open: list[str] = []  # MJML's own; no deeper than _MAX_DEPTH
        self._ending = ""  # the open tag whose content is not MJML
        self.read(masked.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check an opening tag."""
        self._check(tag, attrs)
        if self._ending:
            return
        if tag in ENDINGS and "mj-attributes" not in self._open:
            self._ending = tag
        elif len(self._open) < _MAX_DEPTH:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check a tag that closes itself."""
        self._check(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close down to this tag, if it is open."""
        if self._ending:
            self._ending = "" if tag == self._ending else self._ending
        elif tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Liquid and words between layout tags have no place there."""
        layout = not self._ending and self._open and self._open[-1] in CONTAINERS
        if not layout or not data.strip():
            return
        what, where = "text", "mj-text"
        if self._masked.token_pattern.search(data):
            what, where = "Liquid", "mj-raw"
        skipped = len(data) - len(data.lstrip())
        self._tell(f"{what} directly in {self._open[-1]}: put it into <{where}>", ahead=skipped)

    def _check(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self.problems) >= _MAX_PROBLEMS and tag != "mj-include":
            return  # the hints are dear
        if self._ending:
            if tag in ATTRIBUTES:
                self._tell(f"<{tag}> inside <{self._ending}> stays as it is: it is not compiled")
            return
        if tag == "mj-include":
            self._tell("mj-include is refused: paste the part in", severity="error")
        elif "mj-attributes" in self._open:
            self._check_attributes(tag, attrs, ATTRIBUTES.get(tag, EVERY_ATTRIBUTE))
        elif tag in ATTRIBUTES:
            self._check_attributes(tag, attrs, ATTRIBUTES[tag])
        elif "mj-html-attributes" not in self._open:
            self._tell(f"unknown tag <{tag}>{_hint(tag, ATTRIBUTES)}: it and its content are lost")

    def _check_attributes(
        self, tag: str, attrs: list[tuple[str, str | None]], known: frozenset[str]
    ) -> None:
        for name, _ in attrs:
            if self._masked.token_pattern.search(name):
                self._tell(f"Liquid between the attributes of <{tag}> is lost: put it into a value")
            elif name not in known:
                self._tell(f"unknown attribute {name} of <{tag}>{_hint(name, known)}")

    def _tell(self, message: str, *, severity: Severity = "warning", ahead: int = 0) -> None:
        known = any(problem.severity == "error" for problem in self.problems[_MAX_PROBLEMS - 1 :])
        if len(self.problems) >= _MAX_PROBLEMS and (severity != "error" or known):
            return
        place = self._masked.position(self.here + ahead)
        self.problems.append(ContentProblem(message, *place, severity=severity))


def _hint(name: str, known: object) -> str:
    close = get_close_matches(name, list(known), 1)  # type: ignore[call-overload]
    return f" (meant {close[0]}?)" if close else ""

"""Find the Liquid pieces of a source, and swap them for tokens that MJML and HTML leave alone.

`{% if a < b %}` is no XML and `&lt;` is no Liquid, so neither parser may see the other's text.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from campaigns.content.errors import ContentError, position

MAX_SOURCE = 256 * 1024  # characters
MAX_PIECES = 10_000
MAX_SHOWN = 60  # characters of a piece in an error
_OPEN = re.compile(r"\{[{%]")
_TAG_NAME = re.compile(r"\{%-?\s*(\w+|#)?")
_LONG_SPACE = re.compile(r"\s{500}")
_VERBATIM = ("raw", "comment", "doc")  # their content is one piece: nothing in it is looked at
_BLOCKS = frozenset(["if", "unless", "for", "case", "capture", "tablerow", "ifchanged"])


@dataclass(frozen=True, slots=True)
class Piece:
    """One `{{ }}`, `{% %}` or whole raw, comment or doc block; `name` is empty for output."""

    start: int
    end: int
    name: str


def pieces(source: str) -> list[Piece]:
    """The Liquid pieces of `source` in order, in linear time.

    Raises ContentError for what is never closed, and for sources whose size or shape would make
    the lexer's regular expressions quadratic: it must be called before the lexer.
    """
    if len(source) > MAX_SOURCE:
        raise ContentError(f"the template is longer than {MAX_SOURCE:,} characters")
    found: list[Piece] = []
    offset = 0
    while match := _OPEN.search(source, offset):
        piece = _piece(source, match.start())
        found.append(piece)
        offset = piece.end
    if len(found) > MAX_PIECES:
        raise ContentError(f"the template has more than {MAX_PIECES:,} Liquid pieces")
    return found


def piece_at(source: str, line: int, column: int) -> str:
    """The beginning of the Liquid piece at a place (both from 1); "" where none is."""
    offset = sum(map(len, source.split("\n")[: line - 1])) + line - 1 + column - 1
    found = next((one for one in pieces(source) if one.start <= offset < one.end), None)
    return " ".join(source[found.start : found.end].split())[:MAX_SHOWN] if found else ""


def _piece(source: str, start: int) -> Piece:
    closing = "}}" if source.startswith("{{", start) else "%}"
    end = source.find(closing, start + 2) + 2
    if end < 2:  # noqa: PLR2004 - find() gave -1
        raise ContentError(f"{source[start : start + 2]} is never closed", *position(source, start))
    if _LONG_SPACE.search(source, start, end):
        raise ContentError("too much white space in a Liquid piece", *position(source, start))
    name = _tag_name(source, start)
    return Piece(start, _end_of_block(source, name, start, end), name)


def _tag_name(source: str, start: int) -> str:
    match = _TAG_NAME.match(source, start)
    return (match[1] or "") if match else ""


def _end_of_block(source: str, name: str, start: int, end: int) -> int:
    if name not in _VERBATIM:
        return end
    match = re.compile(rf"\{{%-?\s*end{name}\s*-?%\}}").search(source, end)
    if match is None:
        raise ContentError(f"{{% {name} %}} is never closed", *position(source, start))
    return match.end()


def unclosed(source: str) -> int | None:
    """The offset of the innermost block that is opened and never closed."""
    is_open: list[Piece] = []
    for piece in pieces(source):
        opened = is_open[-1].name if is_open else ""
        if opened and piece.name == f"end{opened}":
            is_open.pop()
        elif piece.name in _BLOCKS:
            is_open.append(piece)
    return is_open[-1].start if is_open else None


@dataclass(slots=True)
class Masked:
    """A source whose Liquid pieces are tokens. `token_pattern` matches one, group 1 its number."""

    source: str
    text: str
    originals: list[str]
    names: list[str]
    token_pattern: re.Pattern[str]
    _starts: list[tuple[int, int]] = field(default_factory=list)

    def unmask(self, text: str) -> str:
        """Put the Liquid back into any text that was made from `text`."""
        return self.token_pattern.sub(lambda match: self.originals[int(match[1])], text)

    def token(self, number: int) -> str:
        """The token of piece `number`."""
        return _token(self._prefix, number)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column in the source of an offset in `text`."""
        at = bisect_right(self._starts, (offset, 1 << 62)) - 1
        masked, original = self._starts[at] if at >= 0 else (0, 0)
        return position(self.source, original + offset - masked)

    @property
    def _prefix(self) -> str:
        return self.token_pattern.pattern.split("(", 1)[0]


def _token(prefix: str, number: int) -> str:
    return f"{prefix}{number:05d}z"


def mask(source: str) -> Masked:
    """Swap the Liquid pieces of `source` for tokens. Raises ContentError as `pieces` does."""
    prefix = "lqpiece"
    while prefix in source:
        prefix += "x"
    masked = Masked(source, "", [], [], re.compile(prefix + r"(\d{5})z"))
    out: list[str] = []
    length = last = 0
    for number, piece in enumerate(pieces(source)):
        token = _token(prefix, number)
        out += source[last : piece.start], token
        length += piece.start - last + len(token)
        last = piece.end
        masked.originals.append(source[piece.start : piece.end])
        masked.names.append(piece.name)
        masked._starts.append((length, piece.end))
    masked.text = "".join((*out, source[last:]))
    return masked

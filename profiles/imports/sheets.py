"""CSV files: how one is written, what its columns are, and its rows.

A file is looked through as a whole before a row of it is taken: its encoding, and of what type each
column is, cannot be told from its beginning. `inspect` does that; it refuses what would lose data.
"""

import codecs
import csv
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import IO, NamedTuple

from profiles.calls import reasons
from profiles.imports.mapping import RowMapping, guess_mapping, is_code, looks_like, may_repeat

MAX_RECORD = 1_000_000  # characters of one row; a message has 32 KB
DELIMITERS = (",", ";", "\t", "|")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SAMPLE = 512  # bytes by which UTF-16 without a mark is told
csv.field_size_limit(10 * MAX_RECORD)


class BadFile(ValueError):
    """The file cannot be taken in without losing something of it; the message says what."""


class Record(NamedTuple):
    """A row: its cells, or why it cannot be read (`text` is then what stands there)."""

    number: int  # of its first line
    cells: list[str]
    reason: str = ""
    text: str = ""


@dataclass
class Sheet:
    """How a CSV file is to be read. `notes` are sentences for whoever takes it in."""

    encoding: str
    header: list[str]
    mapping: RowMapping
    notes: list[str] = field(default_factory=list)


def inspect(open_file: Callable[[], IO[bytes]], mapping: RowMapping | None) -> Sheet:
    """Look through the whole file, twice. Raises BadFile."""
    with closing(open_file()) as file:
        encoding = encoding_of(file)
    with as_text(open_file(), encoding) as text:
        try:
            return _inspect(text, encoding, mapping)
        except UnicodeDecodeError:
            raise BadFile(f"it begins as {encoding.upper()} and goes on otherwise") from None


def rows(text: TextIOWrapper) -> Iterator[Record]:
    """The rows below the header, blank ones left out."""
    found = records(text)
    next(found, None)
    return found


def as_text(file: IO[bytes], encoding: str) -> TextIOWrapper:
    """The text of a file; close it, and the file is closed.

    A byte that is none of the encoding's stays recognisable, so that only its row is refused.
    """
    errors = "strict" if encoding.startswith("utf-16") else "surrogateescape"
    return TextIOWrapper(file, encoding, errors=errors, newline="")


def encoding_of(file: IO[bytes]) -> str:
    """By its mark; else UTF-8, or Windows-1252 where nothing in the file is UTF-8 beyond ASCII."""
    start = file.read(SAMPLE)
    if start.startswith(UTF_16):
        return "utf-16"
    if 4 * start[1::2].count(0) > len(start):
        return "utf-16-le"
    if 4 * start[0::2].count(0) > len(start):
        return "utf-16-be"
    utf_8 = other = False
    rest = start + file.readline()
    while rest:
        if not rest.isascii():
            try:
                rest.decode()
                utf_8 = True
            except UnicodeDecodeError:
                other = True
        rest = file.readline()
    return "cp1252" if other and not utf_8 else "utf-8-sig"


def records(text: TextIOWrapper) -> Iterator[Record]:
    """Header and rows, numbered by lines of the file. A quote that is never closed costs one line.

    The header tells what they are parted by, or Excel's `sep=;` above it does.
    """
    lines = _Lines(text)
    head = lines.skip_blank()
    given = head.strip("\r\n")[4:5] if head.lower().startswith("sep=") else ""
    if given:
        next(lines)
        head = lines.skip_blank()
    return _records(lines, given or delimiter_of(head))


def delimiter_of(header: str) -> str:
    """What the header is parted by outside its quotes; a comma where by nothing."""
    plain = "".join(header.split('"')[::2])
    found = {mark: plain.count(mark) for mark in DELIMITERS}
    return max(found, key=lambda mark: found[mark]) if any(found.values()) else ","


def clean(name: str) -> str:
    """A header without what one does not see: blanks around it, marks, signs of no width."""
    seen = "".join(c for c in name if unicodedata.category(c) != "Cf")
    return " ".join(seen.split())


class _TooLong(Exception):
    """A row that goes on over so many lines that a quote must be missing."""


class _Lines:
    """The lines of a file; those of a row that went wrong can be given back."""

    def __init__(self, source: Iterable[str]) -> None:
        self._source, self._back = iter(source), deque[str]()
        self.number, self.held, self._size = 0, list[str](), 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._source)
        self.number += 1
        self.held.append(line)
        self._size += len(line)
        if self._size > MAX_RECORD and len(self.held) > 1:
            raise _TooLong
        return line

    def begin(self) -> int:
        """A new row; the number of its first line."""
        self.held, self._size = [], 0
        return self.number + 1

    def give_back(self) -> str:
        """All lines of this row but the first, which is returned."""
        first, *others = self.held
        self._back.extendleft(reversed(others))
        self.number -= len(others)
        return first

    def peek(self) -> str:
        """The next line, which stays."""
        if not self._back:
            self._back.extend(line for line in [next(self._source, "")] if line)
        return self._back[0] if self._back else ""

    def skip_blank(self) -> str:
        """The next line that says something, which stays; "" where none does."""
        while (line := self.peek()) and not line.strip("\r\n \t\ufeff"):
            next(self)
        return line


def _records(lines: _Lines, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        number = lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLong) as error:
            is_open = isinstance(error, _TooLong) or "end of data" in str(error)
            text = lines.give_back()
            yield Record(number, [], _words(error, is_open), text)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if cells:
            yield Record(number, cells)


def _words(error: Exception, is_open: bool) -> str:
    if is_open:
        return reasons.QUOTE_OPEN
    if "expected after" in str(error):
        return reasons.QUOTE_MORE
    return str(error)


def _inspect(text: TextIOWrapper, encoding: str, mapping: RowMapping | None) -> Sheet:
    notes = ["it is read as Windows-1252, since it is not UTF-8"] if encoding == "cp1252" else []
    found = records(text)
    head = next(found, None)
    if head is None:
        return Sheet(encoding, [], mapping or RowMapping({}, {}), ["it is empty"])
    if head.reason:
        raise BadFile(f"line {head.number}, the header: {head.reason}")
    header = [clean(name) for name in head.cells]
    own = mapping.cleaned(clean) if mapping else guess_mapping(header)
    _check_header(header, own)
    notes += _unmet(header, own) if mapping else []
    columns = [_Column(name) for name in header]
    count = _look(found, columns)
    if not count:
        notes.append("it has a header and no rows")
    if mapping is None:
        _check_nameless(columns)
    types, words = _types(columns, own)
    return Sheet(encoding, header, own.typed(types), notes + words)


def _check_header(header: Sequence[str], mapping: RowMapping) -> None:
    """Two columns that would be one: the second would win, or wipe the first."""
    places: dict[str, int] = {}
    for number, name in enumerate(header, start=1):
        if name not in mapping.columns:
            continue
        target = mapping.columns[name][0]
        before = places.setdefault(name if may_repeat(target) else target, number)
        if before != number:
            raise BadFile(
                f"columns {before} ({header[before - 1]!r}) and {number} ({name!r}) are both"
                f" {target}: rename one or take it away"
            )


def _unmet(header: Sequence[str], mapping: RowMapping) -> list[str]:
    lacking = [repr(name) for name in mapping.columns if name not in header]
    return [f"no column is called {', '.join(lacking)}, as the mapping has it"] if lacking else []


@dataclass
class _Column:
    """What the cells of a column look like."""

    name: str
    looks: Counter[str] = field(default_factory=Counter)
    line: int = 0  # of its first cell that is not blank


def _look(found: Iterable[Record], columns: Sequence[_Column]) -> int:
    """Look at every cell; how many rows there are, those that cannot be read included."""
    count = 0
    for record in found:
        count += 1
        if len(record.cells) > len(columns):
            continue  # refused later
        for column, cell in zip(columns, record.cells, strict=False):
            if cell.strip():
                column.looks[looks_like(cell)] += 1
                column.line = column.line or record.number
    return count


def _check_nameless(columns: Sequence[_Column]) -> None:
    for number, column in enumerate(columns, start=1):
        if not column.name and column.line:
            raise BadFile(
                f"column {number} has no name, and line {column.line} has a value in it:"
                " name it in the header or take it away"
            )


def _types(columns: Sequence[_Column], mapping: RowMapping) -> tuple[dict[str, str], list[str]]:
    """One type for each column that was given none, and words about those of mixed values.

    A column is of a type only if every cell is: 1e5 and 007 beside numbers are codes.
    """
    types: dict[str, str] = {}
    notes = []
    for column in columns:
        target, kind = mapping.columns.get(column.name, ("", ""))
        if kind != "auto":
            continue
        looks = column.looks
        if is_code(target):
            looks["text"] += looks.pop("number", 0)
        types[column.name] = next(iter(looks)) if len(looks) == 1 else "text"
        if len(looks) > 1 and looks["text"] < looks.total():
            told = ", ".join(f"{n:,} {kind}" for kind, n in looks.most_common())
            notes.append(f"column {column.name!r} is mixed ({told}): all of it is kept as text")
    return types, notes

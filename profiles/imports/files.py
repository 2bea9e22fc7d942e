"""Files of messages: JSON lines, or CSV with a mapping. Memory does not grow with the file."""

import codecs
import gzip
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from profiles.calls import reasons
from profiles.calls.envelope import CallRefused
from profiles.calls.messages import Call
from profiles.calls.reading import name_call
from profiles.calls.validation import CallProblem, check
from profiles.identifiers.kinds import Rules
from profiles.imports import sheets
from profiles.imports.mapping import RowMapping
from profiles.imports.sheets import BadFile, Record, Sheet

DIGEST_CHARS = 32
CSV_ENDINGS = (".csv", ".tsv")
CHUNK = 1 << 20
# what is no text, by how it begins
FOREIGN = {b"PK\x03\x04": "an Excel workbook", b"PAR1": "a Parquet file", b"%PDF": "a PDF"}


class FileLine(NamedTuple):
    """One message of a file, or why it is none. `raw` is what is kept of it either way.

    `warnings`: what of an accepted one cannot be used.
    """

    number: int
    raw: bytes
    problem: CallProblem | None
    position: int  # bytes of the file read so far, for a progress bar
    warnings: tuple[CallProblem, ...] = ()


@dataclass
class FileReader:
    """A file that was looked through, and by what its rows are read and judged."""

    path: Path
    name: str  # tells the kind by its ending
    digest: str
    rules: Rules
    region: str
    mapping: RowMapping | None = None
    sheet: Sheet | None = None
    encoding: str = "utf-8-sig"
    notes: list[str] = field(default_factory=list)

    def open(self) -> IO[bytes]:
        """The file's text as bytes."""
        return gzip.open(self.path) if _is_packed(self.name) else self.path.open("rb")  # type: ignore[return-value]

    def lines(self) -> Iterator[FileLine]:
        """The messages of the file in its order.

        Each has a message id: its own, or one of (digest of the file, line).
        """
        with self.path.open("rb") as under, _opened(under, self.name) as file:
            made = _csv_rows(file, self.sheet) if self.sheet else self._json_rows(file)
            for number, row, warnings in made:
                yield self._line(number, row, under.tell(), warnings)

    def _json_rows(self, file: IO[bytes]) -> Iterator["Made"]:
        if self.encoding != "utf-8-sig":
            with io.TextIOWrapper(file, self.encoding, errors="replace") as text:
                yield from _json_rows((line.encode() for line in text), self.mapping)
        else:
            yield from _json_rows(file, self.mapping)

    def _line(self, number: int, made: Any, position: int, warnings: list[CallProblem]) -> FileLine:
        """`made` is raw JSON, a message, or (what was read, why it is no message)."""
        if isinstance(made, tuple):
            return FileLine(number, made[0], made[1], position)
        if isinstance(made, bytes):
            raw, call, problem = _from_json(made, f"{self.digest}-{number}")
        else:
            raw, call, problem = _from_row(made, f"{self.digest}-{number}")
        if call is None or problem is not None:
            return FileLine(number, raw, problem, position)
        named = name_call(call, self.rules, self.region)
        if not named.keys:
            return FileLine(
                number, raw, CallProblem("no_identifier", "", reasons.ROW_NOBODY), position
            )
        warnings += [_unusable(kind, value) for kind, value in named.dropped]
        return FileLine(number, raw, None, position, tuple(warnings))


Made = tuple[int, Any, list[CallProblem]]  # number of the line, what `_line` takes, warnings


def prepare(
    path: Path, name: str, mapping: RowMapping | None, rules: Rules, region: str
) -> FileReader:
    """Look the file through before a row of it is taken. Raises BadFile, BadMapping."""
    reader = FileReader(path, name, digest_of(path), rules, region, mapping)
    with reader.open() as file:
        start = file.read(sheets.SAMPLE)
    for mark, what in FOREIGN.items():
        if start.startswith(mark):
            raise BadFile(f"it is {what}; save it as CSV")
    if name.removesuffix(".gz").lower().endswith(CSV_ENDINGS):
        reader.sheet = sheets.inspect(reader.open, mapping)
        reader.notes = reader.sheet.notes
        return reader
    if _is_packed(name):
        _unpack(reader)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        reader.encoding = "utf-16"
    if mapping:
        reader.mapping = mapping.typed({})  # JSON has types of its own
    if not start.strip():
        reader.notes = ["it is empty"]
    return reader


def _unpack(reader: FileReader) -> None:
    """To the end, or what zlib raises: rows before the damage would come again with the whole file.

    Its digest is another, and so are the message ids that are made from it.
    """
    with reader.open() as file:
        while file.read(CHUNK):
            pass


def digest_of(path: Path) -> str:
    """Stands for the content: the same file gives the same message ids, so a rerun is harmless."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            found.update(part)
    return found.hexdigest()[:DIGEST_CHARS]


def _opened(under: IO[bytes], name: str) -> IO[bytes]:
    return gzip.open(under) if _is_packed(name) else under  # type: ignore[return-value]


def _is_packed(name: str) -> bool:
    return name.lower().endswith(".gz")


def _unusable(kind: str, value: str) -> CallProblem:
    words = f"{value[:60]!r} is no {kind} that could be somebody's; the rest is accepted"
    return CallProblem(f"unusable_{kind}"[:40], kind, words)


def _from_row(made: dict[str, Any], own_id: str) -> tuple[bytes, Call | None, CallProblem | None]:
    made.setdefault("messageId", own_id)
    try:
        raw = json.dumps(made, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        refused = CallProblem("not_holdable", "", reasons.ROW_NOT_UTF8)
        return json.dumps(made).encode(), None, refused
    return raw, *check(msgspec.Raw(raw))


def _from_json(raw: bytes, own_id: str) -> tuple[bytes, Call | None, CallProblem | None]:
    call, problem = _checked(raw)
    if call is not None and call.message_id in (None, ""):
        own = {**msgspec.json.decode(raw), "messageId": own_id}
        raw = msgspec.json.encode(own)
    return raw, call, problem


def _checked(raw: bytes) -> tuple[Call | None, CallProblem | None]:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None, CallProblem("invalid_utf8", "", reasons.LINE_NOT_UTF8)
    if not raw.startswith(b"{"):
        return None, CallProblem("not_an_object", "", reasons.NO_LINE)
    call, problem = check(msgspec.Raw(raw))
    return (None, problem) if problem else _without_doubles(call, text)


class _Doubled(ValueError):
    """A key that an object has twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise _Doubled(next(name for name, n in counts.items() if n > 1))
    return found


def _without_doubles(call: Call | None, text: str) -> tuple[Call | None, CallProblem | None]:
    """Of a key that is there twice the last would win without a word."""
    try:
        json.loads(text, object_pairs_hook=_once)
    except _Doubled as error:
        words = reasons.TWICE % {"key": repr(str(error)[:60])}
        return None, CallProblem("duplicate_key", str(error)[:200], words)
    except (ValueError, RecursionError):
        return call, None  # what `check` lets pass is good
    return call, None


def _json_rows(lines: Any, mapping: RowMapping | None) -> Iterator[Made]:
    for number, line in enumerate(lines, start=1):
        raw = line.removeprefix(codecs.BOM_UTF8).strip() if number == 1 else line.strip()
        if not raw:
            continue
        if mapping is None:
            yield number, raw, []
            continue
        try:
            row = json.loads(raw, object_pairs_hook=_once)
            if not isinstance(row, dict):
                raise ValueError(reasons.NO_LINE)
            yield number, mapping.message(row), []
        except _Doubled as error:
            words = reasons.TWICE % {"key": repr(str(error)[:60])}
            yield number, (raw, CallProblem("duplicate_key", str(error)[:200], words)), []
        except (ValueError, RecursionError) as error:
            yield number, (raw, CallProblem("invalid_row", "", str(error))), []


def _csv_rows(file: IO[bytes], sheet: Sheet) -> Iterator[Made]:
    """Rows by their header; numbered as lines of the file, the header being line 1."""
    with sheets.as_text(file, sheet.encoding) as text:
        for record in sheets.rows(text):
            yield record.number, *_csv_message(record, sheet)


def _csv_message(record: Record, sheet: Sheet) -> tuple[Any, list[CallProblem]]:
    if record.reason:
        kept = record.text.encode("utf-8", "backslashreplace")
        return (kept, CallProblem("invalid_row", "", record.reason)), []
    header, cells = sheet.header, record.cells
    kept = json.dumps(cells).encode()
    words = reasons.CELLS % {"n": len(cells), "columns": len(header)}
    if len(cells) > len(header):
        return (kept, CallProblem("too_many_cells", "", words)), []
    few = [CallProblem("too_few_cells", "", words)] if len(cells) < len(header) else []
    try:
        return sheet.mapping.message(dict(zip(header, cells, strict=False))), few
    except (ValueError, CallRefused) as error:
        return (kept, CallProblem("invalid_row", "", str(error))), []

"""Files of messages: JSON lines, or CSV with a mapping. Memory does not grow with the file."""

import csv
import gzip
import hashlib
import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from profiles.ingest.envelope import Refused
from profiles.ingest.mapping import RowMapping, guess_mapping
from profiles.ingest.validation import Problem, check

DIGEST_CHARS = 32
MAX_CELL = 10_000_000
CSV_ENDINGS = (".csv", ".tsv")
CHUNK = 1 << 20
csv.field_size_limit(MAX_CELL)


class Line(NamedTuple):
    """One message of a file, or why it is none. `raw` is what is kept of it either way."""

    number: int
    raw: bytes
    problem: Problem | None
    position: int  # bytes of the file read so far, for a progress bar


def digest_of(path: Path) -> str:
    """Stands for the content: the same file gives the same message ids, so a rerun is harmless."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            found.update(part)
    return found.hexdigest()[:DIGEST_CHARS]


def read_file(path: Path, name: str, mapping: RowMapping | None) -> Iterator[Line]:
    """The messages of a file in its order; `name` tells the kind by its ending.

    Each has a message id: its own, or one of (digest of the file, line).
    """
    digest = digest_of(path)
    plain = name.removesuffix(".gz").lower()
    with path.open("rb") as under, _opened(under, name) as file:
        if plain.endswith(CSV_ENDINGS):
            rows = _csv_rows(file, mapping)
        else:
            rows = _json_rows(file, mapping)
        for number, made in rows:
            yield _line(number, made, digest, under.tell())


def _opened(under: IO[bytes], name: str) -> IO[bytes]:
    return gzip.open(under) if name.lower().endswith(".gz") else under  # type: ignore[return-value]


def _line(number: int, made: Any, digest: str, position: int) -> Line:
    """`made` is raw JSON, a message, or (what was read, why it is no message)."""
    if isinstance(made, tuple):
        return Line(number, made[0], made[1], position)
    if isinstance(made, bytes):
        return _raw_line(number, made, digest, position)
    made.setdefault("messageId", f"{digest}-{number}")
    try:
        raw = json.dumps(made, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        refused = Problem("not_holdable", "", "the row is not UTF-8 or holds NaN")
        return Line(number, json.dumps(made).encode(), refused, position)
    return Line(number, raw, check(msgspec.Raw(raw))[1], position)


def _raw_line(number: int, raw: bytes, digest: str, position: int) -> Line:
    call, problem = _checked(raw)
    if problem is None and call.message_id in (None, ""):
        own = {**msgspec.json.decode(raw), "messageId": f"{digest}-{number}"}
        raw = msgspec.json.encode(own)
    return Line(number, raw, problem, position)


def _checked(raw: bytes) -> tuple[Any, Problem | None]:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return None, Problem("invalid_utf8", "", "the line is not UTF-8")
    if not raw.startswith(b"{"):
        return None, Problem("not_an_object", "", "a line is a JSON object")
    return check(msgspec.Raw(raw))


def _json_rows(file: IO[bytes], mapping: RowMapping | None) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, start=1):
        raw = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if not raw:
            continue
        if mapping is None:
            yield number, raw
            continue
        try:
            row = json.loads(raw)
            if not isinstance(row, dict):
                raise ValueError("a line is a JSON object")
            yield number, mapping.message(row)
        except (ValueError, RecursionError) as error:
            yield number, (raw, Problem("invalid_row", "", str(error)))


def _csv_rows(file: IO[bytes], mapping: RowMapping | None) -> Iterator[tuple[int, Any]]:
    """Rows of a CSV file by its header; numbered as lines of the file, the header being line 1."""
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    first = text.readline()
    reader = csv.reader(itertools.chain([first], text), delimiter=_delimiter(first))
    header = next(reader, [])
    mapping = mapping or guess_mapping(header)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            text.detach()
            return
        except csv.Error as error:
            yield number, (b"", Problem("invalid_row", "", str(error)))
            continue
        if row:
            yield number, _csv_message(header, row, mapping)


def _csv_message(header: list[str], row: list[str], mapping: RowMapping) -> Any:
    kept = json.dumps(row).encode()
    if len(row) > len(header):
        words = f"{len(row)} cells under {len(header)} columns"
        return kept, Problem("too_many_cells", "", words)
    try:
        return mapping.message(dict(zip(header, row, strict=False)))
    except (ValueError, Refused) as error:
        return kept, Problem("invalid_row", "", str(error))


def _delimiter(header: str) -> str:
    """What the header is parted by: a comma, or where there is none a semicolon or tab."""
    found = {mark: header.count(mark) for mark in (",", ";", "\t")}
    return max(found, key=lambda mark: found[mark]) if any(found.values()) else ","

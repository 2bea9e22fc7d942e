"""How the rows of a file are written: each format turns a portion of rows into bytes.

A portion is added to the unfinished file, so that whoever goes on after a kill knows what is whole.
Parquet is made of JSON lines at the end, by DuckDB, which is an extra (`make install-parquet`).
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from config.workspace.pages.spreadsheets import cell
from config.workspace.zones import stamp
from profiles.browsing.columns import MOMENT, MONEY, WHOLE
from segments.exports.columns import type_of
from segments.models.export import PeopleExport

Row = Mapping[str, Any]
BOM: Final = "\ufeff"  # by which a spreadsheet knows UTF-8
MIME: Final = {
    PeopleExport.Format.CSV.value: "text/csv; charset=utf-8",
    PeopleExport.Format.JSONL.value: "application/x-ndjson",
    PeopleExport.Format.PARQUET.value: "application/vnd.apache.parquet",
}
_PARQUET_TYPES: Final = {MONEY: "DOUBLE", WHOLE: "BIGINT", MOMENT: "TIMESTAMPTZ"}


def has_parquet() -> bool:
    """Whether what writes Parquet is installed."""
    return find_spec("duckdb") is not None


def head_of(format_: str, columns: Sequence[str]) -> bytes:
    """What stands before the first row."""
    if format_ != PeopleExport.Format.CSV:
        return b""
    return _csv([columns], first=BOM)


def lines_of(format_: str, columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """These rows as they stand in the file."""
    if format_ == PeopleExport.Format.CSV:
        return _csv([[_cell(name, row[name]) for name in columns] for row in rows])
    lines = [json.dumps(dict(row), ensure_ascii=False, default=_plain) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode()


def _csv(rows: Sequence[Sequence[str]], first: str = "") -> bytes:
    out = io.StringIO()
    out.write(first)
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _cell(column: str, value: Any) -> str:
    """A number as a number; a text so that no spreadsheet takes it for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.2f}" if type_of(column) == MONEY else f"{value:.15g}"
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cell(text)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return stamp(value)
    raise TypeError(type(value).__name__)


def finish(format_: str, columns: Sequence[str], part: Path, whole: Path) -> None:
    """Make the unfinished file the finished one; it is there once it is whole. Again is no harm."""
    if whole.exists() and not part.exists():
        return
    if format_ != PeopleExport.Format.PARQUET:
        part.replace(whole)
        return
    import duckdb  # noqa: PLC0415 - an extra

    made = whole.with_suffix(".making")
    with duckdb.connect() as connection:
        types = {name: _PARQUET_TYPES.get(type_of(name), "JSON") for name in columns}
        rows = connection.read_json(str(part), format="newline_delimited", columns=types)
        texts = [_as_text(name, types[name]) for name in columns]
        rows.project(", ".join(texts)).write_parquet(str(made), compression="zstd")
    made.replace(whole)
    part.unlink()


def _as_text(name: str, type_: str) -> str:
    """A text as itself, and anything else as its JSON."""
    quoted = '"' + name.replace('"', '""') + '"'
    return quoted if type_ != "JSON" else f"{quoted} ->> '$' AS {quoted}"

"""Values as PostgreSQL takes them fastest: text lines for COPY, and array literals.

COPY was measured against arrays and executemany. Of an array, psycopg's own dumper takes some
microseconds a value, these tenths; each gives the text of a parameter that the statement casts:
`%s::bigint[]`.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

NULL = "\\N"
ID_DIGITS = 19  # that a bigint always holds are fewer


def is_storable(value: str) -> bool:
    """Whether PostgreSQL's text can hold it."""
    if "\x00" in value:
        return False
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def number_of(text: str) -> int:
    """The id that this is, out of an address or a form; 0 where it can be none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < ID_DIGITS else 0


def text(value: str) -> str:
    """A text column's value, escaped."""
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if not value.isprintable():
        value = value.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return value


def json_text(raw: bytes) -> str:
    """A jsonb column's value; the raw JSON must hold no line breaks between its parts."""
    value = raw.decode()
    return value.replace("\\", "\\\\") if "\\" in value else value


# written once, though a message's moments stand in its event, its person and its identifiers
@lru_cache(maxsize=8192)
def moment(value: datetime) -> str:
    """A timestamptz column's value."""
    return value.isoformat()


def time(value: datetime | None) -> str:
    """A timestamptz column's value that may be null."""
    return NULL if value is None else moment(value)


def number(value: float | None) -> str:
    """A numeric column's value."""
    return NULL if value is None else repr(value)


def optional(value: str | None) -> str:
    """A text column's value that may be null."""
    return NULL if value is None else text(value)


def loads(value: str) -> Any:
    """A jsonb column's value: Django's cursors give it as text."""
    return msgspec.json.decode(value)


def copy(cursor: Any, table: str, columns: str, lines: Iterable[str]) -> None:
    """Write these lines; no statement without any. `table` and `columns` are ours, never input."""
    data = "\n".join(lines)
    if data:
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as target:
            target.write(data.encode() + b"\n")


# --- arrays ---------------------------------------------------------------------------------------


def numbers(values: Iterable[float | int | None]) -> str:
    """For bigint[] and float8[]."""
    return "{" + ",".join(["NULL" if value is None else repr(value) for value in values]) + "}"


def times(values: Iterable[datetime | None]) -> str:
    """For timestamptz[]; aware moments."""
    parts = ["NULL" if value is None else f'"{moment(value)}"' for value in values]
    return "{" + ",".join(parts) + "}"


def texts(values: Iterable[str]) -> str:
    """For text[] and jsonb[]."""
    parts = [
        value.replace("\\", "\\\\").replace('"', '\\"') if '"' in value or "\\" in value else value
        for value in values
    ]
    return '{"' + '","'.join(parts) + '"}' if parts else "{}"


def digests(values: Iterable[bytes | None]) -> str:
    """For bytea[]."""
    parts = ["NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values]
    return "{" + ",".join(parts) + "}"

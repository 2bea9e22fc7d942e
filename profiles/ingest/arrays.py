"""PostgreSQL array literals. psycopg's own dumper takes some microseconds a value, these tenths.

Each function returns the text of a parameter that the statement casts: `%s::bigint[]`.
"""

from collections.abc import Iterable
from datetime import datetime


def numbers(values: Iterable[float | int | None]) -> str:
    """For bigint[] and float8[]."""
    return "{" + ",".join(["NULL" if value is None else repr(value) for value in values]) + "}"


def times(values: Iterable[datetime | None]) -> str:
    """For timestamptz[]; aware moments."""
    parts = ["NULL" if value is None else f'"{value.isoformat()}"' for value in values]
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

"""The rows of an archive as a file: a line a row, table after table, and one line about it all.

It is written as the rows come and read as it is handed out, so that nobody holds it whole.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from consent.models import PersonArchive, PrivacyRequest
from consent.privacy.holdings import FILES
from consent.privacy.subject import DataSubject

FOLDER: Final = "archives"
AT_ONCE: Final = 100  # files taken away in one run


def path_of(request: PrivacyRequest) -> Path:
    """Where it is, or would be."""
    return Path(settings.VAR_DIR) / FOLDER / f"{request.public_id}.jsonl"


@dataclass
class ArchiveWriter:
    """Writes one beside its place; it is there once it is whole."""

    path: Path
    tables: list[dict[str, Any]]
    at: int = 0

    def __enter__(self) -> "ArchiveWriter":
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._part = self.path.with_suffix(".part")
        handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(handle, "wb")
        return self

    def row(self, table: str, row: dict[str, Any]) -> None:
        """One more; those of a table come one after the other."""
        if not self.tables or self.tables[-1]["table"] != table:
            self.tables.append({"table": table, "rows": 0, "at": self.at})
        self.tables[-1]["rows"] += 1
        self._line(row)

    def head(self, about: dict[str, Any]) -> int:
        """The last line; where it begins."""
        at = self.at
        self._line(about)
        return at

    def _line(self, value: dict[str, Any]) -> None:
        data = json.dumps(value, ensure_ascii=False, default=str).encode() + b"\n"
        self._file.write(data)
        self.at += len(data)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._file.close()
        if kind is None:
            self._part.replace(self.path)
        else:
            self._part.unlink(missing_ok=True)


def head_of(archive: PersonArchive) -> dict[str, Any]:
    """What is said of it all. Raises FileNotFoundError."""
    with path_of(archive.request).open("rb") as file:
        file.seek(archive.head_at)
        found: dict[str, Any] = json.loads(file.readline())
    return found


def rows_of(
    archive: PersonArchive, table: str, first: int = 0
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of one table from a place on, with their places. Raises FileNotFoundError."""
    entry = next((one for one in archive.tables if one["table"] == table), None)
    if entry is None:
        return
    with path_of(archive.request).open("rb") as file:
        file.seek(entry["at"])
        for place in range(entry["rows"]):
            line = file.readline()
            if place >= first:
                yield place, json.loads(line)


def remove(request: PrivacyRequest) -> bool:
    """Whether there was one."""
    path = path_of(request)
    path.with_suffix(".part").unlink(missing_ok=True)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def take_away(rows: Sequence[PersonArchive], now: datetime) -> int:
    """Of these, with their requests, the files and the links to them; how many they were."""
    for row in rows:
        remove(row.request)
        PersonArchive.objects.filter(pk=row.pk).update(gone_at=now, token_digest=None)
    return len(rows)


@FILES.register("archives")
def forget(subject: DataSubject) -> int:
    """Of a person who is erased: every archive of theirs."""
    rows = PrivacyRequest.objects.filter(profile_id__in=subject.ever)
    return sum(remove(row) for row in rows.only("public_id"))

"""Where the files lie: the people whom it is of, what is written so far, and the whole."""

import os
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from consent.privacy.holdings import FILES
from consent.privacy.subject import DataSubject
from segments.models.export import PeopleExport

FOLDER: Final = "exports"
_ID: Final = array("q").itemsize
REVOKED, EXPIRED, ERASED, FAILED = "revoked", "expired", "erased", "failed"


def _folder() -> Path:
    return Path(settings.VAR_DIR) / FOLDER


def whole_of(export: PeopleExport) -> Path:
    """The finished file."""
    return _folder() / f"{export.public_id}.{export.format}"


def part_of(export: PeopleExport) -> Path:
    """The unfinished one."""
    return _folder() / f"{export.public_id}.part"


def people_of_file(export: PeopleExport) -> Path:
    """The ids of the people, 8 bytes each, in their order."""
    return _folder() / f"{export.public_id}.people"


def write_people(export: PeopleExport, ids: Iterable[int]) -> int:
    """Keep whom it is of; how many they are. There once it is whole."""
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path = people_of_file(export)
    making = path.with_suffix(".making")
    found = array("q", ids)
    with open(making, "wb", opener=_private) as file:
        found.tofile(file)
    making.replace(path)
    return len(found)


def read_people(export: PeopleExport, start: int, most: int) -> Sequence[int]:
    """Some of them, from a place on. Raises FileNotFoundError."""
    found = array("q")
    with people_of_file(export).open("rb") as file:
        file.seek(start * _ID)
        found.frombytes(file.read(most * _ID))
    return found


def append(export: PeopleExport, data: bytes) -> int:
    """Add to the unfinished file behind what is known to be whole; where it ends then."""
    path = part_of(export)
    with open(path, "r+b" if path.exists() else "wb", opener=_private) as file:
        file.truncate(export.at_bytes)
        file.seek(export.at_bytes)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return export.at_bytes + len(data)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def take_away(export: PeopleExport, why: str) -> None:
    """All of it; that there was one stays."""
    for path in (whole_of(export), part_of(export), people_of_file(export)):
        path.unlink(missing_ok=True)
        path.with_suffix(".making").unlink(missing_ok=True)
    PeopleExport.objects.filter(pk=export.pk, gone_at=None).update(
        gone_at=timezone.now(), gone_why=why
    )


@FILES.register("exports")
def forget(subject: DataSubject) -> int:
    """Of a person who is erased: every file that they are in goes whole."""
    gone, ever = 0, set(subject.ever)
    for export in PeopleExport.objects.filter(gone_at=None):
        try:
            ids = read_people(export, 0, export.total or 0)
        except FileNotFoundError:
            continue
        if not ever.isdisjoint(ids):
            take_away(export, ERASED)
            gone += 1
    return gone

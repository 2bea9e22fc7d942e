"""Where the files lie: the people whom it is of, what is written so far, and the whole."""

import os
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from consent.privacy.holdings import FILES
from consent.privacy.subject import DataSubject
from profiles.models import Merge
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


def hold(export: PeopleExport) -> bool:
    """Whether it is still to be made; nobody takes it away until the transaction ends."""
    rows = PeopleExport.objects.select_for_update(no_key=True)
    return rows.filter(pk=export.pk, gone_at=None).exists()


@transaction.atomic
def take_away(export: PeopleExport, why: str) -> None:
    """All of it; that there was one stays, without whom it was of."""
    if not hold(export):
        return
    for path in (whole_of(export), part_of(export), people_of_file(export)):
        path.unlink(missing_ok=True)
        path.with_suffix(".making").unlink(missing_ok=True)
    PeopleExport.objects.filter(pk=export.pk).update(gone_at=timezone.now(), gone_why=why, whom={})


def sweep() -> None:
    """What is there of no file that is known: a restore, or a kill between two steps."""
    known = {str(one) for one in PeopleExport.objects.filter(gone_at=None).values_list(
        "public_id", flat=True)}  # fmt: skip
    for path in _folder().iterdir() if _folder().is_dir() else ():
        if path.name.partition(".")[0] not in known:
            path.unlink(missing_ok=True)


@FILES.register("exports")
def forget(subject: DataSubject) -> int:
    """Of a person who is erased: every file goes whole that they are in, or who they were one with
    when it was made; and every question that is not asked yet, since it may name them.
    """
    ever = set(subject.ever)
    undone = Merge.objects.filter(absorbed_id__in=ever, undone_at__isnull=False)
    whose = ever | set(undone.values_list("survivor_id", flat=True))
    gone = 0
    for export in PeopleExport.objects.filter(gone_at=None):
        if _may_hold(export, whose):
            take_away(export, ERASED)
            gone += 1
    return gone


def _may_hold(export: PeopleExport, whose: set[int]) -> bool:
    if export.whom and "segment" not in export.whom:
        return True
    try:
        return not whose.isdisjoint(read_people(export, 0, export.total or 0))
    except FileNotFoundError:
        return export.status != PeopleExport.Status.QUEUED

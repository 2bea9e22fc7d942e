"""What an officer withholds of an archive before it is handed over, and how that reads in it."""

from collections.abc import Iterator
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.workspace import audit
from config.workspace.models import User
from consent.archives.files import rows_of
from consent.models import PersonArchive, Redaction
from consent.privacy.requests import CannotBeDone

WITHHELD: Final = "withheld"
MOST: Final = 5_000  # of one archive


class Withheld:
    """Asks of each row what is left out, and on which ground."""

    def __init__(self, archive: PersonArchive) -> None:
        self._found: dict[tuple[str, int | None, str], str] = {
            (one.table, one.row, one.field): one.ground for one in archive.redactions.all()
        }

    def of_row(self, table: str, place: int) -> str:
        """The ground on which the whole row is, or ""."""
        return self._found.get((table, place, "")) or self._found.get((table, None, "")) or ""

    def of_field(self, table: str, place: int, field: str) -> str:
        """The same for one field of it."""
        found = self._found
        return found.get((table, place, field)) or found.get((table, None, field)) or ""

    def row(self, table: str, place: int, row: dict[str, Any]) -> dict[str, Any]:
        """As it is handed over."""
        if ground := self.of_row(table, place):
            return {WITHHELD: ground}
        return {
            name: {WITHHELD: ground} if (ground := self.of_field(table, place, name)) else value
            for name, value in row.items()
        }


@transaction.atomic
def redact(
    archive: PersonArchive,
    *,
    table: str,
    row: int | None,
    field: str,
    ground: str,
    reason: str,
    user: User | None,
) -> Redaction:
    """Withhold it. Raises CannotBeDone."""
    held = _open(archive)
    if ground not in Redaction.Ground:
        raise CannotBeDone(_("Choose the ground on which it is withheld."))
    if not reason.strip():
        raise CannotBeDone(_("Say why it is withheld: it stays with the request."))
    if row is None and not field:
        raise CannotBeDone(_("Choose a row, or a field."))
    if not _is_there(held, table, row, field):
        raise CannotBeDone(_("The archive has no such place."))
    if held.redactions.count() >= MOST:
        raise CannotBeDone(_("More than %(n)d places cannot be withheld.") % {"n": MOST})
    try:
        with transaction.atomic():
            made = Redaction.objects.create(
                archive=held,
                table=table,
                row=row,
                field=field,
                ground=ground,
                reason=reason.strip()[:2_000],
                by=user,
            )
    except IntegrityError as error:
        raise CannotBeDone(_("That is withheld already.")) from error
    _noted("privacy.redacted", held, table, field)
    return made


def _is_there(archive: PersonArchive, table: str, row: int | None, field: str) -> bool:
    first: Iterator[tuple[int, dict[str, Any]]] = rows_of(archive, table, row or 0)
    if row is None:
        return any(field in values for _place, values in first)
    found = next(first, None)
    return found is not None and (not field or field in found[1])


@transaction.atomic
def show_again(archive: PersonArchive, number: int) -> None:
    """Withhold it no more. Raises CannotBeDone."""
    held = _open(archive)
    row = held.redactions.filter(pk=number).first()
    if row is None:
        raise CannotBeDone(_("That is not withheld."))
    row.delete()
    _noted("privacy.shown_again", held, row.table, row.field)


def _open(archive: PersonArchive) -> PersonArchive:
    """Locked; what was handed over stays as it was. Raises CannotBeDone."""
    held = PersonArchive.objects.select_for_update().get(pk=archive.pk)
    if held.made_at is None or held.gone_at is not None:
        raise CannotBeDone(_("There is no file of it now. Make it anew."))
    if held.released_at is not None and held.revoked_at is None:
        raise CannotBeDone(_("It was handed over: revoke the link first."))
    return held


def _noted(code: str, archive: PersonArchive, table: str, field: str) -> None:
    request = str(archive.request.public_id)
    audit.record(code, "privacy_request", request, fields=[f"{table}.{field}".rstrip(".")])

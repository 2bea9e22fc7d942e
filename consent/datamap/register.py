"""The register of processing (GDPR, article 30): per purpose, and who answers for it."""

import csv
import io
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.workspace import audit
from config.workspace.pages.spreadsheets import cell
from config.workspace.selectors import workspace
from config.workspace.stored import change_setting
from consent.models import ProcessingRecord, Purpose

CONTROLLER: Final = "controller"  # of the workspace's settings
CONTROLLER_FIELDS: Final = {
    "name": gettext_lazy("Controller"),
    "address": gettext_lazy("Address"),
    "contact": gettext_lazy("Contact"),
    "officer": gettext_lazy("Data protection officer"),
    "representative": gettext_lazy("Representative in the Union"),
}
FIELDS: Final = ("basis", "people", "data", "recipients", "transfers", "kept", "measures")


@dataclass
class RegisterEntry:
    """A purpose, and what is written down of it; `lacking` are the fields that are still empty."""

    purpose: Purpose
    record: ProcessingRecord

    @property
    def lacking(self) -> list[str]:
        """Labels of what the article asks for and nobody wrote yet."""
        return [label_of(name) for name in FIELDS if not getattr(self.record, name)]


def label_of(name: str) -> str:
    """The label of a field of the record."""
    return str(ProcessingRecord._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def entries() -> list[RegisterEntry]:
    """Every purpose that is in use. Two queries."""
    rows = Purpose.objects.filter(archived_at=None).order_by("position", "id")
    records = {row.purpose_id: row for row in ProcessingRecord.objects.all()}
    return [
        RegisterEntry(row, records.get(row.pk) or ProcessingRecord(purpose=row)) for row in rows
    ]


def controller() -> dict[str, str]:
    """Who answers for the processing; the workspace's name where nobody said."""
    said: dict[str, str] = workspace().setting(CONTROLLER, {})
    found = {name: said.get(name, "") for name in CONTROLLER_FIELDS}
    return found | {"name": found["name"] or workspace().name}


@transaction.atomic
def write_down(purpose: Purpose, values: dict[str, str]) -> ProcessingRecord:
    """Keep what was said of a purpose."""
    row, _made = ProcessingRecord.objects.get_or_create(purpose=purpose)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    row.save()
    audit.record("processing_record.changed", "processing_record", str(row.pk), fields=changed)
    return row


def name_controller(values: dict[str, str]) -> None:
    """Keep who answers for it."""
    change_setting(CONTROLLER, lambda _before: values)


def as_csv() -> str:
    """The register as a table: a line a purpose, the controller's details on each."""
    out = io.StringIO()
    writer = csv.writer(out)
    who = controller()
    heads = [str(label) for label in CONTROLLER_FIELDS.values()]
    writer.writerow([*heads, _("Purpose"), _("Description"), *map(label_of, FIELDS)])
    for entry in entries():
        said: list[Any] = [
            entry.record.get_basis_display() if name == "basis" else getattr(entry.record, name)
            for name in FIELDS
        ]
        line = [*who.values(), entry.purpose.title, entry.purpose.about, *said]
        writer.writerow([cell(str(value)) for value in line])
    return out.getvalue()

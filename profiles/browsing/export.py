"""People as a file for a spreadsheet: what the reader's role sees of them, a portion at a time."""

import csv
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from config.workspace import audit
from config.workspace.pages.spreadsheets import Line, cell
from config.workspace.zones import stamp
from profiles.identifiers.addresses import best_of_kinds
from profiles.models import Profile
from profiles.selectors.masking import Shown
from profiles.selectors.people import CONTACT_KINDS, PersonRow, person_rows

AT_ONCE: Final = 500  # people
COLUMNS: Final = (
    "id", "name", "email", "phone", "country", "language", "stage", "value", "orders",
    "reachable", "first_seen", "last_seen",
)  # fmt: skip
# the person's own among them, for the trail
FIELDS: Final = ("display_name", "identifier")


def answer(people: QuerySet[Profile], shown: Shown) -> StreamingHttpResponse:
    """A CSV of these people, by id; restricted ones are left out, since theirs is only kept.

    Who is in it is written into the trail before the first line leaves. One query for all ids, then
    some seven for each portion; somebody who is erased on the way is left out.
    """
    ids = array(
        "q",
        people.exclude(state__in=Profile.NOT_USABLE)
        .order_by("pk")
        .values_list("pk", flat=True)
        .iterator(),
    )
    audit.record(
        "profile.exported",
        "profile",
        fields=[*shown.looked_at(*FIELDS)],
        detail={"found": len(ids)},
        people=ids,
    )
    response = StreamingHttpResponse(_lines(ids, shown), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="people.csv"'
    response["Cache-Control"] = "no-store, private"
    return response


def _lines(ids: Sequence[int], shown: Shown) -> Iterator[str]:
    writer = csv.writer(Line())
    yield "\ufeff" + str(writer.writerow(COLUMNS))  # by which a spreadsheet knows UTF-8
    for start in range(0, len(ids), AT_ONCE):
        portion = list(ids[start : start + AT_ONCE])
        found = Profile.objects.usable().filter(pk__in=portion).order_by("pk").defer("traits")
        contacts = best_of_kinds(portion, CONTACT_KINDS)
        for row in person_rows(list(found), shown):
            known = contacts.get(row.profile.pk, {})
            mine = {
                kind: shown.identifier(kind, known[kind].value) if kind in known else ""
                for kind in CONTACT_KINDS
            }
            yield str(writer.writerow(_cells(row, mine, shown)))


def _cells(row: PersonRow, contacts: dict[str, str], shown: Shown) -> list[str]:
    person: Any = row.profile
    said = (
        row.name,
        contacts["email"],
        contacts["phone"],
        row.country,
        shown.column("locale", person.locale),
        row.stage,
    )
    return [
        str(person.public_id),
        *map(cell, said),
        "" if row.value is None else f"{row.value:.2f}",
        str(row.orders),
        " ".join(reach.channel for reach in row.reach),
        stamp(person.first_seen),
        stamp(person.last_seen),
    ]

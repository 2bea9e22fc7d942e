"""What a file tells of people: their columns, and their traits by name, as a role sees them."""

from collections.abc import Sequence
from typing import Any, Final

from profiles.identifiers.addresses import best_of_kinds
from profiles.language.subjects import value_at
from profiles.models import Profile
from profiles.selectors.masking import Shown
from profiles.selectors.people import CONTACT_KINDS, PersonRow, person_rows

TEXT, MONEY, WHOLE, MOMENT = "text", "money", "whole", "moment"
# by name, with what the values are
COLUMNS: Final = {
    "id": TEXT,
    "name": TEXT,
    "email": TEXT,
    "phone": TEXT,
    "country": TEXT,
    "language": TEXT,
    "stage": TEXT,
    "value": MONEY,  # in workspace currency
    "orders": WHOLE,
    "reachable": TEXT,  # channels, with a blank between them
    "first_seen": MOMENT,
    "last_seen": MOMENT,
}
# the person's own among them, for the trail
FIELDS: Final = ("display_name", "identifier")


def values_of(
    people: Sequence[Profile], shown: Shown, traits: Sequence[str] = ()
) -> dict[int, dict[str, Any]]:
    """All columns of each person by id, and these traits under `traits.NAME`; some six queries.

    Unknown is None, in texts too.
    """
    ids = [person.pk for person in people]
    contacts = best_of_kinds(ids, CONTACT_KINDS)
    found = {}
    for row in person_rows(people, shown):
        known = contacts.get(row.profile.pk, {})
        own = {
            kind: shown.identifier(kind, known[kind].value) if kind in known else None
            for kind in CONTACT_KINDS
        }
        values = _columns(row, own, shown)
        for name in traits:
            values[f"traits.{name}"] = shown.value(name, value_at(row.profile.traits, name))
        found[row.profile.pk] = values
    return found


def _columns(row: PersonRow, contacts: dict[str, Any], shown: Shown) -> dict[str, Any]:
    person = row.profile
    return {
        "id": str(person.public_id),
        "name": row.name or None,
        **contacts,
        "country": row.country or None,
        "language": shown.column("locale", person.locale) or None,
        "stage": row.stage or None,
        "value": row.value,
        "orders": row.orders,
        "reachable": " ".join(reach.channel for reach in row.reach) or None,
        "first_seen": person.first_seen,
        "last_seen": person.last_seen,
    }

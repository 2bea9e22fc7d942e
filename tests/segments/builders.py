"""People and events for tests of rules, written straight into the tables."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection

from profiles.language.reading.reader import is_number
from profiles.models import Event, Profile, Source

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
_numbers = count(1)


def make_person(*, events: list[tuple] = (), state: str = "active", **fields: Any) -> Profile:
    """A profile; names of columns go there, everything else is a trait.

    `events` are (name, days ago, properties)."""
    columns = {
        "country",
        "locale",
        "time_zone",
        "lifecycle",
        "display_name",
        "first_seen",
        "last_seen",
        "is_test",
        "merged_into_id",
    }
    own = {name: fields.pop(name) for name in list(fields) if name in columns}
    own = {"first_seen": AS_OF - timedelta(days=400), "last_seen": AS_OF} | own
    person = Profile.objects.create(
        bucket=next(_numbers) % 10_000, state=state, traits=fields, **own
    )
    for name, days_ago, *properties in events:
        make_event(person, name, days_ago, **(properties[0] if properties else {}))
    return person


def make_source() -> Source:
    return Source.objects.get_or_create(name="test", defaults={"kind": "server"})[0]


def make_event(person: Profile, name: str, days_ago: float = 1, /, **properties: Any) -> Event:
    """One event, with its slot and value as the writer fills them."""
    at = AS_OF - timedelta(days=days_ago)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rapport_make_month(%s)", [at])
    revenue = properties.get("revenue")
    return Event.objects.create(
        profile=person,
        message_id=f"m{next(_numbers)}",
        type="track",
        name=name,
        occurred_at=at,
        received_at=at,
        source=make_source(),
        identifier_id=0,
        properties=properties,
        k1=properties.get("category") if isinstance(properties.get("category"), str) else None,
        value=revenue if is_number(revenue) else None,
    )


def trait(field: str, op: str, value: Any = None, **more: Any) -> dict[str, Any]:
    condition = {"kind": "trait", "field": field, "op": op} | more
    return condition if value is None else condition | {"value": value}


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "event", "name": name} | fields


def group(match: str, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"match": match, "conditions": list(conditions)}

"""The fields that are there, with how many people have them and which sources bring them.

Once a day, by whole tables; of properties, whose number nobody knows, by the newest events.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from config.postgres.sql import Sql, run, sql
from config.workspace.work.alone import alone
from consent.models import DataField
from profiles.people.lineage import living
from profiles.selectors.live import last_event_id

EVERY: Final = timedelta(hours=24)
NEWEST: Final = 20_000  # events of which properties are read
_TRAITS: Final = """
SELECT t.name, count(DISTINCT t.profile_id), array_agg(DISTINCT t.source_id) FROM profile_trait t
GROUP BY 1
"""
_IDENTIFIERS: Final = """
SELECT i.kind, count(DISTINCT i.profile_id), array_agg(DISTINCT i.first_source_id)
FROM identifier i WHERE i.kind <> 'rapport_id' GROUP BY 1
"""
_PROPERTIES: Final = """
SELECT k, count(DISTINCT e.profile_id), array_agg(DISTINCT e.source_id)
FROM (SELECT * FROM event WHERE type = 'track' AND id > {after} ORDER BY id DESC LIMIT {newest}) e,
    jsonb_object_keys(e.properties) k GROUP BY 1
"""
COLUMNS: Final = ("display_name", "country", "locale", "time_zone", "lifecycle")
_COLUMNS: Final = "SELECT {counts} FROM profile p WHERE {living}"


def count_fields() -> int:
    """Count anew what was not counted for a day; how many fields."""
    now = timezone.now()
    newest = DataField.objects.aggregate(at=Max("counted_at"))["at"]
    if newest and newest > now - EVERY:
        return 0
    with alone("data_map") as is_ours:
        return _count(now) if is_ours else 0


@transaction.atomic
def _count(now: Any) -> int:
    found = [
        DataField(
            place=place,
            name=name,
            people=people,
            source_ids=sorted(filter(None, sources)),
            is_sample=place == "property",
            found_at=now,
            counted_at=now,
        )
        for place, name, people, sources in _seen()
    ]
    DataField.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["place", "name"],
        update_fields=["people", "source_ids", "counted_at"],
    )
    # of properties the newest events are read alone: what was not among them is there all the same
    DataField.objects.filter(counted_at__lt=now, is_sample=False).delete()
    return len(found)


def _seen() -> Iterable[tuple[str, str, int, list[int]]]:
    after = max(last_event_id() - NEWEST, 0)
    queries = {
        "trait": Sql(_TRAITS),
        "identifier": Sql(_IDENTIFIERS),
        "property": sql(_PROPERTIES, after=after, newest=NEWEST),
    }
    for place, query in queries.items():
        for name, people, sources in run(query):
            yield place, name, people, sources
    counts = ", ".join(f"count(*) FILTER (WHERE p.{name} <> '')" for name in COLUMNS)
    row = run(sql(_COLUMNS, counts=Sql(counts), living=Sql(living())))[0]
    for name, people in zip(COLUMNS, row, strict=True):
        if people:
            yield "trait", f"profile.{name}", people, []

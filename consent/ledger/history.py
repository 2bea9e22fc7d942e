"""What a person said, now and as of a moment."""

from datetime import datetime

from django.db.models import QuerySet

from config.postgres.sql import sql
from consent.ledger.standing import standing
from consent.models import ConsentEntry
from profiles.people.lineage import given_people


def states_of(profile_id: int, as_of: datetime | None = None) -> list[ConsentEntry]:
    """The entry that stands for each permission that was ever stated; one query."""
    stood = standing(given_people([profile_id]), as_of)
    chosen = sql("SELECT s.entry_id FROM ({stood}) s", stood=stood)
    entries = ConsentEntry.objects.filter(profile_id=profile_id, id__in=chosen.raw())
    return sorted(entries.select_related("purpose", "topic", "source"), key=_position)


def _position(entry: ConsentEntry) -> tuple[int, str, str, int]:
    return (entry.purpose.position, entry.channel, entry.contact_point, entry.topic_id or 0)


def history_of(profile_id: int) -> QuerySet[ConsentEntry]:
    """Everything that was ever said, newest first, claims that do not count included."""
    rows = ConsentEntry.objects.filter(profile_id=profile_id)
    return rows.select_related("purpose", "topic", "source").order_by("-at", "-id")

"""What a person said, now and as of a moment; what everybody said, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from config.postgres.sql import one, sql
from consent.ledger.standing import standing
from consent.models import ConsentEntry
from profiles.people.lineage import given_people

WINDOW: Final = 20_000  # entries that one query looks at: `consent_entry_in_order` finds them
WINDOWS: Final = 10  # queries of a page


@dataclass(frozen=True)
class LedgerPage:
    """`entries`, newest first. `below` is where the next page goes on; None at the first entry.

    Where `is_cut`, so many were looked at that the page ends before it is full.
    """

    entries: list[ConsentEntry]
    below: int | None
    is_cut: bool = False


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


def newest(wanted: Mapping[str, Any], below: int | None, limit: int) -> LedgerPage:
    """Entries of everybody in the order in which they were written, newest first.

    `wanted` are look-ups of columns. Rows lie in the order of their ids, and are read a window of
    ids at a time: no index grows with each entry, and no filter makes a page read them all.
    """
    (last,) = one(sql("SELECT last_value FROM consent_entry_id_seq"))
    top = last + 1 if below is None else min(below, last + 1)
    rows = ConsentEntry.objects.filter(**wanted).order_by("-id")
    rows = rows.select_related("purpose", "topic", "source", "profile")
    found: list[ConsentEntry] = []
    for _window in range(WINDOWS):
        floor = max(top - WINDOW, 1)
        found += rows.filter(id__gte=floor, id__lt=top)[: limit - len(found)]
        if len(found) == limit:
            return LedgerPage(found, found[-1].id)
        if floor == 1:
            return LedgerPage(found, None)
        top = floor
    return LedgerPage(found, top, is_cut=True)

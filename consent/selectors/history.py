"""What a person said, now and as of a moment; who was permitted at a moment."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from config.postgres.sql import Sql, sql
from consent.folding import BLOCKING, OWN_ACTS, Entry, standing
from consent.models import ConsentEntry, ConsentState, Purpose

Key = tuple[int, str, str, int]  # purpose, channel, contact point, topic (0: the whole purpose)


def states_of(profile_id: int, as_of: datetime | None = None) -> list[ConsentEntry]:
    """The entry that stands for each permission that was ever stated; two queries.

    As of a moment the ledger up to it is folded again, by what was recorded until then.
    """
    entries = ConsentEntry.objects.filter(profile_id=profile_id).select_related(
        "purpose", "topic", "source"
    )
    if as_of is None:
        chosen = RawSQL("SELECT entry_id FROM consent_state WHERE profile_id = %s", [profile_id])
        return sorted(entries.filter(id__in=chosen), key=_position)
    rows = list(entries.filter(at__lte=as_of, recorded_at__lte=as_of, outcome="recorded"))
    return sorted(fold_rows(rows), key=_position)


def _position(entry: ConsentEntry) -> tuple[int, str, str, int]:
    return (entry.purpose.position, entry.channel, entry.contact_point, entry.topic_id or 0)


def fold_rows(rows: Iterable[ConsentEntry]) -> list[ConsentEntry]:
    """The entries that stand among the recorded ones of one person, by `folding.standing`."""
    by_key: dict[Key, list[ConsentEntry]] = defaultdict(list)
    by_id = {}
    for row in rows:
        by_key[(row.purpose_id, row.channel, row.contact_point, row.topic_id or 0)].append(row)
        by_id[row.pk] = row
    stands: dict[Key, Entry] = {}
    for key in sorted(by_key, key=lambda key: (key[2] != "") + (key[3] != 0)):
        found = standing(map(plain, by_key[key]), _refused_wider(key, stands))
        if found:
            stands[key] = found
    return [by_id[number] for number in dict.fromkeys(entry.id for entry in stands.values())]


def _refused_wider(key: Key, stands: dict[Key, Entry]) -> Entry | None:
    purpose, channel, point, topic = key
    wider = {(purpose, channel, p, t) for p in ("", point) for t in (0, topic)} - {key}
    refusals = [stands[k] for k in wider if k in stands and stands[k].status in BLOCKING]
    return max(refusals, key=lambda entry: (entry.at, entry.id), default=None)


def plain(row: ConsentEntry) -> Entry:
    """A ledger row as the rule looks at it."""
    return Entry(row.pk, row.status, row.at, row.evidence)


def history_of(profile_id: int) -> QuerySet[ConsentEntry]:
    """Everything that was ever said, newest first, claims that do not count included."""
    rows = ConsentEntry.objects.filter(profile_id=profile_id)
    return rows.select_related("purpose", "topic", "source").order_by("-at", "-id")


def current(profile_id: int) -> QuerySet[ConsentState]:
    """The derived rows of one person."""
    return ConsentState.objects.filter(profile_id=profile_id)


_PERMITTED = """
SELECT e.profile_id FROM consent_entry e
WHERE e.purpose_id = {purpose} AND e.channel = {channel} AND coalesce(e.topic_id, 0) = ANY({topics})
  AND e.at <= {as_of} AND e.permits
  AND NOT EXISTS (
    SELECT 1 FROM consent_entry w
    WHERE w.profile_id = e.profile_id AND w.purpose_id = e.purpose_id
      AND w.channel = e.channel AND w.contact_point IN ('', e.contact_point)
      AND coalesce(w.topic_id, 0) = ANY({topics}) AND w.at <= {as_of} AND w.outcome = 'recorded'
      AND (w.status = 'expired' AND w.at >= e.at
           OR w.status = ANY({blocking}) AND NOT EXISTS (
                SELECT 1 FROM consent_entry a
                WHERE a.profile_id = e.profile_id AND a.purpose_id = e.purpose_id
                  AND a.channel = e.channel AND a.contact_point = e.contact_point
                  AND a.topic_id IS NOT DISTINCT FROM e.topic_id AND a.permits
                  AND a.evidence->>'act' = ANY({acts}) AND a.at > w.at AND a.at <= e.at)))
"""


def permitted_as_of(purpose: Purpose, channel: str, topic_id: int | None, as_of: datetime) -> Sql:
    """The ids of people for whom a grant stood at `as_of`, from the ledger.

    The rule of `folding.standing` for one purpose and channel at once: a grant with no refusal
    after it, and none before it either unless it (or a grant between) was an own act.
    """
    return sql(
        _PERMITTED,
        purpose=purpose.pk,
        channel=channel,
        topics=[0, topic_id] if topic_id else [0],
        as_of=as_of,
        blocking=list(BLOCKING),
        acts=list(OWN_ACTS),
    )

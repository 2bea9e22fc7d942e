"""Why somebody got nothing, with what shows it: the sub-reason that the gate gave, when it was said
and the entry of the ledger, or the suppression, that says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import Message
from campaigns.models.message import MessageReason, MessageState
from consent.models import ConsentEntry, Suppression
from profiles.models import Profile
from profiles.people.lineage import ever_of

_OF_A_LIST = frozenset(Suppression.Reason.values)
SUPPRESSED, NO_PERMISSION = MessageReason.SUPPRESSED.value, MessageReason.NO_PERMISSION.value


@dataclass(frozen=True)
class WhyNot:
    """`detail` is a word of `consent.reach.refusing` or of the gate, or a frozen person's state.

    `decided_at` is when the gate said so; `at` when that was said which it went by.
    """

    reason: str
    detail: str
    decided_at: datetime
    entry: ConsentEntry | None = None
    suppression: Suppression | None = None

    @property
    def at(self) -> datetime | None:
        """When it was said; None where nothing was, or what was said is gone."""
        if self.entry is not None:
            return self.entry.at
        return self.suppression.created_at if self.suppression else None


def why_not(rows: Sequence[Message], people: Mapping[int, Profile]) -> dict[int, WhyNot]:
    """By message, of those that were not sent; `people` says whose each is today.

    Three queries at most. A suppression that was lifted since is not there any more.
    """
    out = [row for row in rows if row.state == MessageState.EXCLUDED]
    entries = _entries(out, people)
    named = {row.said_id for row in out if row.reason == SUPPRESSED and row.said_id}
    lists = Suppression.objects.in_bulk(named) if named else {}
    return {
        row.pk: WhyNot(
            row.reason,
            row.detail,
            row.decided_at or row.queued_at,
            entries.get(row.said_id or 0) if row.reason == NO_PERMISSION else None,
            lists.get(row.said_id or 0) if row.reason == SUPPRESSED else None,
        )
        for row in out
    }


def _entries(rows: Sequence[Message], people: Mapping[int, Profile]) -> dict[int, ConsentEntry]:
    """An entry stands under who the person was when the gate decided, whoever they are today."""
    found = [row for row in rows if row.reason == NO_PERMISSION and row.said_id]
    if not found:
        return {}
    ever = ever_of({people[row.pk].pk for row in found})
    wanted = ConsentEntry.objects.filter(
        profile_id__in=sorted({number for all_of in ever.values() for number in all_of}),
        id__in=sorted({row.said_id for row in found if row.said_id}),
    )
    return {entry.pk: entry for entry in wanted.select_related("source", "purpose", "topic")}


def said_at(lines: Sequence[tuple[int, str, int | None]]) -> dict[int, datetime]:
    """By profile, when that was said by which the gate leaves somebody out: of lines of (profile,
    detail, entry or suppression). Two queries at most.
    """
    named = [(profile, detail, said) for profile, detail, said in lines if said]
    if not named:
        return {}
    by_list = {said: profile for profile, detail, said in named if detail in _OF_A_LIST}
    by_entry = {said: profile for profile, detail, said in named if detail not in _OF_A_LIST}
    entries = ConsentEntry.objects.filter(profile_id__in=by_entry.values(), id__in=by_entry)
    lists = Suppression.objects.filter(pk__in=by_list)
    found = dict(entries.values_list("profile_id", "at")) if by_entry else {}
    rows = lists.values_list("pk", "created_at") if by_list else ()
    return found | {by_list[number]: at for number, at in rows}

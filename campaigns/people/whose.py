"""All the messages of a person, and whose a message is today.

A message stays under the key under which it was written: the links of a mail name (profile,
message), and the entry that allows it stands under the same profile. So whoever asks by person asks
for all whom they ever were (`profiles.people.lineage`). Where people were taken apart, a message
has gone with its address: `owner_id` then says to whom, whatever its key.
"""

from collections.abc import Sequence
from typing import Final

from django.db.models import Q

from campaigns.models import Message
from config.postgres.sql import Sql, sql
from profiles.models import Profile
from profiles.people.lineage import ever, ever_ids, ids_ever, today, today_of

# SQL: the message `m` (profile_id, owner_id) joined to `h`, so that PERSON is whose it is today
JOIN_OWNER: Final = "JOIN profile h ON h.id = coalesce(m.owner_id, m.profile_id)"
PERSON: Final = today("h")


def written_to(profile_id: int) -> Q:
    """The messages of who this is today, as a condition. One query, for who they ever were."""
    everyone = ever_ids(profile_id)
    return Q(owner_id=None, profile_id__in=everyone) | Q(owner_id__in=everyone)


def written_to_any(profile_ids: Sequence[int]) -> Sql:
    """The same as a test on a row `t` of message, of all these profiles, each for itself."""
    return sql(_WRITTEN_TO_ANY, people=list(profile_ids))


_WRITTEN_TO_ANY = """(t.profile_id = ANY({people}::bigint[]) AND t.owner_id IS NULL
    OR t.owner_id = ANY({people}::bigint[]))"""


def has_message(person: Sql, same: Sql) -> Sql:
    """A test on a person of today (an expression): they have a message `o` of which `same` holds.

    By two look-ups under the keys of all whom they ever were.
    """
    ever = Sql(ids_ever(person.text), person.params * 2)
    return sql(_HAS_MESSAGE, ever=ever, same=same)


_HAS_MESSAGE = """(EXISTS (SELECT 1 FROM message o
        WHERE o.profile_id IN ({ever}) AND o.owner_id IS NULL AND {same})
    OR EXISTS (SELECT 1 FROM message o WHERE o.owner_id IN ({ever}) AND {same}))"""


def messages_by(people: Sql, columns: str) -> Sql:
    """`person_id` and `columns` of message, for each of `people` (a relation, as `ever`'s)."""
    return sql(_MESSAGES_BY, ever=ever(people), columns=Sql(columns))


_MESSAGES_BY = """(SELECT w.person_id, {columns} FROM {ever} w
    JOIN message m ON m.profile_id = w.profile_id AND m.owner_id IS NULL
    UNION ALL SELECT w.person_id, {columns} FROM {ever} w
    JOIN message m ON m.owner_id = w.profile_id)"""


def people_of(rows: Sequence[Message]) -> dict[int, Profile]:
    """By message, whose it is today. `rows` have their profile read; two queries at most."""
    gone = {row.owner_id or row.profile_id for row in rows if _is_another(row)}
    owners = today_of(gone)
    people = Profile.objects.defer("traits").in_bulk(owners.values()) if gone else {}
    return {
        row.pk: people.get(owners.get(row.owner_id or row.profile_id, 0), row.profile)
        for row in rows
    }


def _is_another(row: Message) -> bool:
    return row.owner_id is not None or row.profile.merged_into_id is not None

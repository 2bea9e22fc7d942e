"""Which permission stands: the one answer, as a relation, now or as of any moment.

`standing` says which entry of the ledger stands under each key (person, purpose, channel, contact
point, topic); `fitting` picks which of these answers for an address and a topic. Reach, the gate,
rules, the API, the customer page, the preference page and the expiries all select from here.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from config.postgres.sql import COMMA, UNION_ALL, Sql, every, sql
from consent.ledger.fold import SAID, fold
from consent.models import ConsentEntry, ConsentState

# what says again of a column of profile ids which people it is about, so that it is read by range
Narrow = Callable[[Sql], Sql]
WHOLE = (0,)  # as `topics`: only what is said of purposes as a whole

_STORED = """SELECT e.profile_id, e.purpose_id, e.channel, e.contact_point, e.topic_key, e.entry_id,
 e.status, e.basis, e.source_id, e.at FROM consent_state e WHERE {tests}"""
_KEY = "profile_id, purpose_id, channel, contact_point, topic_key"
_AS_OF = """
WITH told AS MATERIALIZED (
    SELECT t.*, min(t.id) OVER (PARTITION BY {key}) AS key_id,
           (t.contact_point <> '')::int + (t.topic_key <> 0)::int AS depth
    FROM (SELECT e.profile_id, e.purpose_id, e.channel, e.contact_point,
                 coalesce(e.topic_id, 0) AS topic_key, {said}
          FROM consent_entry e
          WHERE e.outcome = 'recorded' AND e.at <= {as_of} AND {tests}) t
), {levels}
SELECT {key}, entry_id, status, basis, source_id, at FROM ({all}) s
"""


def standing(
    people: Sql | None = None,
    as_of: datetime | Sql | None = None,
    *,
    purpose: int | Sql | None = None,
    channel: str | None = None,
    topics: Collection[int] | None = None,
    narrow: Narrow | None = None,
) -> Sql:
    """The permissions that stand (now, by default), a row for each that something is said of.

    A SELECT of `profile_id, purpose_id, channel, contact_point, topic_key, entry_id, status, basis,
    source_id, at`; `topic_key` is 0 for the purpose as a whole. `people` is a relation with a
    column `profile_id` (everyone by default), `topics` says which topics matter. Of now the stored
    state is read; as of a moment the ledger of statements made until then is folded, so that both
    say the same of now.
    """
    about = _about(people, purpose, channel, narrow)
    if as_of is None:
        return sql(_STORED, tests=every([*about, *_of_topics("e.topic_key", topics)]))
    deepest = 1 if topics is not None and set(topics) == set(WHOLE) else 2
    levels = [_level(depth) for depth in range(deepest + 1)]
    return sql(
        _AS_OF,
        key=Sql(_KEY),
        said=SAID,
        as_of=as_of,
        tests=every([*about, *_of_topics("coalesce(e.topic_id, 0)", topics)]),
        levels=COMMA.joined(levels),
        all=_levels(deepest + 1),
    )


def _about(
    people: Sql | None, purpose: int | Sql | None, channel: str | None, narrow: Narrow | None
) -> list[Sql]:
    tests = []
    if purpose is not None:
        tests.append(sql("e.purpose_id = {purpose}", purpose=purpose))
    if channel is not None:
        tests.append(sql("e.channel = {channel}", channel=channel))
    if people is not None:
        tests.append(sql("e.profile_id IN (SELECT profile_id FROM {people} p)", people=people))
    return [*tests, narrow(Sql("e.profile_id"))] if narrow else tests


def _of_topics(column: str, topics: Collection[int] | None) -> list[Sql]:
    if topics is None:
        return []
    if set(topics) == set(WHOLE):
        return [Sql(f"{column} = 0")]
    return [sql("{column} = ANY({topics})", column=Sql(column), topics=sorted(topics))]


def _level(depth: int) -> Sql:
    """What stands among the keys that say so much (address, topic), knowing the wider ones."""
    keys = Sql(f"SELECT DISTINCT {_KEY}, key_id FROM told WHERE depth = {depth}")  # noqa: S608 - ours
    said = Sql(f"SELECT t.* FROM told t WHERE t.depth = {depth}")  # noqa: S608
    wider = _levels(depth) if depth else Sql("SELECT * FROM consent_state WHERE FALSE")
    return sql(
        "level_{n} AS MATERIALIZED ({fold})",
        n=Sql(str(depth)),
        fold=fold(keys, said, sql("({wider})", wider=wider)),
    )


def _levels(count: int) -> Sql:
    """What stands on so many levels: of a key of which nothing is said any more there is no row."""
    stands = (f"SELECT * FROM level_{n} WHERE entry_id IS NOT NULL" for n in range(count))  # noqa: S608
    return UNION_ALL.joined(map(Sql, stands))


def standing_entries() -> QuerySet[ConsentEntry]:
    """The entries that stand now, as a query set."""
    states = ConsentState.objects.filter(profile_id=OuterRef("profile_id"), entry_id=OuterRef("id"))
    return ConsentEntry.objects.filter(Exists(states))

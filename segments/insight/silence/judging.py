"""When something that came is said to have fallen silent, or to have changed.

An event is silent when it has not come for twice its longest pause of the last 28 days, and for six
hours at least; of fewer than 20 in that time nothing can be said. A property (of the newest events)
or a trait (of the newest people) is missing when so many should have it that ten would be expected,
and a tenth of that have; it is of another type when four of five had one type before, and one of
five at most has it now.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from config.postgres.sql import Sql, run, sql
from profiles.people.lineage import usable

LOOK_BACK: Final = timedelta(days=28)
LEAST_PAUSE: Final = timedelta(hours=6)
TIMES_ITS_PAUSE: Final = 2
LEAST_EVENTS: Final = 20
NEW_DAYS: Final = timedelta(days=7)  # what is older is how it was before
NEWEST, EARLIER = 100, 1_000  # rows that are looked at
EXPECTED: Final = 10
A_TENTH, MOSTLY, SELDOM = 0.1, 0.8, 0.2
LEAST_VALUES: Final = 20

_HOURS = """
SELECT e.name, array_agg(DISTINCT date_trunc('hour', e.occurred_at)), count(*), max(e.occurred_at)
FROM event e WHERE e.name = ANY({names}::text[]) AND e.occurred_at >= {start} GROUP BY e.name
"""
_TYPES = """
SELECT k.name, coalesce(jsonb_typeof(few.it -> k.name), ''), count(*)
FROM ({few}) few CROSS JOIN unnest({names}::text[]) AS k(name) GROUP BY 1, 2
"""
_EVENTS = """
SELECT e.properties AS it FROM event e WHERE e.name = {event} AND {when}
ORDER BY e.occurred_at DESC LIMIT {most}
"""
_PEOPLE = f"""
SELECT p.traits AS it FROM profile p WHERE {usable()} AND {{when}}
ORDER BY p.first_seen DESC LIMIT {{most}}
"""  # noqa: S608 - pieces of ours


@dataclass(frozen=True)
class Pause:
    """How long an event has not come, and its longest pause before; seconds."""

    name: str
    last_at: datetime
    lasted: float
    usual: float


@dataclass(frozen=True)
class TypesSeen:
    """Of a name, which types its values had before and have now; "" is none at all."""

    name: str
    before: Mapping[str, int]
    now: Mapping[str, int]


def silent(names: Sequence[str], now: datetime) -> list[Pause]:
    """Those of these events that came no more. One query over an index."""
    start = now - LOOK_BACK
    rows = run(sql(_HOURS, names=list(names), start=start)) if names else []
    found = []
    for name, hours, count, last_at in rows:
        if count < LEAST_EVENTS:
            continue
        ordered = sorted(hours)
        pauses = [b - a for a, b in zip(ordered, ordered[1:], strict=False)]
        usual = max(pauses, default=timedelta())
        if now - last_at > max(LEAST_PAUSE, TIMES_ITS_PAUSE * usual):
            lasted = (now - last_at).total_seconds()
            found.append(Pause(name, last_at, lasted, usual.total_seconds()))
    return found


def shapes_of_event(event: str, names: Sequence[str], now: datetime) -> list[TypesSeen]:
    """Of these properties, in the newest events and in those of a week before and earlier. Two
    queries.
    """
    old = sql("e.occurred_at < {day} AND e.occurred_at >= {start}",
              day=now - NEW_DAYS, start=now - NEW_DAYS - LOOK_BACK)  # fmt: skip
    new = sql("e.occurred_at >= {day}", day=now - NEW_DAYS)
    of = {"event": event}
    return _shapes(
        sql(_EVENTS, when=old, most=EARLIER, **of), sql(_EVENTS, when=new, most=NEWEST, **of), names
    )


def shapes_of_people(names: Sequence[str], now: datetime) -> list[TypesSeen]:
    """Of these traits, of people who are new and of those who were before. Two queries."""
    old = sql("p.first_seen < {day} AND p.first_seen >= {start}",
              day=now - NEW_DAYS, start=now - NEW_DAYS - LOOK_BACK)  # fmt: skip
    new = sql("p.first_seen >= {day}", day=now - NEW_DAYS)
    return _shapes(sql(_PEOPLE, when=old, most=EARLIER), sql(_PEOPLE, when=new, most=NEWEST), names)


def _shapes(before: Sql, now: Sql, names: Sequence[str]) -> list[TypesSeen]:
    if not names:
        return []
    was, there = _types(before, names), _types(now, names)
    return [TypesSeen(name, was.get(name, {}), there.get(name, {})) for name in names]


def _types(few: Sql, names: Sequence[str]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for name, type_, n in run(sql(_TYPES, few=few, names=list(names))):
        kind = "" if type_ == "null" else type_
        found.setdefault(name, Counter())[kind] += int(n)
    return found


def is_missing(shape: TypesSeen) -> bool:
    """Whether far fewer have a value than had one."""
    before, now = _share(shape.before), _share(shape.now)
    expected = before * sum(shape.now.values())
    return expected >= EXPECTED and now <= A_TENTH * before


def other_type(shape: TypesSeen) -> tuple[str, str] | None:
    """The usual type of before and that of now, where they are not the same."""
    before, now = _values(shape.before), _values(shape.now)
    if sum(before.values()) < LEAST_VALUES or sum(now.values()) < LEAST_VALUES:
        return None
    (was, n), (is_now, _m) = before.most_common(1)[0], now.most_common(1)[0]
    if n < MOSTLY * sum(before.values()) or now[was] > SELDOM * sum(now.values()):
        return None
    return was, is_now


def _values(types: Mapping[str, int]) -> Counter[str]:
    return Counter({type_: n for type_, n in types.items() if type_})


def _share(types: Mapping[str, int]) -> float:
    total = sum(types.values())
    return sum(_values(types).values()) / total if total else 0.0

"""`event_state`, made anew of the events that are left: exact, whatever comes in meanwhile.

There is one meaning of it: what the events that are there come to. A merge and its undoing derive
it the same way, so that a sum that outlived its events would be lost with the next of them.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from profiles.identity import keys
from profiles.models import EventDefinition
from profiles.people.lineage import today_of

_DROP: Final = """
DELETE FROM event_state s USING unnest(%(people)s::bigint[], %(names)s::text[]) AS g(person, name)
WHERE s.profile_id = g.person AND s.name = g.name
"""
_ANEW: Final = """
INSERT INTO event_state (profile_id, name, count, sum, first_at, last_at)
SELECT place.owner, e.name, count(*), coalesce(sum(e.value), 0), min(e.occurred_at),
       max(e.occurred_at)
FROM (SELECT g.person AS id, g.person AS owner, g.name
      FROM unnest(%(people)s::bigint[], %(names)s::text[]) AS g(person, name)
      UNION ALL
      SELECT a.profile_id, a.survivor_id, g.name
      FROM unnest(%(people)s::bigint[], %(names)s::text[]) AS g(person, name)
      JOIN alias_pending a ON a.survivor_id = g.person
     ) AS place
JOIN event e ON e.profile_id = place.id AND e.name = place.name
GROUP BY place.owner, e.name ORDER BY 1, 2
"""


def conversions() -> set[str]:
    """The names whose sums are kept."""
    return set(EventDefinition.objects.filter(is_conversion=True).values_list("name", flat=True))


@contextmanager
def set_right(cursor: Any, names: Mapping[int, set[str]]) -> Iterator[None]:
    """Whatever goes inside of these people's events, their sums are right at the end.

    People by the number under which their events lie. In the caller's transaction; who has a sum of
    one of these names is locked by their identifiers, as a batch and a merge lock them.
    """
    kept = conversions()
    counted = {person: of & kept for person, of in names.items() if of & kept}
    today = _held(cursor, list(counted)) if counted else {}
    yield
    pairs = sorted({(today[person], name) for person, of in counted.items() for name in of})
    if pairs:
        people, wanted = zip(*pairs, strict=True)
        given = {"people": list(people), "names": list(wanted)}
        cursor.execute(_DROP, given)
        cursor.execute(_ANEW, given)


def _held(cursor: Any, people: Collection[int]) -> dict[int, int]:
    """Who these are today, locked; nobody of them is merged from here on."""
    while True:
        today = today_of(people)
        keys.hold(cursor, set(today.values()))
        if today_of(people) == today:
            return today

"""Names that come from outside: of events and of traits; who made them, and how many a day.

Anybody with a public key can make names up. They may say them, and the calls are kept; but what the
pickers offer is bounded: so many new names a source and day (`limits.MAX_NAMES_A_DAY`), after those
that a source of ours said, and an admin can hide any.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from profiles.calls import limits
from profiles.calls.messages import Origin

MADE_TODAY = """
    SELECT made_by_id, count(*) FROM {table}
    WHERE made_by_id = ANY(%s) AND NOT is_proven AND made_at > now() - interval '1 day' GROUP BY 1
"""
SELECT_TRAITS = "SELECT name, is_proven FROM trait_name WHERE name = ANY(%s)"
UPSERT_TRAITS = """
    INSERT INTO trait_name (name, is_proven, is_hidden, made_by_id, made_at)
    SELECT name, proven, false, source_id, now()
    FROM unnest(%s::text[], %s::boolean[], %s::bigint[]) AS said(name, proven, source_id)
    ON CONFLICT (name) DO UPDATE SET is_proven = trait_name.is_proven OR EXCLUDED.is_proven
"""


@dataclass
class Names:
    """What a batch says of the names of one table; `known` are those there, and whether proven."""

    table: str
    known: dict[str, bool] = field(default_factory=dict)
    said: dict[str, Origin] = field(default_factory=dict)  # by the most trusted that said it

    def note(self, name: str, source: Origin) -> None:
        """One call has this name."""
        before = self.said.get(name)
        if before is None or (source.is_verified and not before.is_verified):
            self.said[name] = source

    def is_news(self, name: str) -> bool:
        """Whether the name is new, or a source of ours says it for the first time."""
        known = self.known.get(name)
        return known is None or (not known and self.said[name].is_verified)

    def refused(self, cursor: Any) -> dict[str, Origin]:
        """New names of public keys that have made enough today. At most one query."""
        new: Mapping[str, Origin] = {
            name: source
            for name, source in self.said.items()
            if name not in self.known and not source.is_verified
        }
        if not new:
            return {}
        cursor.execute(
            MADE_TODAY.format(table=self.table), [sorted({one.id for one in new.values()})]
        )
        made = Counter(dict(cursor.fetchall()))
        found = {}
        for name, source in sorted(new.items()):
            made[source.id] += 1
            if made[source.id] > limits.MAX_NAMES_A_DAY:
                found[name] = source
        return found


def save_traits(cursor: Any, said: Iterable[tuple[str, Origin]]) -> dict[str, Origin]:
    """Keep the names of these traits; those that were too many. One query where none is new."""
    names = Names("trait_name")
    for name, source in said:
        names.note(name, source)
    if not names.said:
        return {}
    cursor.execute(SELECT_TRAITS, [sorted(names.said)])
    names.known = dict(cursor.fetchall())
    news = [name for name in sorted(names.said) if names.is_news(name)]
    refused = names.refused(cursor)
    rows = [
        (name, names.said[name].is_verified, names.said[name].id)
        for name in news
        if name not in refused
    ]
    if rows:
        cursor.execute(UPSERT_TRAITS, [list(column) for column in zip(*rows, strict=True)])
    return refused

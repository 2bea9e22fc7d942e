"""What a source had said of a trait before it said something else: value, time set, time replaced.

What the database has is noted by the statement that replaces it (`NOTE`); what one batch both says
and replaces, by `write`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from config.postgres.wire import copy, json_text, moment, text

At = tuple[int, str, int, int]  # profile, name, source, identifier

COLUMNS = "profile_id, name, source_id, identifier_id, value, set_at, replaced_at"
# Of the statements `given`: the value of before where another takes its place, or, of one that
# comes late, that which has its place taken already.
NOTE = f"""
    INSERT INTO trait_history ({COLUMNS})
    SELECT t.profile_id, t.name, t.source_id, t.identifier_id,
           CASE WHEN t.set_at <= g.set_at THEN t.value ELSE g.value END,
           least(coalesce(t.since, t.set_at), g.since),
           greatest(coalesce(t.since, t.set_at), g.since)
    FROM given g JOIN profile_trait t ON t.profile_id = g.profile_id AND t.name = g.name
     AND t.source_id = g.source_id AND t.identifier_id = g.identifier_id
    WHERE t.value <> g.value
      AND (t.set_at <= g.set_at OR g.since < coalesce(t.since, t.set_at))
"""  # noqa: S608 - column names of ours
_encode = msgspec.json.encode


class Told(NamedTuple):
    """One of several statements of a batch about the same."""

    set_at: datetime
    order: int
    value: Any


class Stretch(NamedTuple):
    """How long a value was said."""

    value: Any
    since: datetime
    until: datetime


def write(cursor: Any, told: Mapping[At, Sequence[Told]]) -> None:
    """Keep what a batch says of these and replaces. One COPY where there is any."""
    copy(
        cursor,
        "trait_history",
        COLUMNS,
        (
            f"{profile}\t{text(name)}\t{source}\t{identifier}\t{json_text(_encode(one.value))}"
            f"\t{moment(one.since)}\t{moment(one.until)}"
            for (profile, name, source, identifier), each in told.items()
            for one in stretches(each)
        ),
    )


def since(told: Sequence[Told], value: Any, set_at: datetime) -> datetime:
    """When the `value` that a batch says last, at `set_at`, was said first in it."""
    first = set_at
    for one in sorted(told, key=lambda one: one[:2], reverse=True):
        if one.value != value:
            break
        first = one.set_at
    return first


def stretches(told: Sequence[Told]) -> Iterator[Stretch]:
    """The values but for the last, each until the next."""
    ordered = sorted(told, key=lambda one: one[:2])
    start = ordered[0]
    for one in ordered[1:]:
        if one.value != start.value:
            yield Stretch(start.value, start.set_at, one.set_at)
            start = one

"""Tells those who keep something derived which profiles changed, and what about them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from django.db import connection

from config.workspace.registry import Registry
from config.workspace.work import due

MAX_IDS = 5000
ANYTHING: Final = "*"  # it may matter to every rule (a merge, an import)
# function("event:NAME" or "trait:NAME"): what was derived by its definition of before is made anew
REDEFINED: Registry[Callable[[str], None]] = Registry("what follows from a changed definition")
NEW_PERSON: Final = "profile:new"  # of somebody who was not there before


def redefined(name: str) -> None:
    """After a definition was changed, in its transaction."""
    for _name, follow in REDEFINED:
        follow(name)


def keys_of(prefix: str, names: Iterable[str]) -> list[str]:
    """What those of `names` that begin with `prefix` name: "a" of `segment:a`."""
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def announce(profile_ids: Iterable[int], names: Iterable[str]) -> None:
    """Write down, in the transaction that made the change, that it was the same for all these.

    `names` is what may matter to a rule: `event:Order Completed`, `trait:plan`, `profile:country`,
    `consent`, `segment:slug`. One statement; wakes the segments' work after commit.
    """
    what = frozenset(names)
    announce_each(dict.fromkeys(profile_ids, what))


def announce_each(changed: Mapping[int, Collection[str]]) -> None:
    """The same where each person (by profile id) has names of their own; one statement.

    Those whose names are the same share a row.
    """
    alike: dict[frozenset[str], list[int]] = {}
    for profile_id, names in changed.items():
        if names:
            alike.setdefault(frozenset(names), []).append(profile_id)
    rows = [
        (ids[start : start + MAX_IDS], sorted(names))
        for names, ids in ((names, sorted(ids)) for names, ids in alike.items())
        for start in range(0, len(ids), MAX_IDS)
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO profile_change (profile_ids, names, created_at) VALUES (%s, %s, now())",
            rows,
        )
    due.wake("segments")

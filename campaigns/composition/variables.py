"""The names that content may use of a person, and which of them nobody has.

A name is known where one of these has it: the fixed data of every mail (`sender.name`,
`profile.country`, ...), a trait that Segment's specification reserves, a computed trait, or the
traits of anybody.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from django.db import connection

from profiles.people.lineage import usable
from segments.rules.computed import definitions

ROOTS: Final = ("traits", "customer", "person")  # each holds the traits
PROFILE: Final = ("id", "name", "locale", "country", "time_zone", "lifecycle")
FIXED: Final = (
    *(f"profile.{name}" for name in PROFILE),
    "sender.name",
    "sender.address",
    "workspace.name",
    "customer.name",
    "postal_address",
    "unsubscribe_url",
    "preferences_url",
    "why_url",
)
# https://segment.com/docs/connections/spec/identify/#traits, in the spellings that sources use
RESERVED: Final = (
    "address", "age", "avatar", "birthday", "city", "company", "country", "createdAt",
    "created_at", "description", "email", "firstName", "first_name", "gender", "id", "language",
    "lastName", "last_name", "locale", "logins", "name", "phone", "plan", "title", "username",
    "website",
)  # fmt: skip
OF_LISTS: Final = ("size", "first", "last")
NEWEST: Final = 2_000  # people whose traits are offered as the nearest name
MOST: Final = 60  # names that are looked up
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(?:'([^']*)'|\"([^\"]*)\"|(-?\d+))\]|.", re.DOTALL)


@dataclass(frozen=True)
class ContentName:
    """A name as content writes it, and the path of the trait that it reads ("" for none)."""

    written: str
    trait: tuple[str, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """Whether it reads no trait."""
        return not self.trait


def name_of(written: str) -> ContentName:
    """`customer.address.city` reads ("address", "city"); of a list only the list is looked at."""
    path = _path(written)
    if path and path[0] in ROOTS:
        path = path[1:]
        if path[:1] == ["name"] and written.startswith("customer"):
            return ContentName(written)
    elif path and path[0] in ("profile", "sender", "workspace") or written in FIXED:
        return ContentName(written)
    return ContentName(written, tuple(path))


def _path(written: str) -> list[str]:
    path: list[str] = []
    for plain, single, double, number in _STEP.findall(written):
        step = plain or single or double
        if number or not step or (path and step in OF_LISTS):
            break
        path.append(step)
    return path


@dataclass(frozen=True)
class Unknown:
    """A name that nobody has, and the nearest that is known ("" for none)."""

    written: str
    nearest: str = ""


_HAD = f"""
SELECT n FROM unnest(%s::int[], %s::text[]) AS g(n, path)
WHERE EXISTS (SELECT 1 FROM profile p
              WHERE {usable()} AND p.traits #> g.path::text[] IS NOT NULL)
"""  # noqa: S608 - pieces of ours
_ANY = f"SELECT EXISTS (SELECT 1 FROM profile p WHERE {usable()} AND traits <> '{{}}')"  # noqa: S608
_TRAITS = f"""
SELECT DISTINCT k FROM (SELECT traits FROM profile p WHERE {usable()}
                        ORDER BY last_seen DESC, id DESC LIMIT %s) few, jsonb_object_keys(traits) k
"""  # noqa: S608 - pieces of ours


def unknown_names(written: Sequence[str]) -> list[Unknown]:
    """Those of `written` that nobody has, with the nearest known name; at most four queries.

    A name that nobody has costs one scan of the people. Without any people nothing can be told.
    """
    names = [name_of(one) for one in written[:MOST]]
    lost = [name for name in names if name.is_fixed and not _is_given(name.written)]
    computed = definitions()
    asked = [
        n for n in names if not n.is_fixed and not _is_reserved(n) and n.trait[0] not in computed
    ]
    with connection.cursor() as cursor:
        if asked:
            cursor.execute(_HAD, [list(range(len(asked))), [_array(name.trait) for name in asked]])
            had = {number for (number,) in cursor.fetchall()}
            lost += [name for number, name in enumerate(asked) if number not in had]
        if not lost:
            return []
        cursor.execute(_ANY)
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(_TRAITS, [NEWEST])
        traits = sorted({name for (name,) in cursor.fetchall()} | computed.keys())
    return [Unknown(name.written, _nearest(name.written, traits)) for name in lost]


def _is_given(written: str) -> bool:
    return written in FIXED or written in ("profile", "sender", "workspace", *ROOTS)


def _is_reserved(name: ContentName) -> bool:
    return len(name.trait) == 1 and name.trait[0] in RESERVED


def _array(path: Sequence[str]) -> str:
    """As PostgreSQL writes an array of texts."""
    quoted = (step.replace("\\", "\\\\").replace('"', '\\"') for step in path)
    return "{%s}" % ",".join(f'"{step}"' for step in quoted)  # noqa: UP031 - braces


def _nearest(written: str, traits: Sequence[str]) -> str:
    """Spelling alone may differ: `FirstName` is nearest to `first_name`."""
    root, dot, rest = written.partition(".")
    before = f"{root}." if dot and root in ROOTS else ""
    wanted = rest if before else written
    known = {_plain(name): name for name in (*reversed(RESERVED), *FIXED, *traits)}
    found = get_close_matches(_plain(wanted), known, n=1, cutoff=0.7)
    return before + known[found[0]] if found else ""


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()

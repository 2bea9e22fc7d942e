"""How much may be said of one person: a name too long, a value too large, too many, too much.

Who holds a public key can say anything of anybody. So what a browser or an app says gets the
smaller part of the room (`limits.MAX_TRAITS`): however much that is, our own systems find theirs.
A trait that is there already may change; what is refused is counted as a data warning and stays in
the call itself.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from profiles.calls import limits
from profiles.traits.statements import Said, Statements

_encode = msgspec.json.encode
Key = tuple[int, str, int, int]


class RefusedStatement(NamedTuple):
    """A statement that was not taken, why (name, size, number or total), and of which trait."""

    said: Said
    why: str
    name: str


def bound(said: Statements, before: Mapping[int, Mapping[str, Any]]) -> list[RefusedStatement]:
    """Take out of `said` what is too much; `before` are the traits of the people who were there.

    No query.
    """
    by_person: dict[int, list[Key]] = defaultdict(list)
    refused: list[RefusedStatement] = []
    for key, one in list(said.items()):
        why = _too_large(key[1], one.value)
        if why:
            refused.append(RefusedStatement(said.pop(key), why, key[1]))
        else:
            by_person[key[0]].append(key)
    for person, keys in by_person.items():
        refused += _bound_person(said, keys, before.get(person, {}))
    return refused


def _too_large(name: str, value: Any) -> str:
    if len(name) > limits.MAX_TRAIT_NAME:
        return "name"
    plain = value is None or isinstance(value, bool | int | float)
    small = plain or (isinstance(value, str) and len(value) * 6 < limits.MAX_TRAIT_BYTES)
    return "" if small or len(_encode(value)) <= limits.MAX_TRAIT_BYTES else "size"


def _bound_person(
    said: Statements, keys: list[Key], before: Mapping[str, Any]
) -> list[RefusedStatement]:
    if len(before) + len(keys) <= limits.MAX_TRAITS[0] and _fits_easily(said, keys, before):
        return []
    refused = []
    names, total = set(before), len(_encode(before))
    for key in sorted(keys, key=lambda key: (not said[key].is_trusted, said[key].order)):
        one, name = said[key], key[1]
        is_new = one.value is not None and name not in names
        size = len(_encode(one.value)) + len(name.encode()) + 4 if one.value is not None else 0
        if is_new and len(names) >= limits.MAX_TRAITS[one.is_trusted]:
            refused.append(RefusedStatement(said.pop(key), "number", name))
        elif size and total + size > limits.MAX_TRAITS_BYTES[one.is_trusted]:
            refused.append(RefusedStatement(said.pop(key), "total", name))
        else:
            names.add(name)
            total += size if is_new else max(size - len(_encode(before.get(name))), 0)
    return refused


def _fits_easily(said: Statements, keys: list[Key], before: Mapping[str, Any]) -> bool:
    """Whether even all together are far from the limit; the usual case, and the cheap one."""
    room = limits.MAX_TRAITS_BYTES[0]
    if (len(before) + len(keys)) * limits.MAX_TRAIT_BYTES <= room:
        return True
    size = len(_encode(before)) if before else 0
    return size + sum(len(_encode(said[key].value)) + len(key[1]) * 4 + 4 for key in keys) <= room

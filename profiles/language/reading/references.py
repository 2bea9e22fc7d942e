"""What is named of other objects: noted while reading, looked up in a second step."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Lookup:
    """A kind of thing that can be named.

    `find(keys)`: those that are there, with what is to be known of them, their labels as a rule, in
    one query; `missing(key)`: how it is said that one is not, with `code` as the word for machines;
    None where it need not be there.
    """

    code: str
    find: Callable[[Collection[str]], Mapping[str, Any]]
    missing: Callable[[str], str] | None = None


@dataclass(frozen=True)
class Reference:
    """A name, and where it stands."""

    path: str
    lookup: Lookup
    key: str


@dataclass
class FoundNames:
    """What was named, with what is known of it."""

    known: dict[Lookup, Mapping[str, Any]] = field(default_factory=dict)

    def label(self, lookup: Lookup, key: str) -> str:
        """What it is called; its key, where that is not known."""
        return str(self.known.get(lookup, {}).get(key, key))

    def thing(self, lookup: Lookup, key: str) -> Any:
        """What is known of it; None where it is not there."""
        return self.known.get(lookup, {}).get(key)

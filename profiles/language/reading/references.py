"""What is named of other objects: noted while reading, looked up in a second step."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Lookup:
    """A kind of thing that can be named.

    `find(keys)`: those that are there, with their labels, in one query; `missing(key)`: how it is
    said that one is not, with `code` as the word for machines.
    """

    code: str
    find: Callable[[Collection[str]], Mapping[str, str]]
    missing: Callable[[str], str]


@dataclass(frozen=True)
class Reference:
    """A name, and where it stands."""

    path: str
    lookup: Lookup
    key: str


@dataclass
class FoundNames:
    """The labels of what was named."""

    labels: dict[Lookup, Mapping[str, str]] = field(default_factory=dict)

    def label(self, lookup: Lookup, key: str) -> str:
        """What it is called; its key, where that is not known."""
        return self.labels.get(lookup, {}).get(key, key)

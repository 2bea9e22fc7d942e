"""The one kind of registry through which a higher app signs in at a lower one."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Named entries in order of `order`, then of registration."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._entries: dict[str, tuple[int, Entry]] = {}

    def register(self, name: str, *, order: int = 0) -> Callable[[Entry], Entry]:
        """Sign `entry` in under `name`. Raises ValueError when the name is taken."""

        def sign_in(entry: Entry) -> Entry:
            if name in self._entries and self._entries[name][1] is not entry:
                raise ValueError(f"{self.what}: {name!r} is registered already")
            self._entries[name] = (order, entry)
            return entry

        return sign_in

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        ordered = sorted(self._entries.items(), key=lambda item: item[1][0])
        return iter((name, entry) for name, (_, entry) in ordered)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def get(self, name: str) -> Entry | None:
        """The entry of that name, or None."""
        found = self._entries.get(name)
        return found[1] if found else None

    def names(self) -> list[str]:
        """All names, in order."""
        return [name for name, _ in self]

"""Where each app says what a merge does to its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from config.workspace.registry import Registry
from profiles.identity.moving import Pair
from profiles.models import Merge


class Merger(Protocol):
    """What an app does about its own rows when people are merged or a merge is undone."""

    def merge(self, cursor: Any, pairs: Sequence[Pair]) -> Mapping[int, Any]:
        """Move the rows of `pair.absorbed` to `pair.survivor`, set-based, in the transaction.

        Several pairs may have one survivor; nobody is survivor and absorbed at once. Returns, by
        absorbed id, what `undo` needs (JSON), kept in `merge.snapshot` under the app's name.
        """

    def undo(self, cursor: Any, merge: Merge, snapshot: Any) -> None:
        """Put the rows of `merge.absorbed_id` back; the survivor is `merge.survivor_id`."""


MERGERS: Registry[Merger] = Registry("mergers")


@dataclass(frozen=True)
class Parting:
    """A call that was taken apart from who had taken it in."""

    owner: int  # keeps what was there before
    person: int  # was made for what the call had brought
    points: frozenset[str]  # normalised contact points that are this person's now


# name -> function(cursor, parting): what an app does about its rows, in the transaction
PARTERS: Registry[Callable[[Any, Parting], None]] = Registry("parters")

"""Where each app says what a merge does to its rows, and what taking people apart does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models

from config.workspace.registry import Registry
from profiles.merging.moving import Pair
from profiles.models import Merge


@dataclass(frozen=True)
class Parting:
    """People who were taken apart: an undone merge, or a call from who had taken it in."""

    merge: Merge
    owner: int  # who they were as one, and who keeps what was there before
    person: int  # stands again, or was made for what a call had brought
    identifiers: frozenset[int] = frozenset()  # ids of those that are this person's now
    points: frozenset[str] = frozenset()  # the normalised contact points among them

    @property
    def is_undone_merge(self) -> bool:
        """Whether this person was one before."""
        return self.merge.kind == Merge.Kind.MERGE


class Merger(Protocol):
    """What an app does about its own rows when people are merged or taken apart."""

    @property
    def tables(self) -> Sequence[type[models.Model]]:
        """Which it looks after, as they declare."""

    def merge(self, cursor: Any, pairs: Sequence[Pair]) -> Mapping[int, Any]:
        """Do with the rows of `pair.absorbed` what their models declare (`workspace.belonging`).

        Set-based, in the transaction, after profiles' own rows. Several pairs may have one
        survivor; nobody is survivor and absorbed at once. Returns, by absorbed id, what `part`
        needs to know (JSON), kept in `merge.snapshot` under the app's name.
        """

    def part(self, cursor: Any, parting: Parting, snapshot: Any) -> None:
        """Give `parting.person` what is theirs of what `parting.owner` has today.

        In the transaction, after profiles' own rows. `snapshot` is what `merge` kept of this merge,
        None where it kept nothing and for a call taken apart.
        """


MERGERS: Registry[Merger] = Registry("mergers")


def part_all(cursor: Any, parting: Parting) -> None:
    """Every app's rows, in the order of the registry."""
    for name, merger in MERGERS:
        merger.part(cursor, parting, parting.merge.snapshot.get(name))

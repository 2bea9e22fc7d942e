"""The classes of data that a rule may be about: each knows how to count and take its own rows.

An app signs its classes in at `CLASSES`. A class does a portion at a time; the run (`running`)
holds the transaction, keeps where it is, and counts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from config.workspace.registry import Registry
from consent.models import RetentionRule

ROWS: Final = 5_000  # of one portion
FEWEST: Final = 5  # a sum of fewer would be somebody's
DELETE: Final = RetentionRule.Act.DELETE.value
ANONYMISE: Final = RetentionRule.Act.ANONYMISE.value


@dataclass(frozen=True)
class RetentionTerms:
    """What a rule asks at a moment: what is older than `before` (aware) goes.

    `held` are people whose data stays whatever its age, under every number that they ever had.
    `others` are names that have a rule of their own.
    """

    before: datetime
    act: str = DELETE
    name: str = ""
    held: Sequence[int] = ()
    others: Sequence[str] = ()


@dataclass
class DryRunCount:
    """What a run would take. `months` would go whole; `parts` are the largest names of it."""

    rows: int = 0
    people: int | None = None
    oldest: datetime | None = None
    months: list[str] = field(default_factory=list)
    parts: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class TakenPortion:
    """What one portion took. `place` is where to go on; None: nothing is left.

    `waits`: somebody else is in the way (a lock, a transaction that began before).
    """

    rows: dict[str, int] = field(default_factory=dict)
    people: int = 0
    months: list[str] = field(default_factory=list)
    place: dict[str, Any] | None = None
    waits: bool = False


@dataclass(frozen=True)
class Extent:
    """How much there is: an estimate of the rows, their bytes, and the oldest."""

    rows: int
    size: int  # bytes
    oldest: datetime | None = None


@dataclass(frozen=True)
class RetainedClass:
    """One class. `setting` names how long its rows stay at most, in `setting_unit`s: a rule may
    only be shorter. `least_days`: something of ours looks back as far.
    """

    name: str
    label: Any
    explained: Any
    without: Any  # how long it stays where there is no rule
    extent: Callable[[], Extent]
    count: Callable[[RetentionTerms], DryRunCount]
    portion: Callable[[RetentionTerms, Mapping[str, Any]], TakenPortion]
    acts: tuple[str, ...] = (DELETE,)
    has_names: bool = False
    setting: str = ""
    setting_unit: str = "day"
    least_days: int = 1


CLASSES: Registry[RetainedClass] = Registry("classes of data")

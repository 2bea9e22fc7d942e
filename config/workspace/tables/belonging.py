"""What becomes of a person's rows when people are merged, taken apart or erased: said on the model.

Every table that names people declares it as `belongs`, and a test fails where one does not. Merging
and regrouping read it: what is moved and goes by its identifier needs no code of its own; for
anything else the merger that looks after a table names it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_noop


class Merged(Enum):
    """What a merge does with the rows of who is absorbed."""

    MOVED = "moved"  # they are the survivor's: deleted and inserted anew
    SAID_AGAIN = "said again"  # they stay, and new rows that cite them say the same of the survivor
    DERIVED = "derived"  # made anew of what the survivor has then
    KEPT = "kept"  # they stay under the key they were written by: `people.lineage.ever` finds them


class Apart(Enum):
    """What goes to who is taken out of a person again."""

    BY_IDENTIFIER = "by identifier"  # what came by theirs (`identifier_id`)
    BY_ORIGIN = "by origin"  # what a merge had brought from them (`source_profile_id`)
    BY_ADDRESS = "by address"  # what was written to, or said of, an address of theirs
    DERIVED = "derived"
    STAYS = "stays"


class Erased(Enum):
    """What an erasure does."""

    ERASED = "erased"
    KEPT = "kept"  # says nothing of a person but who looked or asked, in ids and digests
    SCRUBBED = "scrubbed"  # the row proves something and stays; what is personal in it is nulled


# the ground of rows that name nobody but by the number of an emptied row
IN_NUMBERS = gettext_noop("names them by a number of ours alone, which leads to nothing any more")


@dataclass(frozen=True)
class Belonging:
    """One declaration for all three.

    `by` are the columns that say whose a row is. `scrubbed` is for `Erased.SCRUBBED`: by column the
    SQL of what an erasure leaves there. `why` is the ground on which a row stays. `at_once`: they
    act for the person, and go in the very transaction that takes the person out.
    """

    merged: Merged
    apart: Apart
    erased: Erased
    by: tuple[str, ...] = ("profile_id",)
    scrubbed: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    at_once: bool = False


def moved_by_identifier() -> Iterator[type[models.Model]]:
    """The tables that are moved and go by their identifier, in the order of their names."""
    for model in sorted(apps.get_models(), key=lambda model: model._meta.db_table):
        belongs = getattr(model, "belongs", None)
        if belongs and (belongs.merged, belongs.apart) == (Merged.MOVED, Apart.BY_IDENTIFIER):
            yield model


def columns_of(model: type[models.Model], *, without: tuple[str, ...] = ("profile_id",)) -> str:
    """The columns of a table but for some, for a statement that writes whole rows anew."""
    found = (field.column for field in model._meta.concrete_fields)
    return ", ".join(column for column in found if column and column not in without)

"""The moments that an operand says: a day is one of the workspace's."""

from datetime import date, datetime

from config.workspace.zones import begins, ends, read_when
from profiles.language.times.clock import Clock


def begin(value: str, clock: Clock) -> datetime:
    """The first moment of a day; a moment itself."""
    return begins(_when(value), clock.home_zone)


def end(value: str, clock: Clock) -> datetime:
    """The first moment after a day; a moment itself."""
    return ends(_when(value), clock.home_zone)


def is_day(value: str) -> bool:
    """Whether it is a date without a time."""
    return not isinstance(read_when(value), datetime)


def _when(value: str) -> date | datetime:
    when = read_when(value)
    if when is None:  # whoever reads the operand refuses what is none
        raise ValueError(value)
    return when

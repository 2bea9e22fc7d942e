"""What a whole run agrees on: seed, size, start; and how busy people are for the numbers asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from config.demo.generator.world.clock import CELL, YEAR

# Measured (see tests/demo): messages a profile in its first year, by what causes them.
ALWAYS = 4.1  # imports, sign-ups, log-ins, a first look
FULL_LIFE = 12.4  # orders, carts and looks before a sign-up, at full scale
LOOK = 3.76  # one unit of plain visits
FULL_RATIO = 25.0  # events a profile from which people live at full scale

# streams of chance, one for each subject
ROLE, ARRIVAL, PERSON, DEVICE, LIFE, VISIT, PERMISSION, LIGHT, CALLS = range(9)


@dataclass(frozen=True)
class World:
    """`events` are asked for the 365 days from `start` (ms since 1970); later years are as busy."""

    seed: int
    profiles: int
    events: int
    start: int

    @cached_property
    def year_end(self) -> int:
        """The end of the first year, in ms."""
        return self.start + YEAR

    @cached_property
    def scale(self) -> float:
        """How full people's lives are, from 0 to 1: fewer events asked, fewer orders."""
        return min(1.0, self.events / max(1, self.profiles) / FULL_RATIO)

    @cached_property
    def looks(self) -> float:
        """Factor on everybody's plain visits, so that the events come out as asked."""
        left = self.events / max(1, self.profiles) - ALWAYS - self.scale * FULL_LIFE
        return max(0.0, left / LOOK)

    def cell(self, ms: int) -> int:
        """The number of the 28-day cell that holds `ms`; 0 begins at `start`."""
        return max(0, (ms - self.start) // CELL)

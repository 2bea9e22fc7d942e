"""What part a number plays (customer, stranger, half of a couple), and when it appears."""

from __future__ import annotations

from dataclasses import dataclass

from config.demo.generator.world.clock import DAY, HOUR, YEAR
from config.demo.generator.world.randomness import between, stream
from config.demo.generator.world.run import ARRIVAL, ROLE, World

KNOWN_SHARE = 0.82
STRANGER_SHARE = 0.12  # the rest are second devices of customers who never signed in there
EXISTING_SHARE = 0.45  # customers from before the year, brought in by the CRM import
GROWTH_SHARE = 0.55  # new profiles a year after the first, as a share of those asked for
FAMILY_EVERY, FAMILY_AT = 170, 20
MAIL_EVERY, MAIL_AT = 890, 400
MAYA, LAPTOP = 0, 1


@dataclass(frozen=True, slots=True)
class Part:
    """`known`: has an account. The others name the customer whom this number belongs with."""

    known: bool
    lost_device_of: int | None = None
    shares_device_with: int | None = None
    shares_mail_with: int | None = None
    lends_device: bool = False


_KNOWN, _STRANGER, _LENDER = Part(True), Part(False), Part(True, lends_device=True)


def _planted(number: int) -> Part | None:
    """The part of a number that is not left to chance: Maya, couples on one device or one mail."""
    family, mail = number % FAMILY_EVERY - FAMILY_AT, number % MAIL_EVERY - MAIL_AT
    if number == LAPTOP:
        return Part(False, lost_device_of=MAYA)
    if family == 0:
        return _LENDER
    if family == 1:
        return Part(True, shares_device_with=number - 1)
    if mail == 1:
        return Part(True, shares_mail_with=number - 1)
    return _KNOWN if mail == 0 or number == MAYA else None


def role(world: World, number: int) -> Part:
    """The part that `number` plays, for ever."""
    planted = _planted(number)
    if planted is not None:
        return planted
    chance = stream(world.seed, ROLE, number).random()
    if chance < KNOWN_SHARE:
        return _KNOWN
    if chance < KNOWN_SHARE + STRANGER_SHARE:
        return _STRANGER
    return Part(False, lost_device_of=_customer_below(world, number))


def _customer_below(world: World, number: int) -> int:
    """The nearest customer with a lower number (Maya keeps to her own laptop)."""
    for candidate in range(number - 1, LAPTOP, -1):
        if role(world, candidate).known:
            return candidate
    return MAYA


def is_existing(world: World, number: int) -> bool:
    """Whether a customer was one before the year began."""
    if number >= world.profiles or role(world, number).shares_device_with is not None:
        return False
    return stream(world.seed, ARRIVAL, number).random() < EXISTING_SHARE


def _in_first_year(world: World, number: int) -> int:
    rng = stream(world.seed, ARRIVAL, number)
    if rng.random() < EXISTING_SHARE and role(world, number).known:
        return world.start + int(between(rng, 60_000, 2 * HOUR))
    # the shop grows: the later the more
    return world.start + int(3 * DAY + (YEAR - 3 * DAY - HOUR) * rng.random() ** 0.85)


def arrival(world: World, number: int) -> int:
    """When `number` is first seen or signs up, in ms; later numbers come after the first year."""
    part = role(world, number)
    rng = stream(world.seed, ARRIVAL, number, 1)
    if part.shares_device_with is not None:
        return arrival(world, part.shares_device_with) + int(between(rng, 5 * DAY, 40 * DAY))
    if number >= world.profiles:
        spacing = YEAR / (world.profiles * GROWTH_SHARE)
        return world.year_end + int((number - world.profiles + rng.random()) * spacing)
    joined = _in_first_year(world, number)
    return min(joined, world.year_end - 60 * DAY) if part.lends_device else joined


def people_by(world: World, ms: int) -> int:
    """How many numbers may have appeared by `ms`."""
    later = max(0, ms - world.year_end)
    return world.profiles + int(later / YEAR * world.profiles * GROWTH_SHARE) + (later > 0)

"""When people come: landmarks of a life, and visits by chance, in cells of 28 days."""

# ruff: noqa: PLR2004 - chances are said where they are used

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from config.demo.generator.people.person import DemoPerson
from config.demo.generator.world.clock import BUYING, CELL, CELL_DAYS, DAY, YEAR, moment, month
from config.demo.generator.world.randomness import between, draw, poisson, stream
from config.demo.generator.world.run import LIFE, VISIT, World

CELL_SHARE = CELL / YEAR
CART_SHARE = 0.16  # of plain visits: something is put into the cart and left there
CELL_KEYS = 1_000  # keys below belong to landmarks
SPILL = 2 * DAY  # local clocks push a visit so far over the edge of its cell, at most
CARD_FIRST_SHARE = 0.3  # of newcomers in a city with a store: bought there before they signed up
LOOKS_BEFORE = 0.8


class Visit(NamedTuple):
    """Person `number` comes at `at` (ms). `key` is unique for the person; `device` -1 is none."""

    at: int
    number: int
    key: int
    kind: str
    device: int
    wish: str | None = None


def landmarks(world: World, person: DemoPerson) -> list[Visit]:
    """What stands fast in a life: import, sign-up, log-ins, what led to them, club, tier."""
    number, rng = person.number, stream(world.seed, LIFE, person.number)
    if not person.known:
        return [Visit(person.joined, number, 0, "browse", 0)]
    found: list[tuple[int, str, int]] = [
        (person.joined, "import", -1) if person.existing else (person.joined, "signup", 0)
    ]
    for index, device in enumerate(person.devices):
        if index or person.existing:
            found.append((device.known_from, "login", index))
        found += _before(rng, world, index, device.first_used, device.known_from)
    found += _later(rng, world, person)
    return [Visit(at, number, key, kind, index) for key, (at, kind, index) in enumerate(found)]


def _before(
    rng: Random, world: World, index: int, first: int, last: int
) -> Iterator[tuple[int, str, int]]:
    for _ in range(poisson(rng, LOOKS_BEFORE * world.scale)):
        if last > first:
            yield int(between(rng, first, last)), "browse", index


def _later(rng: Random, world: World, person: DemoPerson) -> Iterator[tuple[int, str, int]]:
    card_at = person.joined - int(between(rng, 5, 40) * DAY)
    floor = world.year_end if person.joined > world.year_end else world.start
    newcomer = not person.existing and person.role.shares_device_with is None
    by_card = rng.random() < CARD_FIRST_SHARE * world.scale and person.city.store is not None
    if by_card and newcomer and card_at > floor:
        yield card_at, "card", -1
    if person.club:
        yield person.joined + int(between(rng, 1, 60) * DAY), "club", -1
    if person.lifecycle.plan:
        yield person.joined + int(between(rng, 30, 200) * DAY), "upgrade", -1


def cell_visits(world: World, person: DemoPerson, cell: int) -> Iterator[Visit]:
    """The visits by chance of one 28-day cell, the same whatever other cells are asked."""
    low = world.start + cell * CELL
    if person.joined >= low + CELL + SPILL or person.active_until <= low - SPILL:
        return
    rng = stream(world.seed, VISIT, person.number, cell)
    key, first_day = (cell + 1) * CELL_KEYS, low // DAY
    season = BUYING[month(low + CELL // 2)]
    for _ in range(poisson(rng, person.orders * CELL_SHARE * season)):
        key += 1
        yield from _kept(person, _purchase(rng, person, first_day, key))
    for _ in range(poisson(rng, person.visits * CELL_SHARE)):
        key += 1
        yield from _kept(person, _look(rng, person, first_day, key))


def _kept(person: DemoPerson, visit: Visit) -> Iterator[Visit]:
    if person.joined < visit.at < person.active_until:
        yield visit


def _purchase(rng: Random, person: DemoPerson, first_day: int, key: int) -> Visit:
    channel = draw(rng, person.channels)
    if channel == 2:  # the store
        at = moment(rng, first_day, CELL_DAYS, person.city.offset, till=True)
        return Visit(at, person.number, key, "till", -1)
    at = moment(rng, first_day, CELL_DAYS, person.city.offset)
    return Visit(at, person.number, key, "order", _device(rng, person, at, ("web", "app")[channel]))


def _look(rng: Random, person: DemoPerson, first_day: int, key: int) -> Visit:
    at = moment(rng, first_day, CELL_DAYS, person.city.offset)
    device = _device(rng, person, at, None)
    if device < 0 and person.known:
        at = moment(rng, first_day, CELL_DAYS, person.city.offset, till=True)
        return Visit(at, person.number, key, "store", -1)
    kind = "cart" if rng.random() < CART_SHARE else "browse"
    return Visit(at, person.number, key, kind, device)


def _device(rng: Random, person: DemoPerson, at: int, kind: str | None) -> int:
    """One of the devices in use at `at`, of `kind` where there is one; -1 where there is none."""
    usable = [k for k, device in enumerate(person.devices) if device.first_used <= at]
    fitting = [k for k in usable if kind is None or person.devices[k].kind == kind] or usable
    return fitting[int(rng.random() * len(fitting))] if fitting else -1


class Calendar:
    """All visits in the order of time, a cell at a time; people are made when they appear."""

    def __init__(self, world: World, people: list[DemoPerson], landmarks_: list[Visit]) -> None:
        self.world, self.people = world, people
        self.landmarks = sorted(landmarks_)

    def between(self, since: int, end: int) -> Iterator[Visit]:
        """From the cell before `since` (or the start) to `end`, both in ms."""
        first = max(0, self.world.cell(since) - 1)
        carried: list[Visit] = []
        for cell in range(first, self.world.cell(end) + 2):
            ready = sorted([*carried, *self._cell(cell)])
            split = bisect_left(ready, self.world.start + (cell + 1) * CELL - SPILL, key=_at)
            yield from ready[:split]
            carried = ready[split:]
            if ready[:split] and ready[split - 1].at > end:
                return

    def _cell(self, cell: int) -> Iterator[Visit]:
        low = self.world.start + cell * CELL
        first = bisect_left(self.landmarks, low, key=_at)
        yield from self.landmarks[first : bisect_left(self.landmarks, low + CELL, key=_at)]
        for person in self.people:
            if person.orders or person.visits:
                yield from cell_visits(self.world, person, cell)


def _at(visit: Visit) -> int:
    return visit.at

"""The whole stream in the order of time: a shop's year, what came after, and light traffic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush

from config.demo.generator.calls.scribe import DemoCall, Scribe, WrittenCall
from config.demo.generator.calls.visit_kinds import KINDS
from config.demo.generator.people import maya
from config.demo.generator.people.drawing import make_person
from config.demo.generator.people.person import DemoPerson
from config.demo.generator.people.roles import people_by
from config.demo.generator.people.visits import Calendar, Visit, landmarks
from config.demo.generator.truths import Observer
from config.demo.generator.world.clock import DAY, MINUTE, YEAR, to_ms
from config.demo.generator.world.randomness import stream
from config.demo.generator.world.run import LIGHT, World

PROFILES, EVENTS, SEED = 10_000, 250_000, 7
AFTERMATH = 31 * DAY  # refunds and reviews come so long after their order, at most
LIGHT_KEY = 10**9  # keys of light traffic: this plus the minute
LIGHT_VISITS = 2  # begun in a minute, at most


def year_before(end: datetime) -> datetime:
    """The start of a fresh demo that ends at `end`: 365 days before. Keep it, to continue later."""
    return end - timedelta(milliseconds=YEAR)


def make_world(
    profiles: int, events: int, end: datetime, seed: int, start: datetime | None = None
) -> World:
    """The settings of a run; without a stored `start` the year ends at `end`."""
    return World(seed, profiles, events, to_ms(start or year_before(end)))


def make_people(world: World, end: int) -> list[DemoPerson]:
    """Everybody who may have appeared by `end` (ms), by number. Some 25 microseconds each."""
    return [make_person(world, number) for number in range(people_by(world, end))]


def plan(world: World, people: list[DemoPerson]) -> list[Visit]:
    """The landmarks of all lives; notes on each person whether a card came before the account."""
    found: list[Visit] = []
    for person in people:
        own = landmarks(world, person)
        if person.number <= maya.LAPTOP_NUMBER:
            own = maya.story(world, person.number)
        person.has_card = any(visit.kind == "card" for visit in own)
        found += own
    return found


def generate(  # noqa: PLR0913 - the settings of a run
    profiles: int = PROFILES,
    events: int = EVENTS,
    *,
    end: datetime,
    seed: int = SEED,
    start: datetime | None = None,
    since: datetime | None = None,
    observer: Observer | None = None,
) -> Iterator[DemoCall]:
    """The messages after `since` (or from `start`) up to and including `end`, in the order of time.

    `profiles` and `events` are for the 365 days from `start`, which is `end` less 365 days unless
    given: keep it, and call with the same `start` and `since` = the last `end` to continue. An
    `observer` sees all that is yielded and afterwards knows the truths. Parts of bodies are shared
    between messages and must not be changed.
    """
    world = make_world(profiles, events, end, seed, start)
    last, after = to_ms(end), to_ms(since) if since else world.start - 1
    people = make_people(world, last)
    calendar = Calendar(world, people, plan(world, people))
    visits = calendar.between(max(world.start, after - AFTERMATH - DAY), last)
    for written in _written(world, people, visits):
        if written.at > last:
            return
        if written.at > after:
            if observer is not None:
                observer.see(written.at, written.source, written.body)
            yield written.message()


def _written(
    world: World, people: list[DemoPerson], visits: Iterator[Visit]
) -> Iterator[WrittenCall]:
    """All calls of `visits`, merged: what follows an order waits in a heap for its time."""
    waiting: list[WrittenCall] = []
    for visit in visits:
        while waiting and waiting[0].at < visit.at:
            yield heappop(waiting)
        scribe = Scribe(world, people[visit.number], visit)
        KINDS[visit.kind](scribe)
        for written in scribe.out:
            heappush(waiting, written)
    while waiting:
        yield heappop(waiting)


def background(
    now: datetime,
    *,
    profiles: int = PROFILES,
    events: int = EVENTS,
    seed: int = SEED,
    start: datetime,
) -> list[DemoCall]:
    """Light traffic of the full minute before `now`: up to some ten calls, none later than `now`.

    The same minute gives the same messages, so that calling it twice doubles nothing.
    """
    world = World(seed, profiles, events, to_ms(start))
    minute = to_ms(now) // MINUTE - 1
    rng = stream(seed, LIGHT, minute)
    found: list[WrittenCall] = []
    for count in range(1 + int(rng.random() * LIGHT_VISITS)):
        number = maya.LAPTOP_NUMBER + 1 + int(rng.random() * (profiles - 2))
        found += _light_visit(world, number, minute * MINUTE, LIGHT_KEY + minute * 10 + count)
    return [w.message() for w in sorted(found, key=_order) if w.at < (minute + 1) * MINUTE]


def past_of_maya(
    now: datetime,
    *,
    profiles: int = PROFILES,
    events: int = EVENTS,
    seed: int = SEED,
    start: datetime,
) -> list[DemoCall]:
    """Her calls of the year up to `now`, as whoever kept a copy of them would send them again."""
    world = World(seed, profiles, events, to_ms(start))
    person = make_person(world, maya.NUMBER)
    found: list[WrittenCall] = []
    for visit in maya.story(world, maya.NUMBER):
        scribe = Scribe(world, person, visit)
        KINDS[visit.kind](scribe)
        found += scribe.out
    return [w.message() for w in sorted(found, key=_order) if w.at <= to_ms(now)]


def _light_visit(world: World, number: int, at: int, key: int) -> list[WrittenCall]:
    """What a customer or a returning stranger looks at from then on; nothing for the absent."""
    person = make_person(world, number)
    used = [k for k, device in enumerate(person.devices) if device.first_used < at]
    if not used or at < person.joined:
        return []
    scribe = Scribe(world, person, Visit(at, number, key, "browse", used[-1]))
    scribe.hurry = 0.2
    KINDS["browse"](scribe)
    return scribe.out


def _order(written: WrittenCall) -> tuple[int, str]:
    return written.at, written.message_id

"""The browsers and phones of a person: each with an anonymous history until its owner signs in."""

# ruff: noqa: PLR2004 - chances are said where they are used

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal
from uuid import UUID

from config.demo.generator.people.roles import Part, arrival, is_existing, role
from config.demo.generator.world.clock import DAY, HOUR
from config.demo.generator.world.randomness import between, cumulative, draw, stream
from config.demo.generator.world.run import DEVICE, World

NEVER = 10**15
APP_SHARE = 0.35
LOGIN_AFTER_DAYS = 10.0  # a device is used up to so long before its owner signs in on it
AROUND_YEAR_END = 15 * DAY
_HOW_MANY = cumulative((12, 50, 28, 10))
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 Version/18.1 Safari/605",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36",
)
PHONES = ("Pixel 8", "Galaxy A55", "iPhone15,3", "Redmi Note 13", "Fairphone 5")


@dataclass(frozen=True, slots=True)
class Device:
    """`anonymous_id` is used from `first_used`; from `known_from` on with its owner's id (ms)."""

    anonymous_id: str
    kind: Literal["web", "app"]
    first_used: int
    known_from: int
    model: str
    push_token: str | None = None


def anonymous_id(rng: Random) -> str:
    """A random UUID, as the stock clients make it."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def _device(rng: Random, kind: Literal["web", "app"], first_used: int, known_from: int) -> Device:
    models = BROWSERS if kind == "web" else PHONES
    token = f"tok-{rng.getrandbits(96):024x}" if kind == "app" and rng.random() < 0.6 else None
    model = models[int(rng.random() * len(models))]
    return Device(anonymous_id(rng), kind, first_used, known_from, model, token)


def _stranger_device(rng: Random, joined: int) -> Device:
    kind: Literal["web", "app"] = "app" if rng.random() < APP_SHARE / 2 else "web"
    return _device(rng, kind, joined, NEVER)


def _first(rng: Random, world: World, part: Part, joined: int, existing: bool) -> Device:
    """The device of the sign-up; who was a customer before signs in within three days."""
    app = rng.random() < APP_SHARE and not part.lends_device
    if existing:
        known_from = joined + int(between(rng, 3 * HOUR, 3 * DAY))
        return _device(rng, "app" if app else "web", joined, known_from)
    first_used = joined - int(between(rng, HOUR, LOGIN_AFTER_DAYS * DAY))
    floor = world.year_end if joined > world.year_end else world.start
    return _device(rng, "app" if app else "web", max(first_used, floor), joined)


def _further(rng: Random, world: World, joined: int, kind: Literal["web", "app"]) -> Device:
    """A device that comes later; nobody is half-way signed in when the first year ends."""
    known_from = joined + int(between(rng, 2 * DAY, 120 * DAY))
    if world.year_end <= known_from < world.year_end + AROUND_YEAR_END:
        known_from += AROUND_YEAR_END
    first_used = known_from - int(between(rng, HOUR, LOGIN_AFTER_DAYS * DAY))
    return _device(rng, kind, max(first_used, joined), known_from)


def make_devices(
    world: World, number: int, part: Part, joined: int, existing: bool
) -> tuple[Device, ...]:
    """The devices of person `number`, the first one first. Somebody may have none."""
    rng = stream(world.seed, DEVICE, number)
    if not part.known:
        return (_stranger_device(rng, joined),)
    count = draw(rng, _HOW_MANY)
    if not existing or part.lends_device:
        count = max(1, count)
    first = _first(rng, world, part, joined, existing)
    if part.shares_device_with is not None:
        lent = lent_device(world, part.shares_device_with)
        first = Device(lent.anonymous_id, "web", joined, joined, lent.model)
    kinds: tuple[Literal["web", "app"], ...] = ("app" if first.kind == "web" else "web", "web")
    further = tuple(_further(rng, world, joined, kinds[k]) for k in range(count - 1))
    return (first, *further)[:count]


def lent_device(world: World, number: int) -> Device:
    """The browser that customer `number` shares with the next one."""
    lender = role(world, number)
    return make_devices(world, number, lender, arrival(world, number), is_existing(world, number))[
        0
    ]

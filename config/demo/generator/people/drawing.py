"""Who the customers are. All about a person follows from (seed, number), and never changes."""

# ruff: noqa: PLR2004 - chances are said where they are used

from __future__ import annotations

from random import Random

from config.demo.generator.people import maya
from config.demo.generator.people.devices import make_devices
from config.demo.generator.people.person import FOREVER, DemoPerson, Lifecycle, MailChoice
from config.demo.generator.people.roles import arrival, is_existing, role
from config.demo.generator.world.catalogue import CATEGORIES
from config.demo.generator.world.clock import DAY
from config.demo.generator.world.names import DOMAINS, PersonName, make_name
from config.demo.generator.world.places import CITIES, NUMBERS, WEIGHTS, City
from config.demo.generator.world.randomness import cumulative, draw, stream
from config.demo.generator.world.run import PERSON, World

MAIL_CHOICES: tuple[MailChoice, ...] = ("granted", "withdrawn", "denied", "never")
_MAIL_CHOICE = cumulative((62, 12, 6, 20))
JUNK_MAILS = (
    "none@none",
    "geen",
    "n/a",
    "jan@",
    "@example.com",
    "no-mail",
    "x",
    "test@@example.com",
)
JUNK_PHONES = ("12345", "n/a", "-", "0000000000", "06", "call me")
CLUBS = ("club-nightwalkers", "club-peak-parents", "club-bandung-hikers", "club-lowland-bikers")


LIFECYCLES = (
    Lifecycle("loyal", 6, 6.5, 3.0, 2),
    Lifecycle("regular", 14, 3.0, 2.0, 1),
    Lifecycle("occasional", 30, 0.95, 1.0, 0),
    Lifecycle("looker", 33, 0.14, 1.3, 0),
    Lifecycle("lapsing", 5, 9.0, 2.0, 1),  # often, and not any more since three to five months
    Lifecycle("lapsed", 12, 2.0, 1.5, 0),  # came for a season
)
_LIFECYCLES = cumulative([lifecycle.weight for lifecycle in LIFECYCLES])
STRANGER = Lifecycle("stranger", 0, 0.0, 0.6, 0)
STORE_CITY_ORDERS = 1.6  # people near a shop of ours order so many times as often


def mail_of(number: int, rng: Random, name: PersonName) -> str:
    """A mail address that nobody else has; one in twenty-five carries a plus tag."""
    tag = "+cairnway" if rng.random() < 0.04 else ""
    return f"{name.local_part}{tag}@{DOMAINS[int(rng.random() * len(DOMAINS))]}"


def _lifecycle(rng: Random, known: bool, existing: bool) -> Lifecycle:
    if not known:
        return STRANGER
    lifecycle = LIFECYCLES[draw(rng, _LIFECYCLES)]
    if lifecycle.name in {"lapsing", "lapsed"} and not existing:
        return LIFECYCLES[2]
    return lifecycle


def _active_until(rng: Random, world: World, lifecycle: Lifecycle) -> int:
    if lifecycle.name == "lapsing":
        return world.year_end - int((95 + 55 * rng.random()) * DAY)
    if lifecycle.name == "lapsed":
        return world.start + int((60 + 140 * rng.random()) * DAY)
    return FOREVER


def _channels(rng: Random, city: City) -> tuple[float, ...]:
    """Running weights of web, app and store."""
    app = 1.0 if rng.random() < 0.3 else 0.15
    return cumulative((1.0, app, 1.1 if city.store else 0.08))


def _birthday(rng: Random) -> str | None:
    year, month = 1950 + int(rng.random() * 55), 1 + int(rng.random() * 12)
    day = 1 + int(rng.random() * 28)
    return f"{year}-{month:02}-{day:02}" if rng.random() < 0.6 else None


def _mail(rng: Random, number: int, name: PersonName) -> tuple[str | None, str | None]:
    """The real address (or none) and what the person wrote in the form."""
    mail, chance = mail_of(number, rng, name), rng.random()
    if chance < 0.03:  # never gave one
        return None, None
    if chance < 0.045:  # typed something to get past the form
        return None, JUNK_MAILS[int(rng.random() * len(JUNK_MAILS))]
    return mail, mail


def _phone(rng: Random, number: int, country: str) -> tuple[str | None, str | None]:
    """The number in E.164 (or none) and as it was written."""
    chance, numbering = rng.random(), NUMBERS[country]
    if chance < 0.4:
        return None, None
    if chance < 0.42:
        return None, JUNK_PHONES[int(rng.random() * len(JUNK_PHONES))]
    e164 = numbering.e164(number)
    if chance < 0.7:
        return e164, numbering.national(number)
    abroad = chance < 0.75 and country not in {"ID", "US", "SG"}  # these dial out by other digits
    return e164, f"00{e164[1:]}" if abroad else e164


def make_person(world: World, number: int) -> DemoPerson:
    """Person `number`; 0 is Maya, 1 is her laptop."""
    rng = stream(world.seed, PERSON, number)
    part, joined = role(world, number), arrival(world, number)
    existing = part.known and is_existing(world, number)
    city = CITIES[draw(rng, WEIGHTS)]
    name = make_name(rng, city.country, number)
    email, written_email = _mail(rng, number, name)
    phone, written_phone = _phone(rng, number, city.country)
    lifecycle = _lifecycle(rng, part.known, existing)
    near = STORE_CITY_ORDERS if city.store else 1.0
    person = DemoPerson(
        number=number,
        role=part,
        joined=joined,
        existing=existing,
        city=city,
        name=name,
        email=email,
        phone=phone,
        written_email=written_email,
        written_phone=written_phone,
        lifecycle=lifecycle,
        active_until=_active_until(rng, world, lifecycle),
        orders=lifecycle.orders * world.scale * near,
        visits=lifecycle.visits * world.looks,
        channels=_channels(rng, city),
        taste=CATEGORIES[int(rng.random() * len(CATEGORIES))],
        mail_choice=MAIL_CHOICES[draw(rng, _MAIL_CHOICE)],
        shoe_size=35 + int(rng.random() * 26) / 2,
        birthday=_birthday(rng),
        club=CLUBS[int(rng.random() * len(CLUBS))] if rng.random() < 0.08 else None,
        devices=make_devices(world, number, part, joined, existing),
    )
    _plant(world, person)
    return person


def _plant(world: World, person: DemoPerson) -> None:
    """What is not left to chance: Maya, and couples who share one mail address."""
    if person.number <= maya.LAPTOP_NUMBER:
        maya.dress(world, person)
    elif person.role.shares_mail_with is not None:
        other = make_person(world, person.role.shares_mail_with)
        person.email, person.written_email, person.mail_choice = None, other.email, "never"

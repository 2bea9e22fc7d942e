"""What people allowed: statements on purposes and channels, with basis, source and evidence.

Shares of customers with a usable mail address, e-mail marketing as it stands in the end: 62 %
granted, 12 % granted and withdrawn, 6 % denied, 20 % never asked; of the last, buyers partly hold
a soft opt-in. Measuring: some 70 % granted. SMS: one in five of those with a number.
"""

# ruff: noqa: PLR2004 - chances are said where they are used

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

from config.demo.generator.people import maya
from config.demo.generator.people.person import DemoPerson
from config.demo.generator.people.visits import cell_visits
from config.demo.generator.stream import EVENTS, PROFILES, SEED, make_people, make_world
from config.demo.generator.world.clock import DAY, HOUR, MINUTE, to_datetime, to_ms
from config.demo.generator.world.randomness import between, stream
from config.demo.generator.world.run import PERMISSION, World
from config.demo.generator.world.sources import CRM, SERVER, TILL

DOUBLE_OPT_IN_SHARE = 0.5
SOFT_SHARE = 0.4  # of buyers who were never asked
MEASURING_GRANTED, MEASURING_DENIED = 0.70, 0.85  # the rest was never asked
SMS_GRANTED, SMS_WITHDRAWN = 0.20, 0.24
SOON_DAYS = 90  # withdrawals fall into so many days after the grant, or before the year ends


@dataclass(frozen=True, slots=True, order=True)
class DemoStatement:
    """One line for `POST /api/consents/`; `person` is "email:..." or "phone:..."."""

    at: datetime
    person: str
    purpose: str
    channel: str
    status: str
    basis: str
    source: str
    evidence: dict[str, Any] = field(compare=False)


def permissions(  # noqa: PLR0913 - the settings of a run
    profiles: int = PROFILES,
    events: int = EVENTS,
    *,
    end: datetime,
    seed: int = SEED,
    start: datetime | None = None,
    since: datetime | None = None,
) -> Iterator[DemoStatement]:
    """All statements after `since` up to `end`, in the order of time; settings as for `generate`.

    Never about an address that is invalid or belongs with two people. Each is later than the first
    message that carries its contact point. One second for 10,000 people.
    """
    world = make_world(profiles, events, end, seed, start)
    people = make_people(world, to_ms(end))
    found = [s for person in people if person.known for s in statements(world, person)]
    found.sort()
    yield from (s for s in found if s.at <= end and (since is None or s.at > since))


def statements(world: World, person: DemoPerson) -> Iterator[DemoStatement]:
    """Everything that one customer ever said, not in order."""
    rng = stream(world.seed, PERMISSION, person.number)
    asked_at = person.joined + int(between(rng, 5, 30) * MINUTE)
    if person.email:
        yield from _mail(rng, world, person, asked_at)
        yield from _measuring(rng, person, asked_at)
    if person.phone and person.number != maya.NUMBER:
        yield from _sms(rng, world, person, asked_at)


def _statement(customer: DemoPerson, purpose: str, at: int, **said: Any) -> DemoStatement:
    """A statement on the mail address by consent, but for what `said` says otherwise."""
    usual = {"person": f"email:{customer.email}", "channel": "email", "basis": "consent"}
    source = CRM if customer.existing else SERVER
    return DemoStatement(at=to_datetime(at), purpose=purpose, **{**usual, "source": source, **said})


def _form(rng: Random, person: DemoPerson) -> dict[str, Any]:
    page = "crm-export-box" if person.existing else "sign-up"
    return {
        "act": "form",
        "form": page,
        "wording": f"newsletter-{person.city.locale[:2]}-3",
        "ip": f"203.0.113.{1 + int(rng.random() * 254)}",
    }


def _mail(rng: Random, world: World, person: DemoPerson, at: int) -> Iterator[DemoStatement]:
    say = partial(_statement, person, "marketing")
    form = _form(rng, person)
    if person.mail_choice == "denied":
        yield say(at, status="denied", evidence=form)
    elif person.mail_choice == "never":
        yield from _soft(rng, world, person)
    else:
        yield from _grant(rng, person, at, form)
    if person.mail_choice == "withdrawn":
        left_at = _leaving(rng, world, at)
        act = "one_click" if rng.random() < 0.6 else "preference_page"
        yield say(left_at, status="withdrawn", evidence={"act": act}, source=SERVER)


def _grant(
    rng: Random, person: DemoPerson, at: int, form: dict[str, Any]
) -> Iterator[DemoStatement]:
    """By the form alone, or pending until the link in the mail was followed."""
    if rng.random() > DOUBLE_OPT_IN_SHARE or person.existing:
        yield _statement(person, "marketing", at, status="granted", evidence=form)
        return
    yield _statement(person, "marketing", at, status="pending", evidence=form)
    confirmed = form | {"act": "double_opt_in"}
    later = at + int(between(rng, 1, 50) * MINUTE)
    yield _statement(person, "marketing", later, status="granted", evidence=confirmed)


def _leaving(rng: Random, world: World, at: int) -> int:
    """When somebody withdraws; who came in the first year does so before it ends."""
    room = world.year_end - at
    usual = SOON_DAYS * DAY
    return at + int(between(rng, 0.2, 0.99) * (room if 0 < room < usual else usual))


def _soft(rng: Random, world: World, person: DemoPerson) -> Iterator[DemoStatement]:
    """The sale of own similar goods, with the way out offered at the counter or the checkout."""
    sale = next(_sales(world, person), None)
    if sale is None or rng.random() > SOFT_SHARE:
        return
    at, order_id, kind = sale
    evidence = {"order_id": order_id, "opt_out_offered": True, "similar_products": True}
    source = TILL if kind == "till" else SERVER
    yield _statement(
        person, "marketing", at + 2 * HOUR,
        status="granted", basis="soft_opt_in", source=source, evidence=evidence,
    )  # fmt: skip


def _sales(world: World, person: DemoPerson) -> Iterator[tuple[int, str, str]]:
    """Time, order id and channel of the orders of the first thirteen months, by cell."""
    for cell in range(13):
        for visit in cell_visits(world, person, cell):
            if visit.kind in {"order", "till"} and visit.at < world.year_end - DAY:
                yield visit.at, f"CO-{visit.number}-{visit.key}", visit.kind


def _measuring(rng: Random, person: DemoPerson, at: int) -> Iterator[DemoStatement]:
    chance = rng.random()
    if chance < MEASURING_DENIED or person.number == maya.NUMBER:
        granted = chance < MEASURING_GRANTED or person.number == maya.NUMBER
        status = "granted" if granted else "denied"
        yield _statement(
            person, "measuring", at + MINUTE, status=status, evidence=_form(rng, person)
        )


def _sms(rng: Random, world: World, person: DemoPerson, at: int) -> Iterator[DemoStatement]:
    chance = rng.random()
    if chance > SMS_WITHDRAWN:
        return
    say = partial(_statement, person, "marketing", channel="sms", person=f"phone:{person.phone}")
    yield say(at, status="granted", evidence=_form(rng, person))
    if chance > SMS_GRANTED:
        left_at = _leaving(rng, world, at)
        yield say(
            left_at, status="withdrawn", evidence={"act": "keyword", "word": "STOP"}, source=SERVER
        )


def standing(said: Iterable[DemoStatement]) -> dict[tuple[str, str, str], str]:
    """The status that stands for each (person, purpose, channel), from statements in order."""
    return {(s.person, s.purpose, s.channel): s.status for s in said}


def readers(
    said: Iterable[DemoStatement], people: Iterable[DemoPerson], country: str = "ID"
) -> frozenset[str]:
    """User ids of newsletter-indonesia: the box was ticked, and the permission still stands."""
    states = standing(said)
    return frozenset(
        person.user_id
        for person in people
        if person.known
        and person.city.country == country
        and person.mail_choice in {"granted", "withdrawn"}
        and states.get((f"email:{person.email}", "marketing", "email")) == "granted"
    )

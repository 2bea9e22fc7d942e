"""What each system says about a person, in its own spelling: form, app, till and CRM differ."""

# ruff: noqa: PLR2004 - chances are said where they are used

from __future__ import annotations

from random import Random
from typing import Any

from config.demo.generator.people.person import PLANS, DemoPerson

Traits = dict[str, Any]


def messy_mail(rng: Random, mail: str) -> str:
    """The same address as people and tills write it: capitals, spaces around."""
    chance = rng.random()
    if chance < 0.4:
        return mail
    if chance < 0.6:
        return mail.upper()
    if chance < 0.8:
        return mail.title()
    return f"  {mail} "


def _present(traits: Traits) -> Traits:
    return {name: value for name, value in traits.items() if value is not None}


def sign_up(person: DemoPerson) -> Traits:
    """What the sign-up form asked; the newsletter box only where it was answered."""
    newsletter = {"granted": True, "withdrawn": True, "denied": False, "never": None}
    return _present(
        {
            "email": person.written_email,
            "phone": person.written_phone,
            "first_name": person.name.first,
            "last_name": person.name.last,
            "country": person.city.country,
            "city": person.city.name,
            "newsletter": newsletter[person.mail_choice],
        }
    )


def account(person: DemoPerson) -> Traits:
    """What the shop's own server keeps."""
    more = {
        "birthday": person.birthday,
        "shoe_size": person.shoe_size,
        "plan": PLANS[0],
        "favourite_category": person.taste,
        "timezone": person.city.time_zone,
        "locale": person.city.locale,
    }
    return {**sign_up(person), **_present(more)}


def from_till(rng: Random, person: DemoPerson) -> Traits:
    """What was typed at the counter."""
    mail = messy_mail(rng, person.written_email) if person.written_email else None
    traits = {
        "email": mail,
        "phone": person.written_phone,
        "country": person.city.country,
        "home_store": person.city.store,
    }
    return _present(traits)


def from_crm(rng: Random, person: DemoPerson) -> Traits:
    """The export of the old system: one name field, capitals, empty strings."""
    name = " ".join(part for part in (person.name.first, person.name.last) if part)
    mail = messy_mail(rng, person.written_email) if person.written_email else ""
    shouted = name.upper() if rng.random() < 0.2 else name
    traits = {**account(person), "email": mail, "name": shouted}
    if rng.random() < 0.5:  # the newer half of the export has both
        traits.pop("first_name", None)
        traits.pop("last_name", None)
    return traits

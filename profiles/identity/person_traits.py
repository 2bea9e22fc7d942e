"""What makes two people differ: names, birthdays and genders, however a source spells them."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from config.workspace.digests import contact_digest

FACTS = {
    "name": ("name", "fullName", "full_name"),
    "first_name": ("firstName", "first_name", "firstname", "given_name", "givenName"),
    "last_name": ("lastName", "last_name", "lastname", "family_name", "familyName", "surname"),
    "birthday": ("birthday", "birthdate", "birth_date", "birthDate", "date_of_birth", "dob"),
    "gender": ("gender", "sex"),
}
FACT_OF = {trait: fact for fact, traits in FACTS.items() for trait in traits}
Facts = dict[str, str]


def facts_of(traits: Mapping[str, Any]) -> Facts:
    """The person-like facts among these traits, each folded so that spelling does not count."""
    found: Facts = {}
    for trait in traits.keys() & FACT_OF.keys():
        value = traits[trait]
        if isinstance(value, str) and (folded := _fold(value)):
            found.setdefault(FACT_OF[trait], folded)
    return found


def conflicts(known: Facts, said: Facts) -> list[str]:
    """The facts that are another person's, as far as one can tell; an initial is no difference."""
    found = [fact for fact in said if fact in known and not _alike(known[fact], said[fact])]
    if not any(fact in known for fact in ("name", "first_name", "last_name") if fact in said):
        found += _across(known, said)
    return found


def digest_of(facts: Facts, salt: str) -> str:
    """Stands for these facts without saying them."""
    return contact_digest("person", "|".join(map("=".join, sorted(facts.items()))), salt).hex()


def _across(known: Facts, said: Facts) -> Iterator[str]:
    """A whole name against the parts of one."""
    for one, other in ((known, said), (said, known)):
        whole = one.get("name", "")
        parts = [other[fact] for fact in ("first_name", "last_name") if fact in other]
        if whole and parts and not any(part in whole for part in parts):
            yield "name" if "name" in said else "first_name"


def _alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) == 1 and longer.startswith(shorter))


def _fold(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value).casefold()
    return "".join(c for c in plain if c.isalnum())

"""How names of traits, properties and identifiers are read, and what can be known of one."""

import re
from enum import StrEnum

from config.workspace.roles.sight import plain

__all__ = ["FieldPlace", "Nature", "endings", "plain"]


class FieldPlace(StrEnum):
    """Where a name stands; the same word may be a person's in one and a product's in another."""

    TRAIT = "trait"
    PROPERTY = "property"
    IDENTIFIER = "identifier"
    PAGE = "page"  # properties of page and screen calls: `name` is the page's
    PRODUCT = "product"  # properties of an event about one product: `name` is the product's
    EVIDENCE = "evidence"  # of a permission or a join
    EVENT = "event"  # a name of events itself: that somebody did it


class Nature(StrEnum):
    """What is known of a name."""

    PERSONAL = "personal"
    HARMLESS = "harmless"
    UNKNOWN = "unknown"


_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+|[^\W_]+")


def endings(name: str) -> list[str]:
    """What the name ends in, by its words: of contactEmail "email"; the whole is none."""
    words = [word.lower() for word in _WORD.findall(name)]
    return ["".join(words[start:]) for start in range(1, len(words))]

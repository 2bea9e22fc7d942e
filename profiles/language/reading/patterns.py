"""Which regular expressions a rule may hold: those that PostgreSQL matches in linear time."""

import re
from collections.abc import Collection
from functools import lru_cache
from math import prod

from django.db import DataError, connection, transaction
from django.utils.translation import gettext as _

from profiles.language.reading.references import Lookup

LONGEST = 200
MOST_REPEATS = 100
_BACK_REFERENCE = re.compile(r"(?<!\\)(?:\\\\)*\\(?:[1-9]|m[1-9])")
_SPECIAL_GROUP = re.compile(r"\((?:\?(?!:)|\*)|^\*\*\*")
_REPEATED_GROUP = re.compile(r"[*+}]\??\)+[*+{]")
_BOUND = re.compile(r"\{(\d+)?(?:,(\d+)?)?\}")


def problem(pattern: str) -> str:
    """Why `pattern` is refused before the database is asked; empty when it is fine."""
    if len(pattern) > LONGEST:
        return _("A pattern has at most %(n)d characters.") % {"n": LONGEST}
    if _BACK_REFERENCE.search(pattern):
        return _("A pattern may not refer back to a group (\\1).")
    if _SPECIAL_GROUP.search(pattern):
        return _("A pattern may not look ahead or behind, nor set options.")
    if _REPEATED_GROUP.search(pattern):
        return _("A pattern may not repeat what repeats already, as (a+)+ does.")
    bounds = [max(int(n) for n in bound if n) for bound in _BOUND.findall(pattern) if any(bound)]
    if prod(bounds) > MOST_REPEATS:
        return _("A pattern may repeat at most %(n)d times, all its bounds multiplied.") % {
            "n": MOST_REPEATS
        }
    return ""


@lru_cache(maxsize=1_000)
def _is_valid(pattern: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT '' ~ %s", [pattern])
    except DataError:
        return False
    return True


def _valid(patterns: Collection[str]) -> dict[str, str]:
    return {pattern: pattern for pattern in patterns if _is_valid(pattern)}


# one cheap query for a new pattern
PATTERNS = Lookup("pattern", _valid, lambda _pattern: _("This is not a valid pattern."))

"""Whether an address is suppressed: the one answer for whoever asks by an address."""

import re
from dataclasses import dataclass

from config.workspace.digests import CONTACT_KINDS, contact_digest
from config.workspace.selectors import workspace
from consent.models import Suppression
from profiles.identifiers.typed import cleaned, spelled

LONGEST = 320  # characters of an address
SHORTEST_TOKEN = 20  # what is less is a part of something else
TOKEN = re.compile(r"[A-Za-z0-9:_.-]+")


@dataclass(frozen=True)
class SuppressionAnswer:
    """What was asked for in the spelling that is compared, and the rows that stop it."""

    spelled: list[tuple[str, str]]  # (kind, value); none: it is no address of any kind
    rows: list[Suppression]


def spellings(text: str, kinds: tuple[str, ...] = CONTACT_KINDS) -> list[tuple[str, str]]:
    """Of what kind the text can be an address, each in the spelling that is kept. No query."""
    country = workspace().country
    given = cleaned(text)[:LONGEST]
    found = [(kind, spelled(kind, given, country)) for kind in kinds] if given else []
    if len(given) < SHORTEST_TOKEN or not TOKEN.fullmatch(given):
        found = [(kind, value) for kind, value in found if kind != "push_token"]
    return [(kind, value) for kind, value in found if value]


def ask(text: str) -> SuppressionAnswer:
    """By digest, in whatever spelling; never a scan. One query."""
    spelled = spellings(text)
    digests = [contact_digest(kind, value) for kind, value in spelled]
    rows = Suppression.objects.filter(digest__in=digests) if digests else []
    return SuppressionAnswer(spelled, [row for row in rows if row.kind in dict(spelled)])

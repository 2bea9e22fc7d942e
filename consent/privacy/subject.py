"""Whom a request is about: who they are and were, and every spelling of what they are known by."""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from config.workspace.access.tokens import seal, unseal
from config.workspace.digests import CONTACT_KINDS, contact_digest
from consent.models import PrivacyRequest
from profiles.identifiers.kinds import PROFILE_KIND
from profiles.models import Identifier, Profile
from profiles.people.lineage import ever_ids, person_today

# a shorter text is in everything: it is looked for as a whole value, never inside another
SHORTEST_INSIDE = 6


@dataclass(frozen=True)
class KnownBy:
    """An identifier, normalised, and as it came in."""

    kind: str
    value: str
    raw: str = ""

    @property
    def digest(self) -> bytes:
        """The keyed digest that stays."""
        return contact_digest(self.kind, self.value)


@dataclass(frozen=True)
class DataSubject:
    """A person as everything of theirs is found: `ever` are all profiles that they are and were."""

    profile_id: int
    ever: tuple[int, ...]
    known_by: tuple[KnownBy, ...]
    identifier_ids: tuple[int, ...] = ()

    @property
    def points(self) -> list[str]:
        """Their contact points, normalised."""
        return [one.value for one in self.known_by if one.kind in CONTACT_KINDS]

    @property
    def needles(self) -> list[str]:
        """What is looked for in texts."""
        return needles_of(self.known_by)


def person_of(request: PrivacyRequest) -> Profile | None:
    """Who a request is about today; None where nobody is known, or not any more."""
    return person_today(request.profile_id) if request.profile_id else None


def subject_of(person: Profile) -> DataSubject:
    """Everything that a person of today is known by. Three queries."""
    rows = list(Identifier.objects.filter(profile_id=person.pk).order_by("id"))
    ever = ever_ids(person.pk)
    known = [KnownBy(row.kind, row.value, row.raw_value) for row in rows]
    ids = Profile.objects.filter(pk__in=ever).values_list("public_id", flat=True)
    own = [KnownBy(PROFILE_KIND, str(public_id)) for public_id in ids]
    known += [one for one in own if one not in known]
    return DataSubject(person.pk, tuple(ever), tuple(known), tuple(row.pk for row in rows))


def subject_of_request(request: PrivacyRequest) -> DataSubject:
    """Whom a request was about when their erasure began."""
    kept = request.result.get("identifier_ids", [])
    known = unsealed(request.needles)
    return DataSubject(request.profile_id or 0, tuple(request.former_ids), known, tuple(kept))


def needles_of(known_by: Iterable[KnownBy]) -> list[str]:
    """Every text, in lower case, by which one of these could be found: given, normalised, encoded.

    Names of people are no identifiers and not among them.
    """
    texts = {text for one in known_by for text in (one.value, one.raw) if text}
    return sorted({form.lower() for text in texts for form in _forms(text)})


def _forms(text: str) -> Iterator[str]:
    """As it is, in JSON, in an address, in base64 at each place of three."""
    yield text
    yield json.dumps(text)[1:-1]
    if len(text) >= SHORTEST_INSIDE:
        yield quote(text, safe="")
        yield quote_plus(text)
        yield from _in_base64(text.encode())


def _in_base64(data: bytes) -> Iterator[str]:
    """The characters that stand whatever comes before and after."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + data).decode()
        first = (before * 8 + 5) // 6
        last = (before + len(data)) * 8 // 6
        yield whole[first:last]


def sealed(known_by: Iterable[KnownBy]) -> bytes:
    """Encrypted with SECRETS_KEY, for as long as an erasure takes."""
    rows = [[one.kind, one.value, one.raw] for one in known_by]
    return seal(json.dumps(rows).encode())


def unsealed(data: Any) -> tuple[KnownBy, ...]:
    """What `sealed` put away; nothing of nothing."""
    return tuple(KnownBy(*row) for row in json.loads(unseal(bytes(data)))) if data else ()

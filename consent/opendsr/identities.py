"""By what OpenDSR names people, and whom that leads to: raw, or as a digest of it.

Of a digest only who is known can be found. It is made of the value as we keep it (`normalise`): an
address in lower case, a number as +628123456789, and also without the plus; of ids also in capital
and in small letters, since systems differ.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from config.postgres.sql import run, sql, streamed
from config.workspace.selectors import workspace
from profiles.identifiers.normalise import normalise
from profiles.models import IdentifierKey

RAW: Final = "raw"
_DIGESTS: Final[dict[str, Callable[[bytes], str]]] = {
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).hexdigest(),
    "sha256": lambda data: hashlib.sha256(data).hexdigest(),
}
FORMATS: Final = (RAW, *_DIGESTS)
DIGEST_LENGTHS: Final = {"md5": 32, "sha1": 40, "sha256": 64}  # hexadecimal digits
# identity types (section 5.1 of the specification, and numbers of phones) to kinds of ours; of
# several the first is by which somebody unknown is kept. Those with a dot are Segment's externalIds
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "email": ("email",),
    "phone": ("phone",),
    "controller_customer_id": ("user_id",),
    "android_advertising_id": ("android_advertising_id", "android.idfa", "device_id"),
    "android_id": ("android_id", "android.id", "device_id"),
    "fire_advertising_id": ("fire_advertising_id", "device_id"),
    "ios_advertising_id": ("ios_advertising_id", "ios.idfa", "device_id"),
    "ios_vendor_id": ("ios_vendor_id", "ios.id", "device_id"),
    "microsoft_advertising_id": ("microsoft_advertising_id", "device_id"),
    "microsoft_publisher_id": ("microsoft_publisher_id", "device_id"),
    "roku_advertising_id": ("roku_advertising_id", "device_id"),
    "roku_publisher_id": ("roku_publisher_id", "device_id"),
}
_IN_ONE_CASE: Final = ("email", "phone")  # by their normal form; user ids differ by case
_AS_GIVEN: Final = (*_IN_ONE_CASE, "user_id")

Pair = tuple[str, str]  # kind, normalised value


@dataclass(frozen=True)
class Identity:
    """One of `subject_identities`, checked."""

    type: str
    value: str
    format: str


def is_digest(format_: str, value: str) -> bool:
    """Whether it can be one of this format."""
    digits = set("0123456789abcdef")
    return len(value) == DIGEST_LENGTHS[format_] and digits.issuperset(value.lower())


def normal(identity: Identity) -> str:
    """A raw value as we keep it; "" where it cannot be one."""
    return normalise(KINDS[identity.type][0], identity.value, workspace().country)


def references(identities: Iterable[Identity]) -> list[str]:
    """As `kind:value` for `open_request`: what is known by each, and what is raw and unknown.

    One look-up by key for all that is raw; for md5 and sha256 one statement, which reads every
    identifier of the kinds; for sha1, which the database does not know, all their values come here.
    Either takes four to five seconds for each million of them, measured on two busy cores.
    """
    pairs: list[Pair] = []
    given = list(identities)
    known = _known({pair for one in given if one.format == RAW for pair in _candidates(one)})
    for one in given:
        if one.format == RAW:
            candidates = list(_candidates(one))
            pairs += [pair for pair in candidates if pair in known] or candidates[:1]
    pairs += _behind([one for one in given if one.format != RAW])
    return [f"{kind}:{value}" for kind, value in dict.fromkeys(pairs)]


def _candidates(identity: Identity) -> Iterator[Pair]:
    value = normal(identity)
    for kind in KINDS[identity.type]:
        yield kind, value
        if kind not in _AS_GIVEN:
            yield kind, value.lower()
            yield kind, value.upper()


def _known(pairs: set[Pair]) -> set[Pair]:
    values = {value for _kind, value in pairs}
    rows = IdentifierKey.objects.filter(value__in=values)
    return set(rows.values_list("kind", "value")) & pairs


def _behind(identities: list[Identity]) -> list[Pair]:
    """The known identifiers that have one of these digests."""
    wanted: dict[str, set[Pair]] = defaultdict(set)  # by format: kind, digest
    for one in identities:
        wanted[one.format] |= {(kind, one.value.lower()) for kind in KINDS[one.type]}
    found = _in_the_database(wanted["md5"], wanted["sha256"])
    return found + _here(wanted["sha1"])


def _in_the_database(md5: set[Pair], sha256: set[Pair]) -> list[Pair]:
    both = md5 | sha256
    if not both:
        return []
    query = sql(
        """SELECT DISTINCT k.kind, k.value FROM identifier_key k
        CROSS JOIN LATERAL (VALUES (k.value), (lower(k.value)), (upper(k.value)),
                                   (ltrim(k.value, '+'))) AS f(form)
        JOIN unnest({kinds}::text[], {digests}::text[]) AS w(kind, digest) ON w.kind = k.kind
         AND w.digest = CASE length(w.digest) WHEN 32 THEN md5(f.form)
             ELSE encode(sha256(convert_to(f.form, 'UTF8')), 'hex') END
        WHERE k.kind = ANY({kinds}::text[])""",
        kinds=[kind for kind, _digest in both],
        digests=[digest for _kind, digest in both],
    )
    return [(kind, value) for kind, value in run(query)]


@transaction.atomic
def _here(sha1: set[Pair]) -> list[Pair]:
    """Streamed, so that no more than some thousand values are held at a time."""
    if not sha1:
        return []
    query = sql(
        "SELECT kind, value FROM identifier_key WHERE kind = ANY({kinds}::text[])",
        kinds=sorted({kind for kind, _digest in sha1}),
    )
    digest = _DIGESTS["sha1"]
    return [
        (kind, value)
        for kind, value in streamed(query, 5_000)
        if any((kind, digest(form.encode())) in sha1 for form in _forms(value))
    ]


def _forms(value: str) -> set[str]:
    return {value, value.lower(), value.upper(), value.lstrip("+")}

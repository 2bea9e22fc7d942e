"""Who a statement is about: an id or `kind:value`, made where nobody is known by it yet."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.postgres.wire import is_storable
from config.workspace.digests import CONTACT_KINDS, contact_digest
from config.workspace.selectors import workspace
from consent.channels import contact_kind
from consent.ledger.carrying import carry_refusals
from consent.ledger.erased import erased_among, is_erased
from consent.models import Purpose
from consent.models.ledger import ConsentStatus
from consent.models.purpose import MEASURING
from profiles.calls.limits import MAX_IDENTIFIER
from profiles.changes import ANYTHING, announce
from profiles.identifiers.addresses import Address, best_of_kinds, borrowed_address
from profiles.identifiers.kinds import PROFILE_KIND, rules
from profiles.identifiers.normalise import normalise, normalise_kind
from profiles.identity import keys
from profiles.identity.batch import MovedIdentifier
from profiles.identity.store import UNASKED_KINDS, newcomers, take_ids
from profiles.models import Identifier, Profile, Source
from profiles.people import told
from profiles.selectors.finding import NotAPerson, as_uuid, by_reference
from profiles.selectors.masking import EVERYTHING
from profiles.services.sources import internal_source

SOURCE = "Rapport"


class NoIdentifier(ValueError):
    """The reference is no id that is known and no identifier that can be."""


class WasErased(NoIdentifier):
    """It is of somebody who was erased: nobody is made anew for what others say of them."""


@dataclass(frozen=True)
class Referred:
    """A person, and the identifier they were called by ("" for an id)."""

    profile: Profile
    kind: str = ""
    value: str = ""


def refer(reference: str, *, create: bool = True) -> Referred:
    """The person of a reference; a new one with that identifier where nobody has it yet.

    Who has an identifier only by a public key is not meant by it: see `vouched`. Raises
    NoIdentifier, WasErased; NotAPerson where `create` is false and nobody is known by it.
    """
    given, _colon, value = reference.partition(":")
    kind = "" if as_uuid(reference) else normalise_kind(given)
    raw, value = value, normalise(kind, value, workspace().country) if kind else ""
    try:
        person = by_reference(reference, shown=EVERYTHING)
        return Referred(vouched(person, kind, value) if create else person, kind, value)
    except NotAPerson as error:
        if not create:
            raise
        if not _may_be_somebodys(kind, value, raw):
            raise NoIdentifier(reference) from error
        if is_erased(kind, value):
            raise WasErased(reference) from error
    return Referred(_make(kind, value), kind, value)


def refer_all(references: Collection[str]) -> dict[str, Referred | NoIdentifier]:
    """Each of these as `refer` has it, a new person where nobody is known; its error where none
    can be made, and then nobody is.

    Some ten queries for any number of them; of those that only a public key gave to somebody, some
    five more each.
    """
    named = {reference: _key_of(reference) for reference in references}
    wanted = {key[:2] for key in named.values() if all(key[:2])}
    with connection.cursor() as cursor:
        found = keys.look_up(cursor, wanted)
        erased = erased_among(cursor, wanted - found.keys())
    people = Profile.objects.living().in_bulk({one.profile_id for one in found.values()})
    known = {key: people[one.profile_id] for key, one in found.items() if one.profile_id in people}
    refused: dict[str, Referred | NoIdentifier] = {}
    for reference, (kind, value, raw) in named.items():
        if (kind, value) not in known:
            if not _may_be_somebodys(kind, value, raw):
                refused[reference] = NoIdentifier(reference)
            elif (kind, value) in erased:
                refused[reference] = WasErased(reference)
    if refused:
        return refused
    unproven = _unproven([(known[key], *key) for key in known])
    known |= {key: vouched(known[key], *key) for key in sorted(unproven)}
    known |= _make_all(sorted({key[:2] for key in named.values()} - known.keys()))
    return {
        reference: Referred(
            known[kind, value], *(("", "") if as_uuid(reference) else (kind, value))
        )
        for reference, (kind, value, _raw) in named.items()
    }


def _key_of(reference: str) -> tuple[str, str, str]:
    """Kind and value as they are kept, and the value as it was given."""
    if not is_storable(reference):
        return "", "", ""
    public_id = as_uuid(reference)
    if public_id is not None:
        return PROFILE_KIND, str(public_id), reference
    given, _colon, raw = reference.partition(":")
    kind = normalise_kind(given)
    return kind, normalise(kind, raw, workspace().country) if kind else "", raw


_UNPROVEN = """
SELECT i.kind, i.value FROM identifier i
JOIN unnest(%s::bigint[], %s::text[], %s::text[]) AS g(profile_id, kind, value)
  ON i.profile_id = g.profile_id AND i.kind = g.kind AND i.value = g.value
WHERE i.verified_at IS NULL
"""


def _unproven(given: Sequence[tuple[Profile, str, str]]) -> set[tuple[str, str]]:
    """Those of these identifiers that nobody of ours vouched for yet. One query."""
    asked = [(one.pk, kind, value) for one, kind, value in given if kind not in UNASKED_KINDS]
    if not asked:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_UNPROVEN, [list(column) for column in zip(*asked, strict=True)])
        return set(cursor.fetchall())


def _may_be_somebodys(kind: str, value: str, raw: str) -> bool:
    """By the rules of what comes in: a person made here must be found by what comes in later."""
    given = bool(kind and value) and kind != PROFILE_KIND
    return given and len(value) <= MAX_IDENTIFIER and not rules().is_blocked(kind, value, raw)


@transaction.atomic
def vouched(person: Profile, kind: str, value: str) -> Profile:
    """Whom an identifier means that somebody with a key of ours names alone.

    As in `identity.resolve`: that proves it. Where only a public key gave it to a person of whom
    something else is proven, it becomes a person of its own, with what was refused for it.
    """
    if not kind or not value or kind in UNASKED_KINDS:
        return person
    rows = Identifier.objects.filter(profile_id=person.pk, kind=kind, value=value)
    row = rows.select_for_update(no_key=True).filter(verified_at=None).first()
    if row is None:
        return person
    Profile.objects.select_for_update(no_key=True).get(pk=person.pk)
    others = Identifier.objects.filter(profile_id=person.pk, verified_at__isnull=False)
    owner = _new_person() if others.exclude(kind__in=UNASKED_KINDS).exists() else person
    row.verified_at = row.vouched_at = timezone.now()
    row.verified_source_id = internal_source(SOURCE).pk
    row.save(update_fields=["verified_at", "vouched_at", "verified_source_id"])
    if owner != person:
        with connection.cursor() as cursor:
            keys.give(cursor, {row.pk: person.pk}, {row.pk: owner.pk})
        carry_refusals([MovedIdentifier((kind, value), person.pk, owner.pk)])
        announce([person.pk, owner.pk], [ANYTHING])
    return owner


def _make(kind: str, value: str) -> Profile:
    try:
        (profile,) = _made([(kind, value)])
    except IntegrityError:  # made by somebody else in this moment
        return by_reference(f"{kind}:{value}", shown=EVERYTHING)
    return profile


def _make_all(wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Profile]:
    """A new person for each of these; six statements, unless one is made by somebody else too."""
    if not wanted:
        return {}
    try:
        return dict(zip(wanted, _made(wanted), strict=True))
    except IntegrityError:
        return {key: _make(*key) for key in wanted}


@transaction.atomic
def _made(wanted: Sequence[tuple[str, str]]) -> list[Profile]:
    """One person for each, proven to have it. Raises IntegrityError where one is somebody's."""
    people, source = _new_people(len(wanted)), internal_source(SOURCE)
    keys.keep(
        [
            _identifier(person, kind, value, source, proven=True)
            for person, (kind, value) in zip(people, wanted, strict=True)
        ]
    )
    announce([person.pk for person in people], [ANYTHING])
    told.created([person.pk for person in people])
    return people


def _new_person() -> Profile:
    return _new_people(1)[0]


def _new_people(count: int) -> list[Profile]:
    now, source = timezone.now(), internal_source(SOURCE)
    with connection.cursor() as cursor:
        made = newcomers(take_ids(cursor, "profile", count), workspace().salt)
    people = Profile.objects.bulk_create(
        Profile(
            id=one.id, public_id=one.public_id, bucket=one.bucket, first_seen=now, last_seen=now
        )
        for one in made
    )
    keys.keep([_identifier(one, PROFILE_KIND, str(one.public_id), source) for one in people])
    return people


def _identifier(
    profile: Profile, kind: str, value: str, source: Source, *, proven: bool = False
) -> Identifier:
    at = profile.first_seen if proven else None
    return Identifier(
        kind=kind,
        value=value,
        digest=contact_digest(kind, value) if kind in CONTACT_KINDS else None,
        profile_id=profile.pk,
        verified_at=at,
        vouched_at=at,
        verified_source_id=source.pk if proven else None,
        first_source_id=source.pk,
        first_seen=profile.first_seen,
        last_seen=profile.first_seen,
    )


@dataclass(frozen=True)
class SaidOfAddress:
    """What decides which address a statement is about."""

    person: Referred
    purpose: Purpose
    channel: str
    status: str

    @property
    def address(self) -> str | None:
        """The address, "" for the person as a whole; None where it is the best one of theirs."""
        kind, processing = contact_kind(self.channel), Purpose.Class.PROCESSING
        is_about = self.purpose.purpose_class != processing or self.purpose.slug == MEASURING
        if not kind or not is_about:
            return ""
        if self.person.kind == kind:
            return self.person.value
        return "" if self.status in (ConsentStatus.WITHDRAWN, ConsentStatus.DENIED) else None


def contact_points(said: Iterable[SaidOfAddress]) -> list[str]:
    """The addresses that statements are about, in order, "" for the person as a whole.

    Who is called by an address speaks of it. Else a refusal is of all addresses, and a permission
    of the best one (`profiles.identifiers.addresses`); with none, of the person, whose address it
    will be that somebody of ours vouches for. One query, and one for each without such an address
    of whom a source told one.
    """
    said = list(said)
    open_ = [one for one in said if one.address is None]
    kinds = sorted({contact_kind(one.channel) for one in open_})
    best = best_of_kinds([one.person.profile.pk for one in open_], kinds) if open_ else {}
    return [_best(one, best) if one.address is None else one.address for one in said]


def _best(said: SaidOfAddress, best: Mapping[int, Mapping[str, Address]]) -> str:
    kind, person = contact_kind(said.channel), said.person.profile
    found = best.get(person.pk, {}).get(kind)
    return found.value if found and found.is_usable else borrowed_address(person, kind)

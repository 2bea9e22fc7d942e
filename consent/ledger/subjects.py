"""Who a statement is about: an id or `kind:value`, made where nobody is known by it yet."""

from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.workspace.digests import CONTACT_KINDS, contact_digest
from config.workspace.selectors import workspace
from consent.channels import contact_kind
from consent.ledger.carrying import carry_refusals
from consent.ledger.erased import is_erased
from consent.models import Purpose
from consent.models.ledger import ConsentStatus
from consent.models.purpose import MEASURING
from profiles.calls.limits import MAX_IDENTIFIER
from profiles.changes import ANYTHING, announce
from profiles.identifiers.addresses import best_address, borrowed_address
from profiles.identifiers.kinds import PROFILE_KIND, rules
from profiles.identifiers.normalise import normalise, normalise_kind
from profiles.identity import keys
from profiles.identity.batch import MovedIdentifier
from profiles.identity.store import UNASKED_KINDS, newcomers, take_ids
from profiles.models import Identifier, Profile
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
        with transaction.atomic():
            profile = _new_person()
            _give(profile, kind, value, proven=True)
    except IntegrityError:  # made by somebody else in this moment
        return by_reference(f"{kind}:{value}", shown=EVERYTHING)
    announce([profile.pk], [ANYTHING])
    told.created([profile.pk])
    return profile


def _new_person() -> Profile:
    now = timezone.now()
    with connection.cursor() as cursor:
        made = newcomers(take_ids(cursor, "profile", 1), workspace().salt)[0]
    profile = Profile.objects.create(
        id=made.id, public_id=made.public_id, bucket=made.bucket, first_seen=now, last_seen=now
    )
    _give(profile, PROFILE_KIND, str(made.public_id))
    return profile


def _give(profile: Profile, kind: str, value: str, *, proven: bool = False) -> None:
    source = internal_source(SOURCE)
    at = profile.first_seen if proven else None
    made = Identifier(
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
    keys.keep([made])


def contact_point(referred: Referred, purpose: Purpose, channel: str, status: str) -> str:
    """The address that a statement is about, "" for the person as a whole.

    Who is called by an address speaks of it. Else a refusal is of all addresses, and a permission
    of the best one (`profiles.identifiers.addresses`); with none, of the person, whose address it
    will be that somebody of ours vouches for.
    """
    kind = contact_kind(channel)
    about_addresses = purpose.purpose_class != Purpose.Class.PROCESSING or purpose.slug == MEASURING
    if not kind or not about_addresses:
        return ""
    if referred.kind == kind:
        return referred.value
    if status in (ConsentStatus.WITHDRAWN, ConsentStatus.DENIED):
        return ""
    return best_address(referred.profile.pk, kind) or borrowed_address(referred.profile, kind)

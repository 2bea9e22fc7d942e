"""Who a statement is about: an id or `kind:value`, made where nobody is known by it yet."""

from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.workspace.digests import CONTACT_KINDS, contact_digest
from config.workspace.selectors import workspace
from consent.channels import contact_kind
from consent.models import Purpose
from consent.models.ledger import Status
from profiles.changes import announce
from profiles.identity.kinds import PROFILE_KIND, rules
from profiles.identity.normalise import normalise, normalise_kind
from profiles.identity.store import newcomers, take_ids
from profiles.ingest.limits import MAX_IDENTIFIER
from profiles.models import Identifier, Profile, Source
from profiles.selectors.finding import NotAPerson, as_uuid, by_reference

SOURCE = "Rapport"


class NoIdentifier(ValueError):
    """The reference is no id that is known and no identifier that can be."""


@dataclass(frozen=True)
class Referred:
    """A person, and the identifier they were called by ("" for an id)."""

    profile: Profile
    kind: str = ""
    value: str = ""


def refer(reference: str, *, create: bool = True) -> Referred:
    """The person of a reference; a new one with that identifier where nobody has it yet.

    Raises NoIdentifier; NotAPerson where `create` is false and nobody is known by it.
    """
    given, _colon, value = reference.partition(":")
    kind = "" if as_uuid(reference) else normalise_kind(given)
    raw, value = value, normalise(kind, value, workspace().country) if kind else ""
    try:
        return Referred(by_reference(reference, personal=True), kind, value)
    except NotAPerson as error:
        if not create:
            raise
        if not _may_be_somebodys(kind, value, raw):
            raise NoIdentifier(reference) from error
    return Referred(_make(kind, value), kind, value)


def _may_be_somebodys(kind: str, value: str, raw: str) -> bool:
    """By the rules of what comes in: a person made here must be found by what comes in later."""
    given = bool(kind and value) and kind != PROFILE_KIND
    return given and len(value) <= MAX_IDENTIFIER and not rules().is_blocked(kind, value, raw)


def _make(kind: str, value: str) -> Profile:
    try:
        with transaction.atomic():
            return _insert(kind, value)
    except IntegrityError:  # made by somebody else in this moment
        return by_reference(f"{kind}:{value}", personal=True)


def _insert(kind: str, value: str) -> Profile:
    now, salt = timezone.now(), workspace().salt
    with connection.cursor() as cursor:
        made = newcomers(take_ids(cursor, "profile", 1), salt)[0]
        source, _new = Source.objects.get_or_create(
            name=SOURCE,
            defaults={"kind": Source.Kind.SERVER, "trust": 90, "is_internal": True},
        )
        profile = Profile.objects.create(
            id=made.id, public_id=made.public_id, bucket=made.bucket, first_seen=now, last_seen=now
        )
        for name, text in ((PROFILE_KIND, str(made.public_id)), (kind, value)):
            digest = contact_digest(name, text, salt) if name in CONTACT_KINDS else None
            cursor.execute(
                "INSERT INTO identifier (kind, value, raw_value, digest, profile_id,"
                " first_source_id, first_seen, last_seen, deliverability)"
                " VALUES (%s, %s, '', %s, %s, %s, %s, %s, '')",
                [name, text, digest, profile.pk, source.pk, now, now],
            )
    announce([profile.pk], ["*"])
    return profile


def contact_point(referred: Referred, purpose: Purpose, channel: str, status: str) -> str:
    """The address that a statement is about, "" for the person as a whole.

    Who is called by an address speaks of it. Else a refusal is of all addresses, and a permission
    of the one seen last.
    """
    kind = contact_kind(channel)
    about_addresses = (
        purpose.purpose_class != Purpose.Class.PROCESSING or purpose.slug == "measuring"
    )
    if not kind or not about_addresses:
        return ""
    if referred.kind == kind:
        return referred.value
    if status in (Status.WITHDRAWN, Status.DENIED):
        return ""
    rows = Identifier.objects.filter(profile_id=referred.profile.pk, kind=kind)
    newest = rows.order_by("-last_seen").values_list("value", flat=True).first()
    own: str = newest or ""
    if not own:
        trait = referred.profile.traits.get(kind)
        own = normalise(kind, trait, workspace().country) if isinstance(trait, str) else ""
    return own

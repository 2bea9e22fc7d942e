"""The cast, and builders of rows: ada consented, ben withdrew, cleo was never asked.

Rows are written directly, honouring what the writers keep: a public id among the identifiers,
digests of contact points, months of events, states of conversion-type events.
"""

import itertools
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from config.workspace.digests import CONTACT_KINDS, bucket_of, contact_digest
from config.workspace.models import Role, User
from config.workspace.selectors import workspace
from profiles import months
from profiles.identity.keys import keep
from profiles.models import (
    Event,
    EventDefinition,
    EventState,
    Identifier,
    Merge,
    Profile,
    ProfileTrait,
    RefusalCount,
    Rejection,
    Source,
)

_numbers = itertools.count(1)


def ago(days: float = 0, **parts: float) -> datetime:
    """A moment before now."""
    return timezone.now() - timedelta(days=days, **parts)


def make_user(role: str = Role.ADMIN, name: str = "", **fields: Any) -> User:
    """Someone of the team; the password is `secret`."""
    user = User(username=name or f"{role}{next(_numbers)}", role=role, **fields)
    user.set_password("secret")
    user.save()
    return user


def make_source(name: str = "Web shop", kind: str = Source.Kind.SERVER, **fields: Any) -> Source:
    """A source of this name; made once."""
    source, _made = Source.objects.get_or_create(name=name, defaults={"kind": kind, **fields})
    return source


def make_identifier(profile: Profile, kind: str, value: str, **fields: Any) -> Identifier:
    """One more identifier of a person."""
    fields.setdefault("first_source_id", make_source().pk)
    fields.setdefault("first_seen", profile.first_seen)
    fields.setdefault("last_seen", profile.last_seen)
    if kind in CONTACT_KINDS:
        fields.setdefault("digest", contact_digest(kind, value))
    return keep([Identifier(kind=kind, value=value, profile_id=profile.pk, **fields)])[0]


def make_profile(
    name: str = "",
    *,
    email: str = "",
    phone: str = "",
    user_id: str = "",
    anonymous_id: str = "",
    traits: dict[str, Any] | None = None,
    days_ago: float = 30,
    **fields: Any,
) -> Profile:
    """A person with identifiers and traits, first seen `days_ago`."""
    public_id = uuid.uuid4()
    fields.setdefault("first_seen", ago(days_ago))
    fields.setdefault("last_seen", ago(hours=1))
    profile = Profile.objects.create(
        public_id=public_id,
        bucket=bucket_of(str(public_id), workspace().salt),
        display_name=name,
        **fields,
    )
    make_identifier(profile, "rapport_id", str(public_id))
    given = {"user_id": user_id, "email": email, "phone": phone, "anonymous_id": anonymous_id}
    for kind, value in given.items():
        if value:
            verified_at = None if kind == "anonymous_id" else profile.first_seen
            make_identifier(profile, kind, value, verified_at=verified_at)
    known = {"name": name, "email": email, "phone": phone} | (traits or {})
    for trait, value in known.items():
        if value not in ("", None):
            set_trait(profile, trait, value, at=profile.first_seen)
    return profile


def set_trait(
    profile: Profile, name: str, value: Any, *, source: Source | None = None, at: Any = None
) -> ProfileTrait:
    """A source says something of a person; the last one that this sets is in use."""
    identifier = Identifier.objects.filter(profile_id=profile.pk).order_by("id").first()
    row, _made = ProfileTrait.objects.update_or_create(
        profile_id=profile.pk,
        name=name,
        source_id=(source or make_source()).pk,
        identifier_id=identifier.pk if identifier else 0,
        defaults={"value": value, "set_at": at or timezone.now()},
    )
    profile.traits = profile.traits | {name: value}
    profile.save(update_fields=["traits"])
    return row


def make_event(
    profile: Profile,
    name: str,
    /,
    *,
    days_ago: float = 0,
    at: datetime | None = None,
    source: Source | None = None,
    context: dict[str, Any] | None = None,
    type: str = "",
    value: float | None = None,
    **properties: Any,
) -> Event:
    """Something that a person did. `value` is taken from the definition where it is not given."""
    occurred_at = at or ago(days_ago)
    months.ensure([occurred_at])
    definition = EventDefinition.objects.filter(name=name).first()
    if value is None and definition and definition.value_property:
        amount = properties.get(definition.value_property, properties.get("total"))
        value = float(amount) * definition.value_sign if amount is not None else None
    slot = next(iter(definition.slots), "") if definition else ""
    identifiers = Identifier.objects.filter(profile_id=profile.pk).exclude(kind="rapport_id")
    identifier = identifiers.order_by("id").first()
    event = Event.objects.create(
        profile_id=profile.pk,
        message_id=f"test-{next(_numbers)}-{uuid.uuid4().hex[:8]}",
        type=type or {"Page Viewed": "page", "Screen Viewed": "screen"}.get(name, "track"),
        name=name,
        occurred_at=occurred_at,
        received_at=occurred_at,
        source_id=(source or make_source()).pk,
        identifier_id=identifier.pk if identifier else 0,
        value=value,
        k1=properties.get(slot) if slot else None,
        properties=properties,
        context=context or {},
    )
    if definition and definition.is_conversion:
        _count(event)
    if occurred_at > profile.last_seen:
        profile.last_seen = occurred_at
        profile.save(update_fields=["last_seen"])
    return event


def _count(event: Event) -> None:
    state, _made = EventState.objects.get_or_create(
        profile_id=event.profile_id,
        name=event.name,
        defaults={"first_at": event.occurred_at, "last_at": event.occurred_at},
    )
    state.count += 1
    state.sum += event.value or 0
    state.first_at = min(state.first_at, event.occurred_at)
    state.last_at = max(state.last_at, event.occurred_at)
    state.save()


def make_rejection(source: Source | None = None, **fields: Any) -> Rejection:
    """A call that was refused."""
    error = {
        "path": "properties.total",
        "code": "wrong_type",
        "message": "total must be a number, but came as text",
    }
    body = '{"type":"track","event":"Order Completed","properties":{"total":"129,00"}}'
    fields = {"type": "track", "code": "wrong_type", "errors": [error], "body": body} | fields
    fields.setdefault("received_at", timezone.now())
    fields.setdefault("message_id", f"bad-{next(_numbers)}")
    row = Rejection.objects.create(source=source or make_source(), **fields)
    RefusalCount.objects.create(source=row.source, code=row.code, at=row.received_at, n=1, kept=1)
    return row


def absorb(survivor: Profile, absorbed: Profile) -> None:
    """Leave the absorbed person as a merge leaves them."""
    rows = Profile.objects.filter(pk=absorbed.pk)
    rows.update(state=Profile.State.MERGED, merged_into_id=survivor.pk)


def make_merge(survivor: Profile, absorbed_id: uuid.UUID | None = None, **fields: Any) -> Merge:
    """The record of a join; the absorbed person's id leads to the survivor."""
    former = absorbed_id or uuid.uuid4()
    make_identifier(survivor, "rapport_id", str(former))
    fields = {"rule": "user_id with anonymous_id", "evidence": {"kind": "user_id"}} | fields
    return Merge.objects.create(
        survivor_id=survivor.pk, absorbed_id=2**40, absorbed_public_id=former, **fields
    )


def give_consent(
    profile: Profile,
    *,
    purpose: str = "marketing",
    channel: str = "email",
    status: str = "granted",
    basis: str = "consent",
    days_ago: float = 10,
) -> Any:
    """A statement in the ledger and the state derived from it; the entry."""
    from consent.models import ConsentEntry, ConsentState, Purpose  # noqa: PLC0415

    kind = "phone" if channel in ("sms", "whatsapp", "call") else "email"
    point = Identifier.objects.filter(profile_id=profile.pk, kind=kind).first()
    permission: dict[str, Any] = {
        "profile_id": profile.pk,
        "purpose": Purpose.objects.get(slug=purpose),
        "channel": channel,
        "contact_point": point.value if point else "",
    }
    said: dict[str, Any] = {"status": status, "basis": basis, "at": ago(days_ago)}
    source = make_source().pk
    entry = ConsentEntry.objects.create(
        **permission, **said, source_id=source, recorded_at=ago(days_ago), evidence={"act": "form"}
    )
    ConsentState.objects.update_or_create(
        **permission, topic_key=0, defaults={**said, "source_id": source, "entry_id": entry.pk}
    )
    return entry


def make_ada() -> Profile:
    """Ada consented to marketing by mail."""
    ada = make_profile(
        "Ada Lovelace", email="ada@example.com", phone="+31655500142", user_id="u_ada"
    )
    give_consent(ada)
    return ada


def make_ben() -> Profile:
    """Ben consented, then withdrew."""
    ben = make_profile("Ben Okri", email="ben@example.com", user_id="u_ben")
    give_consent(ben, days_ago=20)
    give_consent(ben, status="withdrawn", days_ago=5)
    return ben


def make_cleo() -> Profile:
    """Cleo was never asked."""
    return make_profile("Cleo Moreau", email="cleo@example.com", user_id="u_cleo")

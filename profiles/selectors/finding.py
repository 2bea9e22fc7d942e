"""Find a person by what one has: an id, an identifier, or the beginning of a name."""

import uuid
from collections.abc import Iterable

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Left, Lower

from config.postgres.wire import is_storable
from config.workspace.roles.sight import DataKind
from config.workspace.selectors import workspace
from profiles.identifiers.kinds import PROFILE_KIND
from profiles.identifiers.normalise import normalise, normalise_kind
from profiles.identifiers.typed import (
    beginnings,
    cleaned,
    contact_of,
    elsewhere,
    is_like_a_number,
    reference_of,
)
from profiles.models import Event, IdentifierKey, Profile
from profiles.models.event import ORDER_ID_CHARS
from profiles.selectors.masking import FieldPlace, Shown

PUBLIC_ID = PROFILE_KIND
MAX_TERM = 200
MAX_FOUND = 500
SEEN_LAST = 1_000  # people whose countries are those that numbers may be from
ORDER_EVENT = "Order Completed"
# the last word of a name; an index serves it
LAST_WORD = Lower(
    Func(F("display_name"), Value(r"\S+$"), function="substring", output_field=TextField())
)


class NotAPerson(LookupError):
    """No one has this id or identifier."""


class PersonalLookup(PermissionError):
    """A look-up by personal data, by someone who may not see it."""


def as_uuid(text: str) -> uuid.UUID | None:
    """The UUID that `text` spells in the usual way, or None."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def by_public_id(public_id: uuid.UUID) -> Profile:
    """The person of this id; of a former id the survivor. Two queries. Raises NotAPerson."""
    return _owner(PUBLIC_ID, str(public_id))


def by_reference(reference: str, *, shown: Shown) -> Profile:
    """The person of an id or of `kind:value`. Raises NotAPerson, PersonalLookup."""
    if not is_storable(reference):
        raise NotAPerson(reference)
    public_id = as_uuid(reference)
    if public_id is not None:
        return by_public_id(public_id)
    given, _colon, value = reference.partition(":")
    kind = normalise_kind(given)
    if not shown.sees_key(kind, value):
        raise PersonalLookup(kind)
    value = normalise(kind, value, workspace().country)
    if not kind or not value:
        raise NotAPerson(reference)
    return _owner(kind, value)


def _owner(kind: str, value: str) -> Profile:
    owners = IdentifierKey.objects.filter(kind=kind, value=value).values("profile_id")[:1]
    person = Profile.objects.living().filter(pk__in=owners).first()
    if person is None:
        raise NotAPerson(f"{kind}:{value}")
    return person


def search(term: str, *, shown: Shown) -> QuerySet[Profile]:
    """The people whose name, contact point, id or order number begins with `term`.

    A number is found by any of its spellings: as abroad, as at home here, as at home where they
    live, and while it is being typed. At most MAX_FOUND of each kind are looked at; what the caller
    may not see finds nobody. Four queries of indexed look-ups, for a number five; the result is
    lazy.
    """
    term = cleaned(term[:MAX_TERM])
    if not term or not is_storable(term):
        return Profile.objects.none()
    found = {*_by_identifier(term, shown)}
    if shown.may_ask(FieldPlace.PROPERTY, "order_id"):
        found |= {*_by_order(term)}
    if shown.sees(DataKind.NAME):
        found |= {*_by_name(term, shown)}
    return Profile.objects.living().filter(pk__in=found)


def _by_identifier(term: str, shown: Shown) -> Iterable[int]:
    here = workspace().country
    wanted = Q(value__startswith=term) | Q(value__startswith=term.lower())
    for beginning in beginnings(term, here):
        wanted |= Q(value__startswith=beginning)
    whole = elsewhere(term, _countries() - {here}) if is_like_a_number(term) else []
    if whole:
        wanted |= Q(kind="phone", value__in=whole)
    contact, named = contact_of(term, here), reference_of(term, here)
    if contact:
        wanted |= Q(kind=contact[0], value=contact[1])
    elif named:
        kind = normalise_kind(named[0])
        wanted |= Q(kind=kind, value=normalise(kind, named[1], here) or named[1])
    rows = IdentifierKey.objects.filter(wanted)
    if not shown.sees(DataKind.EMAIL):
        rows = rows.exclude(kind="email").exclude(value__contains="@")
    if not shown.sees(DataKind.PHONE):
        rows = rows.exclude(kind="phone")
    found = rows.values_list("profile_id", "kind", "value")[:MAX_FOUND]
    # what is shown masked would be spelled out by asking for ever longer beginnings
    return [owner for owner, kind, value in found if shown.sees_key(kind, value)]


def _countries() -> set[str]:
    """Where those live who were seen last: a number of theirs is shown as they wrote it at home."""
    newest = Profile.objects.order_by("-last_seen", "-id").values_list("country", flat=True)
    return {country for country in newest[:SEEN_LAST] if country}


def _by_name(term: str, shown: Shown) -> Iterable[int]:
    named = Profile.objects.filter(display_name__gt="")  # as the indexes have it
    people = named.alias(first=Lower("display_name"), last=LAST_WORD)
    lowered = term.lower()
    found = people.filter(Q(first__startswith=lowered) | Q(last__startswith=lowered))
    named_so = found.values_list("pk", "display_name")[:MAX_FOUND]
    # who is called as their address is would be spelled out as well
    return [owner for owner, name in named_so if not shown.hides_in(name)]


def _by_order(term: str) -> Iterable[int]:
    start = Left(KT("properties__order_id"), ORDER_ID_CHARS)
    orders = Event.objects.alias(start=start, order=KT("properties__order_id"))
    found = orders.filter(name=ORDER_EVENT, start=term[:ORDER_ID_CHARS], order=term).order_by()
    return found.values_list("profile_id", flat=True)[:MAX_FOUND]

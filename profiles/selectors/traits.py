"""What is known of one person: traits with their sources, identifiers, joins, worth."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    F,
    FloatField,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Abs, Cast, Coalesce

from config.workspace.selectors import workspace
from profiles.identifiers.comparing import EMAIL, PHONE, comparable, spelling_of
from profiles.models import (
    Event,
    Identifier,
    Merge,
    Profile,
    ProfileTrait,
    Source,
)
from profiles.people.lineage import ever_ids
from profiles.selectors.finding import ORDER_EVENT, PUBLIC_ID
from profiles.selectors.revenue import revenue_events

_CURRENCY = Coalesce(KT("properties__currency"), Value(""), output_field=TextField())
_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"
_TEXT_AMOUNT = Coalesce(
    KT("properties__revenue"), KT("properties__total"), output_field=TextField()
)
_AMOUNT = Case(
    When(Q(amount__regex=_NUMBER), then=Cast(F("amount"), FloatField())),
    default=None,
    output_field=FloatField(),
)
# these stand first, in this order; the others follow by name
FIRST = ("name", "first_name", "firstname", "last_name", "lastname", "email", "phone", "city")


@dataclass(frozen=True)
class TraitStatement:
    """What one source said of a trait."""

    id: int
    value: Any
    source: str
    at: datetime
    is_proven: bool = True  # False: by a public key, which proves nothing


@dataclass
class Trait:
    """A trait: what is in use, and what others say."""

    name: str
    value: Any
    used: TraitStatement | None = None
    others: list[TraitStatement] = field(default_factory=list)

    @property
    def conflicts(self) -> list[TraitStatement]:
        """The others that say something else, the newest of each; spelling is no difference."""
        told = {_same(self.name, self.value)}
        different = []
        for statement in self.others:
            said = _same(self.name, statement.value)
            if said not in told:
                told.add(said)
                different.append(statement)
        return different


def _same(name: str, value: Any) -> str:
    """What two values have in common that mean the same: addresses normalised, letter case not."""
    if not isinstance(value, str):
        return json.dumps(value, sort_keys=True)
    kind = spelling_of(name)
    if kind in (EMAIL, PHONE):
        return json.dumps(comparable(kind, value, workspace().country))
    return json.dumps(" ".join(value.split()).casefold())


class SourceNames(dict[int, str]):
    """Names of sources by id; `unproven` are those whose key is public."""

    unproven: frozenset[int] = frozenset()


def source_names(ids: Collection[int] | None = None) -> SourceNames:
    """Names of sources; they are few, so all at once."""
    sources = Source.objects.all() if ids is None else Source.objects.filter(pk__in=ids)
    rows = list(sources.order_by().values_list("pk", "name", "kind"))
    names = SourceNames((pk, name) for pk, name, _kind in rows)
    names.unproven = frozenset(pk for pk, _, kind in rows if kind not in Source.VERIFIED_KINDS)
    return names


def traits_of(profile: Profile, sources: SourceNames) -> list[Trait]:
    """All traits, each source's newest statement once. One query."""
    newest: dict[str, dict[int, ProfileTrait]] = defaultdict(dict)
    rows = ProfileTrait.objects.filter(profile_id=profile.pk).order_by("set_at", "id")
    for row in rows:
        newest[row.name][row.source_id] = row
    names = sorted({*newest, *profile.traits}, key=_rank)
    return [_trait(name, profile, newest[name], sources) for name in names]


def _rank(name: str) -> tuple[int, str]:
    lowered = name.lower()
    return (FIRST.index(lowered) if lowered in FIRST else len(FIRST), lowered)


def _trait(
    name: str, profile: Profile, rows: dict[int, ProfileTrait], sources: SourceNames
) -> Trait:
    statements = [
        TraitStatement(
            row.pk,
            row.value,
            sources.get(source_id, ""),
            row.set_at,
            source_id not in sources.unproven,
        )
        for source_id, row in rows.items()
    ]
    statements.sort(key=lambda one: (one.is_proven, one.at), reverse=True)
    if name in profile.traits:
        value = profile.traits[name]
        same = [s for s in statements if _same(name, s.value) == _same(name, value)]
        used = next((s for s in same if s.value == value), next(iter(same), None))
    else:
        used = statements[0]
        value = used.value
    return Trait(name, value, used, [s for s in statements if s is not used])


@dataclass(frozen=True)
class KnownAs:
    """An identifier of a person, with where it was first seen."""

    id: int
    kind: str
    value: str
    source: str
    first_seen: datetime
    last_seen: datetime
    verified_at: datetime | None
    deliverability: str = ""


def identifiers_of(
    profile_ids: Sequence[int], sources: dict[int, str]
) -> dict[int, tuple[list[KnownAs], list[str]]]:
    """For each person the identifiers, and all the public ids that lead here. One query."""
    found: dict[int, tuple[list[KnownAs], list[str]]] = {pk: ([], []) for pk in profile_ids}
    rows = Identifier.objects.filter(profile_id__in=profile_ids)
    for row in rows.order_by("first_seen", "id"):
        known, ids = found[row.profile_id]
        if row.kind == PUBLIC_ID:
            ids.append(row.value)
        else:
            known.append(_known(row, sources))
    return found


def _known(row: Identifier, sources: dict[int, str]) -> KnownAs:
    return KnownAs(
        row.pk,
        row.kind,
        row.value,
        sources.get(row.first_source_id, ""),
        row.first_seen,
        row.last_seen,
        row.verified_at,
        row.deliverability,
    )


def joins_of(profile_id: int) -> QuerySet[Merge]:
    """The joins that made this person, undone ones of their own included; attaches, too."""
    return Merge.objects.filter(survivor_id__in=ever_ids(profile_id)).defer("snapshot")


@dataclass(frozen=True)
class Worth:
    """What a person brought: in workspace currency, and apart what has no rate."""

    value: float
    orders: int
    unconverted: dict[str, float]


def worth_of(owners: Sequence[int]) -> Worth:
    """Sums over the revenue events of these ids, as `profiles.selectors.revenue` defines them.

    `orders` are those placed, whatever came back of them. An amount whose currency has no rate is
    never added to the value: it stays in its currency. Two queries.
    """
    names = revenue_events()
    signs = dict.fromkeys(names.sales, 1) | dict.fromkeys(names.reversals, -1)
    rows = Event.objects.filter(profile_id__in=owners, name__in=signs).order_by()
    rows = rows.alias(amount=_TEXT_AMOUNT)
    groups = rows.values("name", currency=_CURRENCY).annotate(
        n=Count("id"),
        total=Sum("value"),
        rest=Sum(Abs(_AMOUNT), filter=Q(value=None)),
    )
    value, orders = 0.0, 0
    unconverted: dict[str, float] = defaultdict(float)
    for group in groups:
        value += group["total"] or 0
        if group["rest"] and group["currency"]:
            unconverted[group["currency"]] += group["rest"] * signs[group["name"]]
        if group["name"] == ORDER_EVENT:
            orders += group["n"]
    return Worth(value, orders, dict(unconverted))

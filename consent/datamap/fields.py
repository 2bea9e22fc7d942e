"""The map: of each field its tag, who may see it, what uses it, how long it stays."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from config.workspace.permissions import rights_of_role, role_choices
from config.workspace.registry import Registry
from consent.models import DataField, RetentionRule
from consent.retention.words import keep_in_words
from profiles.models import FieldTag, Sensitivity, Source
from profiles.personal.names import FieldPlace, Nature, plain
from profiles.personal.tags import guarded, is_score, nature, said_of
from profiles.selectors.masking import Shown

_SEES = "people.view"
PLACES: Mapping[str, Any] = {
    "trait": _("Traits"),
    "identifier": _("Kinds of identifiers"),
    "property": _("Properties of events"),
}
Name = tuple[str, str]


class FieldUse(NamedTuple):
    """Where a field is used, or went (`is_sent`): by name, with its door."""

    what: str
    url: str
    is_sent: bool = False


# name -> function(): (place, name) -> who uses the field, or where its values go
USES_OF_FIELDS: Registry[Callable[[], Mapping[Name, Iterable[FieldUse]]]] = Registry(
    "uses of fields"
)


@dataclass
class MappedField:
    """One line of the map."""

    place: str
    name: str
    people: int
    is_sample: bool
    sources: list[str]
    nature: Nature
    sensitivity: str
    purpose: str
    basis: str
    is_decided: bool
    tag_id: int | None
    seen_by: list[str]
    stays: str
    uses: list[FieldUse] = field(default_factory=list)

    @property
    def used_in(self) -> list[FieldUse]:
        """What reads it here."""
        return [one for one in self.uses if not one.is_sent]

    @property
    def sent_in(self) -> list[FieldUse]:
        """What it left in."""
        return [one for one in self.uses if one.is_sent]


def mapped() -> list[MappedField]:
    """All of them, people's most common first. Five queries, and one a user of fields."""
    tags = {(row.place, plain(row.name)): row for row in FieldTag.objects.all()}
    sources = dict(Source.objects.values_list("pk", "name"))
    uses: dict[Name, list[FieldUse]] = defaultdict(list)
    for _name, used in USES_OF_FIELDS:
        for key, found in used().items():
            uses[key] += found
    kept, eyes = _kept(), _eyes()
    rows = DataField.objects.order_by("place", "-people", "name")
    return [_mapped(row, tags, sources, uses, kept, eyes) for row in rows]


def _mapped(
    row: DataField,
    tags: Mapping[Name, FieldTag],
    sources: Mapping[int, str],
    uses: Mapping[Name, list[FieldUse]],
    kept: Mapping[str, str],
    eyes: Iterable[tuple[str, Shown]],
) -> MappedField:
    place = FieldPlace(row.place)
    known, guard = nature(place, row.name), guarded(place, row.name)
    tag = tags.get((row.place, plain(row.name)))
    return MappedField(
        place=row.place,
        name=row.name,
        people=row.people,
        is_sample=row.is_sample,
        sources=[sources[pk] for pk in row.source_ids if pk in sources],
        nature=known,
        sensitivity=guard.sensitivity if guard else _score(place, row.name),
        purpose=guard.purpose if guard else "",
        basis=tag.basis if tag else "",
        is_decided=is_decided(place, row.name),
        tag_id=tag.pk if tag else None,
        seen_by=[name for name, shown in eyes if shown.may_ask(place, row.name)],
        stays=kept["event" if row.place == "property" else "profile"],
        uses=uses.get((row.place, row.name), []),
    )


def _score(place: FieldPlace, name: str) -> str:
    return Sensitivity.SCORE if is_score(place, name) else Sensitivity.NONE


def _eyes() -> list[tuple[str, Shown]]:
    """Each role that sees people, with how."""
    rights = ((name, rights_of_role(role)) for role, name in role_choices())
    return [(name, Shown(False, one.sight)) for name, one in rights if _SEES in one.permissions]


def is_decided(place: FieldPlace, name: str) -> bool:
    """Whether somebody said what it is, or it is usual."""
    return said_of(place, name) is not None or nature(place, name) is not Nature.UNKNOWN


def undecided() -> list[DataField]:
    """Fields of which nobody has said whether they are personal, the most common first."""
    rows = DataField.objects.order_by("-people", "place", "name")
    return [row for row in rows if not is_decided(FieldPlace(row.place), row.name)]


def _kept() -> dict[str, str]:
    """How long it stays: by the rule that is switched on."""
    rules = RetentionRule.objects.filter(is_enabled=True, name="")
    found = {row.data_class: keep_in_words(row.keep_n, row.keep_unit) for row in rules}
    forever = str(_("until the person is erased"))
    return {name: found.get(name, forever) for name in ("event", "profile")}

"""People, and what is known by their names, as the audit trail leads to them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from config.workspace.lifecycle.usage import ObjectKind, form_of
from config.workspace.models import AuditEntry
from config.workspace.trail.targets import TARGETS, Target, rows_of
from config.workspace.trail.words import KINDS
from profiles.models import (
    EventDefinition,
    ExchangeRate,
    FieldTag,
    Profile,
    Source,
    TraitName,
    UsualName,
)
from profiles.personal.looks import mask_text


def people_of(entries: Sequence[AuditEntry]) -> Mapping[int, Target]:
    """Whom each entry is about, without a name; one query."""
    ids = {entry.profile_id for entry in entries if entry.profile_id}
    known = dict(Profile.objects.filter(pk__in=ids).values_list("pk", "public_id"))
    return {
        entry.pk: _person(known[entry.profile_id]) for entry in entries if entry.profile_id in known
    }


def _person(public_id: UUID) -> Target:
    name = _("Person %(id)s") % {"id": str(public_id)[:8]}
    return Target(name, reverse("profiles:person", args=[public_id]), "people.view")


def _masked(row: object) -> str:
    """Some names that came in are addresses."""
    return mask_text(str(row))


for name in ("profile", "event", "merge", "consent", "note"):
    TARGETS.register(name)(people_of)
_SOURCE = ObjectKind(KINDS["source"], Source, "pk", form_of)
_DEFINITION = ObjectKind(KINDS["eventdefinition"], EventDefinition, "pk", form_of)
_TRAIT = ObjectKind(KINDS["traitname"], TraitName, "pk", form_of)
_TAG = ObjectKind(KINDS["fieldtag"], FieldTag, "pk", form_of)
_RATE = ObjectKind(KINDS["exchangerate"], ExchangeRate, "pk", form_of)
TARGETS.register("source")(rows_of(_SOURCE, "sources.view"))
TARGETS.register("eventdefinition")(rows_of(_DEFINITION, "settings.view", _masked))
TARGETS.register("traitname")(rows_of(_TRAIT, "settings.view", _masked))
_USUAL = ObjectKind(KINDS["usualname"], UsualName, "pk", form_of)
TARGETS.register("usualname")(rows_of(_USUAL, "settings.view"))
TARGETS.register("fieldtag")(rows_of(_TAG, "settings.view", _masked))
TARGETS.register("exchangerate")(rows_of(_RATE, "settings.view"))

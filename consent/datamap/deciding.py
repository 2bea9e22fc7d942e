"""What a field is, said once: it holds for screens, rules, mails and the API from then on."""

from django.db import transaction
from django.utils.translation import gettext as _

from config.workspace import audit
from consent.models import Purpose
from profiles.models import FieldTag, Sensitivity
from profiles.personal.names import FieldPlace, plain
from profiles.personal.tags import FIXED, GUARDED, tags_changed

# what may be said -> (personal, guarded besides)
DECISIONS = {
    "personal": (True, Sensitivity.NONE),
    "harmless": (False, Sensitivity.NONE),
    "special": (True, Sensitivity.SPECIAL),
    "child": (True, Sensitivity.CHILD),
    "score": (True, Sensitivity.SCORE),
}


class FieldRefused(ValueError):
    """What is wrong: `path` names it."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(message)


@transaction.atomic
def decide(place: str, name: str, what: str, *, purpose: str = "", basis: str = "") -> FieldTag:
    """Write the tag, or change it. Raises FieldRefused."""
    if place not in FieldTag.Place.values:
        raise FieldRefused("place", _("This is one of trait, property, identifier, event."))
    if not plain(name) or len(name) > FieldTag._meta.get_field("name").max_length:  # type: ignore[operator]
        raise FieldRefused("name", _("Give the name as it comes in."))
    if what not in DECISIONS:
        raise FieldRefused("what", _("This is one of personal, harmless, special, child, score."))
    is_personal, sensitivity = DECISIONS[what]
    if not is_personal and (FieldPlace(place), plain(name)) in FIXED:
        raise FieldRefused("what", _("Addresses and names of people are always personal."))
    if purpose and sensitivity not in GUARDED:
        text = _("Only special-category and child data are read for one purpose.")
        raise FieldRefused("purpose", text)
    if purpose and not Purpose.objects.filter(slug=purpose, purpose_class="processing").exists():
        raise FieldRefused("purpose", _("There is no purpose of processing of this slug."))
    row = _row(place, name)
    row.is_personal, row.sensitivity = is_personal, sensitivity
    row.purpose, row.basis = purpose, basis
    row.save()
    fields = ["is_personal", "sensitivity", "purpose", "basis"]
    audit.record("fieldtag.changed", "fieldtag", str(row.pk), fields=fields)
    tags_changed()
    return row


def _row(place: str, name: str) -> FieldTag:
    """The tag of this name in any spelling, or a new one."""
    for row in FieldTag.objects.filter(place=place):
        if plain(row.name) == plain(name):
            return row
    return FieldTag(place=place, name=name)

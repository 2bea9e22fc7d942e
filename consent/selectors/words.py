"""Permissions in words: where a statement came from, since when."""

from typing import Any

from django.utils.translation import gettext as _

from consent.models import ConsentEntry
from profiles.selectors.masking import mask_identifier

PLACES = ("collection_point", "place", "source", "page", "url")


def source_of(entry: ConsentEntry) -> str:
    """The name of the source, else what the evidence says of the place, else who recorded it."""
    if entry.source_id and entry.source is not None:
        return str(entry.source.name)
    place = next((entry.evidence[name] for name in PLACES if entry.evidence.get(name)), "")
    return str(place) if place else actor_words(entry.actor)


def actor_words(actor: str) -> str:
    """Who recorded it."""
    words = {
        "person": _("the person"),
        "api_key": _("the API"),
        "user": _("the console"),
        "system": _("the system"),
    }
    return words.get(actor.partition(":")[0], _("the system"))


def answer_of(entry: ConsentEntry, public_id: Any, *, personal: bool) -> dict[str, Any]:
    """A standing entry as the API has it."""
    point = entry.contact_point
    if point and not personal:
        point = mask_identifier("email" if "@" in point else "phone", point)
    return {
        "id": entry.pk,
        "profile": public_id,
        "contact_point": point,
        "purpose": entry.purpose.slug,
        "channel": entry.channel,
        "topic": entry.topic.slug if entry.topic else None,
        "status": entry.status,
        "basis": entry.basis,
        "source": source_of(entry),
        "at": entry.at,
        "evidence": entry.evidence,
    }

"""Which field of a person leaves in which mail: for the map of personal data."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.urls import reverse

from campaigns.composition.variables import name_of
from campaigns.models import ContentVersion
from consent.channels import contact_kind
from consent.datamap.fields import USES_OF_FIELDS, FieldUse, Name


@USES_OF_FIELDS.register("campaigns")
def uses() -> Mapping[Name, Iterable[FieldUse]]:
    """Messages of campaigns that were launched, by what stands in them and where they go."""
    found: dict[Name, dict[str, FieldUse]] = defaultdict(dict)
    rows = ContentVersion.objects.exclude(version=None).order_by("-version_id")
    columns = ("version__campaign__slug", "version__campaign__name", "channel")
    for slug, title, channel, variables in rows.values_list(*columns, "compiled__variables"):
        use = FieldUse(title, reverse("campaigns:detail", args=[slug]), is_sent=True)
        for name in _fields(channel, variables):
            found[name][slug] = use
    return {name: list(by_slug.values()) for name, by_slug in found.items()}


def _fields(channel: str, variables: Any) -> Iterator[Name]:
    kind = contact_kind(channel)
    if kind:
        yield "identifier", kind
    for written in variables or ():
        name = name_of(written)
        if name.trait:
            yield "trait", name.trait[0]
        elif written in ("customer.name", "profile.name"):
            yield "trait", "profile.display_name"
        elif written.startswith("profile."):
            yield "trait", written
